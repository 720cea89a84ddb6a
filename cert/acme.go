package cert

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/certmagic"
)

const (
	protocolACME = "acme-tls/1" // RFC 8737
	closeTime    = 5 * time.Second
	gaveUpPause  = time.Hour // until all is tried anew, after certmagic's 30 days of tries
)

var errNoChallenge = errors.New("cert: no ACME challenge is under way for this name")

// ACMESource obtains certificates from a CA and renews them in time, with its
// challenges answered at the ports that are open anyway. What it has, it keeps
// through restarts and as long as the CA is down, expired or not; what it does not
// have, a self-signed certificate stands for. Its methods may be called at the same
// time.
//
// All state of its own is in Dir and in the value. certmagic has some for the
// process: challenges under way, and when to try again.
type ACMESource struct {
	domains  []string
	dir      string
	log      *slog.Logger
	fallback *SelfSignedSource
	cache    *certmagic.Cache
	config   *certmagic.Config
	issuer   *certmagic.ACMEIssuer
	closing  sync.Once

	mu    sync.Mutex
	again context.Context // guarded by mu; ended by Retry, which makes another
	retry context.CancelFunc
}

// ACME returns a source that serves what it finds in Dir once Run is called. It
// asks nobody. Close it.
func ACME(opts ACMEOptions) (*ACMESource, error) {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.CA == "" {
		opts.CA = LetsEncrypt
	}
	domains, err := opts.validate()
	if err != nil {
		return nil, fmt.Errorf("acme: %w", err)
	}
	if err := os.MkdirAll(opts.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("acme: %w", err)
	}
	fallback, err := SelfSigned(filepath.Join(opts.Dir, "self-signed.pem"), opts.Logger)
	if err != nil {
		return nil, fmt.Errorf("acme: %w", err)
	}
	template, err := opts.issuer()
	if err != nil {
		return nil, fmt.Errorf("acme: %w", err)
	}
	a := &ACMESource{domains: domains, dir: opts.Dir, log: opts.Logger, fallback: fallback}
	a.again, a.retry = context.WithCancel(context.Background())
	logger := newZap(opts.Logger)
	a.cache = certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert:   func(certmagic.Certificate) (*certmagic.Config, error) { return a.config, nil },
		RenewCheckInterval: opts.checkEvery,
		Logger:             logger,
	})
	a.config = certmagic.New(a.cache, certmagic.Config{
		Storage: &certmagic.FileStorage{Path: opts.Dir},
		OnEvent: a.event,
		OCSP:    certmagic.OCSPConfig{DisableStapling: true}, // Let's Encrypt has ended OCSP; nobody else need be asked
		Logger:  logger,
	})
	template.Logger = logger
	a.issuer = certmagic.NewACMEIssuer(a.config, template)
	a.config.Issuers = []certmagic.Issuer{a.issuer}
	return a, nil
}

// HTTPHandler answers the CA's HTTP-01 challenges (RFC 8555 section 8.3) and leaves
// every other request to next.
func (a *ACMESource) HTTPHandler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, underWay := certmagic.GetACMEChallenge(r.Host)
		if !underWay || !a.issuer.HandleHTTPChallenge(w, r) {
			next.ServeHTTP(w, r)
		}
	})
}

// TLSConfig returns a new configuration that serves the certificates, and
// TLS-ALPN-01 challenges (RFC 8737).
func (a *ACMESource) TLSConfig() *tls.Config {
	return &tls.Config{GetCertificate: a.GetCertificate, NextProtos: []string{protocolACME}}
}

// GetCertificate is for tls.Config; beside it acme-tls/1 must be offered. It asks
// nobody, and reads no file but the self-signed certificate's when that nears its
// end. A nil hello stands for a client that names no domain.
func (a *ACMESource) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if hello == nil {
		hello = &tls.ClientHelloInfo{}
	}
	name := strings.ToLower(strings.TrimSuffix(hello.ServerName, "."))
	if slices.Equal(hello.SupportedProtos, []string{protocolACME}) {
		if _, underWay := certmagic.GetACMEChallenge(name); !underWay {
			return nil, errNoChallenge // certmagic would log each
		}
		return a.config.GetCertificate(hello)
	}
	if !slices.Contains(a.domains, name) {
		name = a.domains[0]
	}
	if best := a.best(name); best != nil {
		return best, nil
	}
	return a.fallback.GetCertificate(hello)
}

// best returns the domain's certificate that lasts longest, or nil.
func (a *ACMESource) best(domain string) (best *tls.Certificate) {
	for _, c := range a.cache.AllMatchingCertificates(domain) {
		if !c.Empty() && (best == nil || c.Leaf.NotAfter.After(best.Leaf.NotAfter)) {
			best = &c.Certificate
		}
	}
	return best
}

// Expiry returns when the first of the domains' certificates ends, or the zero time
// while one is missing.
func (a *ACMESource) Expiry() (first time.Time) {
	for _, domain := range a.domains {
		best := a.best(domain)
		if best == nil {
			return time.Time{}
		}
		if first.IsZero() || best.Leaf.NotAfter.Before(first) {
			first = best.Leaf.NotAfter
		}
	}
	return first
}

// event tells of what certmagic did.
func (a *ACMESource) event(_ context.Context, event string, data map[string]any) error {
	if event == "cert_obtained" {
		a.log.Info("certificate obtained", "domain", data["identifier"], "renewal", data["renewal"])
	}
	return nil
}
