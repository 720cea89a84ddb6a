package cert_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/joingyd/joingyd/cert"
)

// Trial O3, files: they are renewed again and again in every bad way, while
// visitors come; each sees a certificate that is whole, valid and not older than
// the one before.
func TestO3FilesRenewedUnderLoad(t *testing.T) {
	now := time.Now()
	f := newFiles(t, issue(t, now.Add(-time.Hour), now.Add(time.Hour)))
	listener, _ := listen(t, "127.0.0.1:0")
	serve(t, listener, f.source.TLSConfig())
	var newest atomic.Int64 // serial number; only one goroutine visits
	visitors := visit(t, listener.Addr().String(), func(chain []*x509.Certificate) bool {
		serial, before := chain[0].SerialNumber.Int64(), newest.Load()
		newest.Store(max(serial, before))
		return serial >= before && time.Now().Before(chain[0].NotAfter)
	})

	const renewals = 3
	var last issued
	for range renewals {
		write(t, f.certPath, last.cert[:len(last.cert)/2]) // half, or nothing
		seen := visitors.count()
		eventually(t, "a visit meanwhile", func() bool { return visitors.count() > seen+20 })
		f.write(t, issue(t, now.Add(-2*time.Hour), now.Add(-time.Hour))) // expired
		eventually(t, "the refusal", func() bool { return strings.Contains(f.log.take(), "it expired on") })
		last = issue(t, now.Add(-time.Hour), now.Add(time.Hour))
		writeSlowly(t, f.keyPath, last.key)
		writeSlowly(t, f.certPath, last.cert)
		want := last.leaf.SerialNumber.Int64()
		eventually(t, "the new certificate", func() bool { return newest.Load() == want })
	}
	visitors.end(t, "O3: files renewed 3 times: cut, expired, in pieces")
}

// writeSlowly writes the file in place and in pieces, as a bad tool would.
func writeSlowly(t *testing.T, path string, text []byte) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for reader := bytes.NewReader(text); reader.Len() > 0; time.Sleep(time.Millisecond) { // time to be caught at it
		piece := make([]byte, 1+rand.IntN(100))
		n, _ := reader.Read(piece) // from memory
		if _, err := file.Write(piece[:n]); err != nil {
			t.Fatal(err)
		}
	}
}

// Trial O3, ACME: the CA is down when the daemon starts, comes, gives certificates
// of 8 seconds and renews them, and goes for good.
func TestO3CADownThenUpThenDown(t *testing.T) {
	listener, port := listen(t, "127.0.0.1:0")
	addr := listener.Addr().String()
	c := newCA(t, port, 0)
	var log logText
	opts := acmeOptions(c, filepath.Join(t.TempDir(), "acme"), &log)
	opts.TLSAddr = addr
	opts.CheckEvery(time.Second)
	source, stopSource := run(t, opts)
	stopSite := serve(t, listener, source.TLSConfig())
	any := func([]*x509.Certificate) bool { return true }

	down := visit(t, addr, any)
	eventually(t, "the first failure", func() bool { return strings.Contains(log.take(), "will retry") })
	eventually(t, "visits while the CA is down", func() bool { return down.count() > 20 })
	down.end(t, "O3: CA down at start, self-signed certificate shown")

	roots := x509.NewCertPool()
	stopCA := c.start(t, 8*time.Second, roots)
	coming := visit(t, addr, any)
	source.Retry()
	var first *x509.Certificate
	eventually(t, "the first certificate", func() bool {
		chain, err := shown(addr)
		if err != nil || !valid(chain, roots) {
			return false
		}
		first = chain[0]
		return true
	})
	coming.end(t, "O3: CA comes, certificate obtained")

	renewing := visit(t, addr, func(chain []*x509.Certificate) bool { return valid(chain, roots) })
	serials := map[string]bool{first.SerialNumber.String(): true}
	eventually(t, "two renewals", func() bool {
		chain, err := shown(addr)
		if err == nil {
			serials[chain[0].SerialNumber.String()] = true
		}
		return len(serials) >= 3
	})
	renewing.end(t, "O3: certificate renewed twice before its end")

	stopCA()
	var last *x509.Certificate
	gone := visit(t, addr, func(chain []*x509.Certificate) bool { return chain[0].Subject.CommonName != "joingyd self-signed" })
	eventually(t, "the end of the last certificate", func() bool {
		chain, err := shown(addr)
		if err == nil {
			last = chain[0]
		}
		return err == nil && time.Now().After(last.NotAfter)
	})
	gone.end(t, "O3: CA gone, last certificate kept past its end")

	stopSource()
	stopSite()
	listener, _ = listen(t, addr)
	source, _ = run(t, opts)
	serve(t, listener, source.TLSConfig())
	eventually(t, "the kept certificate after a restart", func() bool {
		chain, err := shown(addr)
		return err == nil && chain[0].Equal(last)
	})
}

