package cert_test

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/joingyd/joingyd/cert"
)

func TestSelfSigned(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cert.pem")
	now := time.Now()
	first, err := cert.SelfSigned(path, now)
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
	again, err := cert.SelfSigned(path, now.Add(334*24*time.Hour))
	if err != nil || !again.Leaf.Equal(first.Leaf) {
		t.Errorf("a good certificate was replaced: %v", err)
	}
	renewed, err := cert.SelfSigned(path, now.Add(336*24*time.Hour))
	if err != nil || renewed.Leaf.Equal(first.Leaf) {
		t.Errorf("an ageing certificate was kept: %v", err)
	}
}

func TestSelfSignedRefusesDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cert.pem")
	if err := os.WriteFile(path, []byte("half a certif"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := cert.SelfSigned(path, time.Now()); err == nil {
		t.Error("a damaged file was taken or replaced")
	}
}
