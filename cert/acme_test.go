package cert_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/cert"
)

// listen returns a listener of this machine; the address may be one that was used
// before.
func listen(t *testing.T, addr string) (net.Listener, int) {
	t.Helper()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return listener, listener.Addr().(*net.TCPAddr).Port
}

func acmeOptions(c *ca, dir string, log *logText) cert.ACMEOptions {
	return cert.ACMEOptions{
		Domains: []string{domain},
		Email:   "operator@example.com",
		Dir:     dir,
		Agree:   true,
		CA:      c.url(),
		CARoots: c.trusted,
		Logger:  log.logger(),
	}
}

// run runs a source, and returns what ends it.
func run(t *testing.T, opts cert.ACMEOptions) (source *cert.ACMESource, stop func()) {
	t.Helper()
	source, err := cert.ACME(opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- source.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		source.Close()
	}
	t.Cleanup(stop)
	return source, stop
}

func TestACMEObtainsByEachChallenge(t *testing.T) {
	for _, challenge := range []string{"TLS-ALPN-01", "HTTP-01"} {
		t.Run(challenge, func(t *testing.T) {
			tlsListener, tlsPort := listen(t, "127.0.0.1:0")
			httpListener, httpPort := listen(t, "127.0.0.1:0")
			c := newCA(t, tlsPort, httpPort)
			roots := x509.NewCertPool()
			c.start(t, 90*24*time.Hour, roots)
			var log logText
			opts := acmeOptions(c, filepath.Join(t.TempDir(), "acme"), &log)
			if challenge == "HTTP-01" {
				opts.HTTPAddr = httpListener.Addr().String()
			} else {
				opts.TLSAddr = tlsListener.Addr().String()
			}
			source, _ := run(t, opts)
			serve(t, tlsListener, source.TLSConfig())
			server := &httptest.Server{Listener: httpListener, Config: &http.Server{Handler: source.HTTPHandler(http.NotFoundHandler())}}
			server.Start()
			t.Cleanup(server.Close)

			eventually(t, "a valid certificate", func() bool {
				chain, err := shown(tlsListener.Addr().String())
				return err == nil && valid(chain, roots)
			})
			if left := time.Until(source.Expiry()); left < 89*24*time.Hour {
				t.Errorf("it expires in %v", left)
			}
			checkModes(t, opts.Dir)
			if text := log.take(); !strings.Contains(text, "self-signed") || !strings.Contains(text, "certificate obtained") || strings.Contains(text, "ERROR") {
				t.Errorf("log: %s", text)
			}
		})
	}
}

func TestACMEOptions(t *testing.T) {
	good := func() cert.ACMEOptions {
		return cert.ACMEOptions{Domains: []string{domain}, Dir: filepath.Join(t.TempDir(), "acme"), Agree: true, TLSAddr: ":443"}
	}
	tests := []struct {
		name   string
		change func(*cert.ACMEOptions)
		want   string
	}{
		{"good", func(*cert.ACMEOptions) {}, ""},
		{"HTTP only", func(o *cert.ACMEOptions) { o.TLSAddr, o.HTTPAddr = "", "0.0.0.0:80" }, ""},
		{"no domain", func(o *cert.ACMEOptions) { o.Domains = nil }, "no domain"},
		{"star", func(o *cert.ACMEOptions) { o.Domains = []string{"*.example.com"} }, "without a star"},
		{"URL", func(o *cert.ACMEOptions) { o.Domains = []string{"https://example.com"} }, "not a domain name"},
		{"not ASCII", func(o *cert.ACMEOptions) { o.Domains = []string{"exämple.com"} }, "xn--"},
		{"empty", func(o *cert.ACMEOptions) { o.Domains = []string{""} }, "not a domain name"},
		{"not agreed", func(o *cert.ACMEOptions) { o.Agree = false }, "terms"},
		{"no directory", func(o *cert.ACMEOptions) { o.Dir = "" }, "no directory"},
		{"no TLS to the CA", func(o *cert.ACMEOptions) { o.CA = "http://ca.example.com" }, "https"},
		{"no listener", func(o *cert.ACMEOptions) { o.TLSAddr = "" }, "listener"},
		{"no port", func(o *cert.ACMEOptions) { o.TLSAddr = "localhost" }, "port"},
		{"port by name", func(o *cert.ACMEOptions) { o.TLSAddr = ":https" }, "port"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			opts := good()
			test.change(&opts)
			source, err := cert.ACME(opts)
			if err == nil {
				source.Close()
			}
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("error = %v, want %q", err, test.want)
			}
		})
	}
}

func TestACMEWithoutCertificate(t *testing.T) {
	source, err := cert.ACME(cert.ACMEOptions{Domains: []string{domain}, Dir: filepath.Join(t.TempDir(), "acme"), Agree: true, TLSAddr: ":443"})
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	for _, name := range []string{domain, strings.ToUpper(domain) + ".", "other.example.com", ""} {
		got, err := source.GetCertificate(&tls.ClientHelloInfo{ServerName: name})
		if err != nil || got.Leaf.Subject.CommonName != "joingyd self-signed" {
			t.Errorf("%q: served %v, %v", name, got, err)
		}
	}
	if got, err := source.GetCertificate(nil); err != nil || got == nil {
		t.Errorf("no hello: %v, %v", got, err)
	}
	if got, err := source.GetCertificate(&tls.ClientHelloInfo{ServerName: domain, SupportedProtos: []string{"acme-tls/1"}}); err == nil {
		t.Errorf("a challenge that is not under way got %v", got)
	}
	if expiry := source.Expiry(); !expiry.IsZero() {
		t.Errorf("Expiry = %v", expiry)
	}
	recorder := httptest.NewRecorder()
	source.HTTPHandler(http.NotFoundHandler()).ServeHTTP(recorder, httptest.NewRequest("GET", "http://"+domain+"/.well-known/acme-challenge/abc", nil))
	if recorder.Code != http.StatusNotFound {
		t.Errorf("an unknown token got %d", recorder.Code)
	}
}

// checkModes fails where anybody but the owner may read below dir.
func checkModes(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