// Trial O3, ACME: what is stored was half-written when the machine died. The
// certificate is obtained anew, and one that is whole is served with the CA down.
func TestO3StoredCertificateDamaged(t *testing.T) {
	listener, port := listen(t, "127.0.0.1:0")
	addr := listener.Addr().String()
	c := newCA(t, port, 0)
	roots := x509.NewCertPool()
	stopCA := c.start(t, 90*24*time.Hour, roots)
	var log logText
	opts := acmeOptions(c, filepath.Join(t.TempDir(), "acme"), &log)
	opts.TLSAddr = addr

	var stops []func()
	begin := func() *cert.ACMESource {
		source, stopSource := run(t, opts)
		stops = []func(){stopSource, serve(t, listener, source.TLSConfig())}
		return source
	}
	restart := func() {
		for _, stop := range stops {
			stop()
		}
		listener, _ = listen(t, addr)
		begin()
	}
	begin()
	obtained := func() (leaf *x509.Certificate) {
		t.Helper()
		eventually(t, "a valid certificate", func() bool {
			chain, err := shown(addr)
			if err != nil || !valid(chain, roots) {
				return false
			}
			leaf = chain[0]
			return true
		})
		return leaf
	}
	first := obtained()

	for _, damage := range []struct {
		name, file string
		text       func(old []byte) []byte
	}{
		{"certificate cut", "*.crt", func(old []byte) []byte { return old[:len(old)/2] }},
		{"key of another", "*.key", func([]byte) []byte { return issue(t, time.Now(), time.Now()).key }},
		{"certificate empty", "*.crt", func([]byte) []byte { return nil }},
	} {
		paths, err := filepath.Glob(filepath.Join(opts.Dir, "certificates", "*", domain, damage.file))
		if err != nil || len(paths) != 1 {
			t.Fatalf("%s: stored in %v, %v", damage.name, paths, err)
		}
		old, err := os.ReadFile(paths[0])
		if err != nil {
			t.Fatal(err)
		}
		write(t, paths[0], damage.text(old))
		restart()
		second := obtained()
		if second.Equal(first) {
			t.Errorf("%s: the same certificate is back", damage.name)
		}
		first = second
	}
	if text := log.take(); strings.Count(text, "another is obtained") != 3 {
		t.Errorf("log: %s", text)
	}

	stopCA()
	restart()
	if leaf := obtained(); !leaf.Equal(first) {
		t.Error("with the CA down another certificate is served")
	}
	kept := visit(t, addr, func(chain []*x509.Certificate) bool { return valid(chain, roots) })
	eventually(t, "visits", func() bool { return kept.count() > 100 })
	kept.end(t, "O3: restarted with the CA down, stored certificate served")
	if _, err := tls.Dial("tcp", addr, &tls.Config{ServerName: domain, NextProtos: []string{"acme-tls/1"}, InsecureSkipVerify: true}); err == nil {
		t.Error("a stranger's challenge was answered")
	}
}
