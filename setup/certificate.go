package setup

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"time"
)

// CheckCertificate tells what browsers will hold against a certificate in files, its
// authority aside.
func CheckCertificate(certFile, keyFile, domain string) error {
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return fmt.Errorf("--cert, --key: %w; give the chain, and the key that it was made with, in PEM", err)
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return fmt.Errorf("--cert: %w", err)
	}
	if err := leaf.VerifyHostname(domain); err != nil {
		return fmt.Errorf("--cert: it is not for %s: %w", domain, err)
	}
	if time.Now().After(leaf.NotAfter) {
		return fmt.Errorf("--cert: it has expired on %s; renew it", leaf.NotAfter.UTC().Format(time.DateOnly))
	}
	return nil
}
