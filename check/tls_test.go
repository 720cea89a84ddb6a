package check_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/joingyd/joingyd/check"
	"github.com/joingyd/joingyd/turn"
)

// authority signs certificates.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{key: newKey(t), cert: &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{Organization: []string{"Test Authority"}},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(10 * 365 * 24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}}
	a.cert = a.sign(t, a.cert, a.key).Leaf
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (a *authority) sign(t *testing.T, template *x509.Certificate, key *ecdsa.PrivateKey) *tls.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// issue signs one for 127.0.0.1.
func (a *authority) issue(t *testing.T, from, until time.Duration) *tls.Certificate {
	t.Helper()
	now := time.Now()
	return a.sign(t, loopbackTemplate(now.Add(from), now.Add(until)), newKey(t))
}

func loopbackTemplate(from, until time.Time) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "test"}, NotBefore: from, NotAfter: until,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
}

// selfSigned makes one for 127.0.0.1 that is its own authority.
func selfSigned(t *testing.T) *tls.Certificate {
	t.Helper()
	template := loopbackTemplate(time.Now().Add(-time.Hour), time.Now().Add(365*24*time.Hour))
	a := &authority{key: newKey(t), cert: template}
	return a.sign(t, template, a.key)
}

const day = 24 * time.Hour

func TestCertificates(t *testing.T) {
	a := newAuthority(t)
	named := loopbackTemplate(time.Now().Add(-time.Hour), time.Now().Add(90*day))
	named.IPAddresses, named.DNSNames = nil, []string{"chat.example.org"}
	tests := []struct {
		name        string
		certificate *tls.Certificate
		roots       *x509.CertPool
		status      check.Status
		detail      string
		remedy      string
	}{
		{"good", a.issue(t, -time.Hour, 90*day), a.pool(), check.OK, "by Test Authority", ""},
		{"self-signed", selfSigned(t), nil, check.Warning, "self-signed", "an authority such as Let's Encrypt"},
		{"expired", a.issue(t, -90*day, -day), a.pool(), check.Failed, "expired", "Renew the certificate"},
		{"not yet", a.issue(t, day, 90*day), a.pool(), check.Failed, "not valid yet", "Set the clock"},
		{"other name", a.sign(t, named, newKey(t)), a.pool(), check.Failed, "chat.example.org by Test Authority", "Get a certificate for 127.0.0.1"},
		{"unknown authority", a.issue(t, -time.Hour, 90*day), nil, check.Failed, "does not know", "fullchain.pem"},
		{"ends soon", a.issue(t, -80*day, 10*day), a.pool(), check.Warning, "9 days left", "should have been renewed"},
		{"short-lived", a.issue(t, -3*day, 3*day), a.pool(), check.OK, "2 days left", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t, setup{certificate: tt.certificate})
			r := run(t, s.URL, trusting(tt.roots))
			expect(t, r, "tls", tt.status, tt.detail, tt.remedy)
			expect(t, r, "relay tcp-tcp", check.OK, "20 of 20", "") // one fault hides no other
			if tt.status == check.Failed {
				failures(t, r, "tls")
			} else {
				failures(t, r)
			}
		})
	}
}

func TestInsecureMakesItAWarning(t *testing.T) {
	s := newSite(t, setup{certificate: newAuthority(t).issue(t, -90*day, -day)})
	r := run(t, s.URL, func(target *check.Target) { target.Insecure = true })
	failures(t, r)
	expect(t, r, "tls", check.Warning, "expired", "Renew the certificate")
}

func TestHostWithoutSchemeIsHTTPS(t *testing.T) {
	s := newSite(t, setup{certificate: selfSigned(t)})
	if r := run(t, s.Listener.Addr().String(), nil); r.Target != s.URL {
		t.Errorf("target = %s, want %s", r.Target, s.URL)
	}
	r := run(t, "http://"+s.Listener.Addr().String(), nil)
	failures(t, r, "http")
	expect(t, r, "http", check.Failed, "https is spoken there", "Give the scheme")
}

// newTLSRelay adds TURN over TLS to a site.
func newTLSRelay(t *testing.T, certificate *tls.Certificate) setup {
	return setup{certificate: certificate, serve: func(relay *turn.Server) error {
		return relay.ServeStream("tls", tls.NewListener(listenTCP(t), &tls.Config{Certificates: []tls.Certificate{*certificate}}))
	}}
}

func TestRelayOverTLS(t *testing.T) {
	a := newAuthority(t)
	s := newSite(t, newTLSRelay(t, a.issue(t, -time.Hour, 90*day)))
	r := run(t, s.URL, trusting(a.pool()))
	failures(t, r)
	for _, name := range []string{"stun tls", "allocate tls", "relay tls-tls", "relay udp-tls", "relay tcp-tls"} {
		expect(t, r, name, check.OK, "", "")
	}
	s.leftAlone(t)
}

func TestRelayOverTLSNeedsARealCertificate(t *testing.T) {
	s := newSite(t, newTLSRelay(t, selfSigned(t)))
	r := run(t, s.URL, nil)
	failures(t, r, "stun tls")
	expect(t, r, "tls", check.Warning, "self-signed", "")
	expect(t, r, "stun tls", check.Failed, "self-signed", "Browsers never use a relay over TLS with a self-signed certificate")
	expect(t, r, "relay tls-tls", check.OK, "", "")
}
