package cert_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

const pebbleModule = "github.com/letsencrypt/pebble/v2/cmd/pebble" // a tool in go.mod

// pebbleDir holds the binary that the tests share.
var pebbleDir string

func TestMain(m *testing.M) {
	status := func() int {
		defer func() { os.RemoveAll(pebbleDir) }()
		return m.Run()
	}()
	os.Exit(status)
}

var buildPebble = sync.OnceValues(func() (path string, err error) {
	if pebbleDir, err = os.MkdirTemp("", "pebble-"); err != nil {
		return "", err
	}
	path = filepath.Join(pebbleDir, "pebble")
	if out, err := exec.Command("go", "build", "-o", path, pebbleModule).CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", pebbleModule, err, out)
	}
	return path, nil
})

// ca is where a pebble, Let's Encrypt's ACME server for tests, listens or will.
// It makes the challenges for real, to ports of this machine.
type ca struct {
	binary, dir         string
	acmeAddr, adminAddr string
	dnsAddr             string
	tlsPort, httpPort   int            // where it finds the challenges
	trusted             *x509.CertPool // of its own API
	api                 *http.Client   // to it
}

var cas int // made

// newCA prepares a pebble that makes challenges to these ports. It is down. It
// renames domain.
func newCA(t *testing.T, tlsPort, httpPort int) *ca {
	t.Helper()
	binary, err := buildPebble()
	if err != nil {
		t.Fatal(err)
	}
	cas++
	domain = fmt.Sprintf("chat-%d.example.com", cas)
	own := issue(t, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	c := &ca{
		binary: binary, dir: t.TempDir(), dnsAddr: serveDNS(t),
		acmeAddr: freeAddr(t), adminAddr: freeAddr(t),
		tlsPort: tlsPort, httpPort: httpPort,
		trusted: x509.NewCertPool(),
	}
	c.trusted.AddCert(own.leaf)
	c.api = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: c.trusted}, DisableKeepAlives: true}}
	write(t, filepath.Join(c.dir, "cert.pem"), own.cert)
	write(t, filepath.Join(c.dir, "key.pem"), own.key)
	return c
}

func (c *ca) url() string { return "https://" + c.acmeAddr + "/dir" }

// start starts the CA, with certificates that are valid for so long, adds its root
// to roots, and returns what stops it. Each start has a new root and no accounts.
func (c *ca) start(t *testing.T, validity time.Duration, roots *x509.CertPool) (stop func()) {
	t.Helper()
	type object = map[string]any
	text, err := json.Marshal(object{"pebble": object{
		"listenAddress": c.acmeAddr, "managementListenAddress": c.adminAddr,
		"certificate": filepath.Join(c.dir, "cert.pem"), "privateKey": filepath.Join(c.dir, "key.pem"),
		"httpPort": c.httpPort, "tlsPort": c.tlsPort,
		"retryAfter": object{"authz": 1, "order": 1}, "keyAlgorithm": "ecdsa",
		"profiles": object{"default": object{"description": "", "validityPeriod": int(validity.Seconds())}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(c.dir, "config.json")
	write(t, config, text)
	var output bytes.Buffer
	command := exec.Command(c.binary, "-config", config, "-dnsserver", c.dnsAddr)
	command.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0", "PEBBLE_AUTHZREUSE=0")
	command.Stdout, command.Stderr = &output, &output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	stop = func() {
		once.Do(func() {
			command.Process.Kill() //nolint:errcheck // it may have ended
			command.Wait()         //nolint:errcheck // it was killed
			if t.Failed() {
				t.Logf("pebble: %s", output.Bytes())
			}
		})
	}
	t.Cleanup(stop)
	var root []byte
	eventually(t, "pebble's root certificate", func() bool {
		response, err := c.api.Get("https://" + c.adminAddr + "/roots/0")
		if err != nil {
			return false
		}
		defer response.Body.Close()
		root, err = io.ReadAll(response.Body)
		return err == nil && response.StatusCode == http.StatusOK
	})
	if !roots.AppendCertsFromPEM(root) {
		t.Fatalf("pebble's root is %q", root)
	}
	return stop
}

// eventually polls for what another process does.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come", what)
		}
	}
}

// freeAddr returns an address of this machine at which nobody listens.
func freeAddr(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
