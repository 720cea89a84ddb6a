package cert

import (
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/certmagic"
)

// LetsEncrypt is the CA that is asked where no other is named.
const LetsEncrypt = certmagic.LetsEncryptProductionCA

// ACMEOptions say for whom, where and from whom certificates are obtained.
type ACMEOptions struct {
	Domains []string // DNS names, at least one; each gets a certificate. The first is for clients that name none.
	Email   string   // for the CA's warnings; may be empty
	Dir     string   // keys and certificates, made with mode 0700
	Agree   bool     // to the CA's terms; must be true

	// CA is the URL of its directory (RFC 8555 section 7.1.1); LetsEncrypt.
	CA string
	// CARoots are trusted when talking to the CA; nil are the system's.
	CARoots *x509.CertPool

	// TLSAddr is "host:port" of a TLS listener of this process that serves
	// TLSConfig, and that the CA reaches at port 443; TLS-ALPN-01 passes there.
	// HTTPAddr is the same for port 80 and HTTPHandler; HTTP-01 passes there. One
	// may be empty. They must listen before Run: certmagic opens what does not.
	TLSAddr, HTTPAddr string

	Logger *slog.Logger // nil: none

	checkEvery time.Duration // for renewals; certmagic's 10 minutes
}

// validate returns the domains in the form in which they are looked up.
func (o ACMEOptions) validate() (domains []string, err error) {
	for _, domain := range o.Domains {
		domain = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(domain), "."))
		if !certmagic.SubjectQualifiesForCert(domain) || strings.ContainsAny(domain, "*:/") || strings.ContainsFunc(domain, func(r rune) bool { return r > 0x7e }) {
			return nil, fmt.Errorf("%q is not a domain name; write one such as chat.example.org, in its xn-- form if need be, without a star", domain)
		}
		domains = append(domains, domain)
	}
	ca, urlErr := url.Parse(o.CA)
	switch {
	case len(domains) == 0:
		return nil, errors.New("no domain to obtain a certificate for")
	case !o.Agree:
		return nil, errors.New("the terms of the CA must be agreed to; read them at its site")
	case o.Dir == "":
		return nil, errors.New("no directory for keys and certificates")
	case urlErr != nil || ca.Scheme != "https" || ca.Host == "":
		return nil, fmt.Errorf("%q is not the https URL of a CA's directory", o.CA)
	case o.TLSAddr == "" && o.HTTPAddr == "":
		return nil, errors.New("neither a TLS nor an HTTP listener to answer the CA at")
	}
	return domains, nil
}

func (o ACMEOptions) issuer() (template certmagic.ACMEIssuer, err error) {
	template = certmagic.ACMEIssuer{
		CA:                        o.CA,
		Email:                     o.Email,
		Agreed:                    true,
		TrustedRoots:              o.CARoots,
		DisableHTTPChallenge:      o.HTTPAddr == "",
		DisableTLSALPNChallenge:   o.TLSAddr == "",
		DisableDistributedSolvers: true, // nobody else answers for this process
	}
	if o.HTTPAddr != "" {
		if template.ListenHost, template.AltHTTPPort, err = splitAddr(o.HTTPAddr); err != nil {
			return template, err
		}
	}
	if o.TLSAddr != "" {
		template.ListenHost, template.AltTLSALPNPort, err = splitAddr(o.TLSAddr)
	}
	return template, err
}

func splitAddr(addr string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, err
	}
	if port, err = strconv.Atoi(text); err != nil || port < 1 || port > 65535 {
		return "", 0, fmt.Errorf("%q has no port from 1 to 65535", addr)
	}
	return host, port, nil
}
