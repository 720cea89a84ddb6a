package redis_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/cluster/redis"
	"github.com/joingyd/joingyd/cluster/redistest"
)

// pair is a certificate for 127.0.0.1 that signs itself, for server and client alike.
func pair(t *testing.T) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "redis"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}

// files writes a certificate and its key, PEM.
func files(t *testing.T, cert, key []byte) (certFile, keyFile string) {
	t.Helper()
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, text := range map[string][]byte{certFile: cert, keyFile: key} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

// TestTLS asks a server that wants a client's certificate, as Redis does by default.
func TestTLS(t *testing.T) {
	cert, key := pair(t)
	certFile, keyFile := files(t, cert, key)
	addr := redistest.FreeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	redistest.Start(t, "--tls-port", port, "--tls-cert-file", certFile, "--tls-key-file", keyFile, "--tls-ca-cert-file", certFile)
	own, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		opts redis.Options
		up   bool
		want string // in the error
	}{
		{"with all", redis.Options{URL: "rediss://" + addr, CA: cert, Certificate: &own}, true, ""},
		{"without a certificate", redis.Options{URL: "rediss://" + addr, CA: cert}, false, ""},
		{"by a name that the certificate has not", redis.Options{URL: "rediss://localhost:" + port, CA: cert, Certificate: &own}, false, "what stands in cluster.redis"},
		{"signed by nobody known", redis.Options{URL: "rediss://" + addr, Certificate: &own}, false, "cluster.ca_file"},
		{"in clear", redis.Options{URL: "redis://" + addr}, false, ""},
	} {
		c := dial(t, tt.opts)
		says := func() bool {
			err := c.Err()
			return tt.up && c.State() == redis.Up || err != nil && !tt.up && strings.Contains(err.Error(), tt.want)
		}
		eventually(t, tt.name, says)
		if !tt.up && c.State() == redis.Up {
			t.Errorf("%s: up", tt.name)
		}
	}
}

// TestC2FailoverWithTLS kills the primary where servers, Sentinels and clients all speak TLS.
func TestC2FailoverWithTLS(t *testing.T) {
	if os.Getenv("TRIALS") != "full" {
		t.Skip("takes 5 s: run make trials")
	}
	cert, key := pair(t)
	certFile, keyFile := files(t, cert, key)
	trio := redistest.StartTLSTrio(t, certFile, keyFile)
	own, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	failOver(t, trio, redis.Options{URL: trio.URL(), CA: cert, Certificate: &own}, "with TLS ")
	if trio.Now() != trio.Replica.Known() {
		t.Error("Sentinel names another primary than the one that was a replica")
	}
}
