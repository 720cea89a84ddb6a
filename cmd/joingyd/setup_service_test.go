package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"sync/atomic"
	"testing"
	"time"
)

// Setup waits for a certificate that an authority gave, for this domain.
func TestAwaitCertificate(t *testing.T) {
	own, err := tls.LoadX509KeyPair(testCertificate, testCertificate)
	if err != nil {
		t.Fatal(err)
	}
	issued := issuedCertificate(t, "chat.example.org")
	var shown atomic.Pointer[tls.Certificate]
	shown.Store(&own)
	ctx, cancel := context.WithCancel(t.Context())
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return shown.Load(), nil }})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_ = conn.(*tls.Conn).HandshakeContext(t.Context())
			conn.Close()
			cancel() // who waits is called back, and not before the first look
		}
	}()
	t.Cleanup(func() { listener.Close(); <-served })
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	if err := awaitCertificate(ctx, ":"+port, "chat.example.org"); err == nil {
		t.Error("the daemon's own certificate is taken for an authority's")
	}
	shown.Store(&issued)
	if err := awaitCertificate(t.Context(), ":"+port, "chat.example.org"); err != nil {
		t.Error(err)
	}
}

// issuedCertificate is one for a domain by an authority of this test.
func issuedCertificate(t *testing.T, domain string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	authority := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: domain}, DNSNames: []string{domain}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, leaf, authority, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
