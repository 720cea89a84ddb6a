package cert_test

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/joingyd/joingyd/cert"
)

func TestSelfSignedAtStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cert.pem")
	now := time.Now()
	first, err := cert.LoadOrMake(path, now)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(first.Leaf)
	for _, name := range []string{"localhost", "127.0.0.1"} {
		if _, err := first.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name, CurrentTime: now}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v, %v", info.Mode(), err)
	}
	again, err := cert.LoadOrMake(path, now.Add(334*24*time.Hour))
	if err != nil || !again.Leaf.Equal(first.Leaf) {
		t.Errorf("a good certificate was replaced: %v", err)
	}
	renewed, err := cert.LoadOrMake(path, now.Add(336*24*time.Hour))
	if err != nil || renewed.Leaf.Equal(first.Leaf) {
		t.Errorf("an ageing certificate was kept: %v", err)
	}
}

func TestSelfSignedRefusesDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cert.pem")
	if err := os.WriteFile(path, []byte("half a certif"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := cert.SelfSigned(path, nil); err == nil {
		t.Error("a damaged file was taken or replaced")
	}
}

// A daemon that is up for years never shows an expired certificate, and however
// many handshakes find the old one ageing, one is made.
func TestSelfSignedIsRenewedWhileServing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logText
		path := filepath.Join(t.TempDir(), "cert.pem")
		source, err := cert.SelfSigned(path, log.logger())
		if err != nil {
			t.Fatal(err)
		}
		for year := range 3 {
			first := served(t, source)
			time.Sleep(334 * 24 * time.Hour)
			if got := served(t, source); got != first {
				t.Errorf("year %d: a good certificate was replaced", year)
			}
			time.Sleep(2 * 24 * time.Hour)
			var handshakes sync.WaitGroup
			for range 100 {
				handshakes.Go(func() { served(t, source) })
			}
			handshakes.Wait()
			next := served(t, source)
			if next == first || time.Until(next.Leaf.NotAfter) < 364*24*time.Hour {
				t.Errorf("year %d: served until %v after renewal", year, next.Leaf.NotAfter)
			}
			if text := log.take(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "certificate renewed") {
				t.Errorf("year %d: logged %q, want one renewal", year, text)
			}
			if stored, err := cert.LoadOrMake(path, time.Now()); err != nil || !stored.Leaf.Equal(next.Leaf) {
				t.Errorf("year %d: the next start would show another certificate (%v)", year, err)
			}
		}
	})
}

// Nobody connects for two years: the first who does must not see what has expired.
func TestSelfSignedIsRenewedAfterItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, err := cert.SelfSigned(filepath.Join(t.TempDir(), "cert.pem"), nil)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * 365 * 24 * time.Hour)
		if got := served(t, source); time.Now().After(got.Leaf.NotAfter) {
			t.Errorf("expired on %v", got.Leaf.NotAfter)
		}
	})
}

func TestSelfSignedRenewalFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logText
		path := filepath.Join(t.TempDir(), "cert.pem")
		source, err := cert.SelfSigned(path, log.logger())
		if err != nil {
			t.Fatal(err)
		}
		first := served(t, source)
		write(t, path, []byte("half a certif"))
		time.Sleep(336 * 24 * time.Hour)
		for range 10 {
			if served(t, source) != first {
				t.Error("a damaged file was replaced")
			}
		}
		if text := log.take(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "move the file away") {
			t.Errorf("logged %q, want one line with a remedy", text)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if served(t, source) != first {
			t.Error("tried again at once")
		}
		time.Sleep(time.Hour)
		if served(t, source) == first {
			t.Error("not tried again after an hour")
		}
	})
}

func served(t *testing.T, source *cert.SelfSignedSource) *tls.Certificate {
	t.Helper()
	certificate, err := source.GetCertificate(nil)
	if err != nil || certificate == nil {
		t.Errorf("GetCertificate = %v, %v", certificate, err)
	}
	return certificate
}
