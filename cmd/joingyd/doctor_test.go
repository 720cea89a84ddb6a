package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/request"
)

// unpackBundle returns all that is in a bundle, a file after the other.
func unpackBundle(t *testing.T, path string) (content []byte) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	plain, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	for archive := tar.NewReader(plain); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return content
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		content = append(append(content, "\n=== "+header.Name+"\n"...), text...)
	}
}

// Without a daemon joingyd doctor finds what keeps one from running.
func TestDoctorAlone(t *testing.T) {
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	store := filepath.Join(dir, banStoreFile)
	if err := os.WriteFile(store, []byte("no store"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, banKeyFile), []byte(strings.Repeat("ab", config.SecretSize)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cert := filepath.Join(dir, "cert.pem")
	if err := os.WriteFile(cert, []byte("half a certifi"), 0o600); err != nil {
		t.Fatal(err)
	}
	bundle := filepath.Join(t.TempDir(), "b.tar.gz")
	args := []string{"doctor", "--data-dir", dir, "--listen", other.Addr().String(), "--turn-listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0",
		"--tls-cert-file", cert, "--tls-key-file", cert, "--site-contact", "canary@example.org", "--turn-public-host", "canary-host.invalid"}
	status, out, stderr := typed(t, append(args, "--bundle", bundle)...)
	if status != exitRefused {
		t.Errorf("status %d, %s", status, stderr)
	}
	for _, want := range []string{
		"serious: no daemon answers", "another program has " + other.Addr().String() + " (http.listen)", "mode 0755", "the ban store: ", "tls.cert_file, tls.key_file: ", "turn.public_host has no address",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("not found: %s, in\n%s", want, out)
		}
	}
	text := string(unpackBundle(t, bundle))
	for _, canary := range []string{"canary@", "abababab", "half a certifi", other.Addr().String()} {
		if strings.Contains(text, canary) {
			t.Errorf("%s is in the bundle:\n%s", canary, text)
		}
	}
	if !strings.Contains(text, "site.contact: (set)") || !strings.Contains(text, "no daemon answers") {
		t.Errorf("the bundle is not whole:\n%s", text)
	}

	wrong := filepath.Join(dir, "wrong.yaml")
	if err := os.WriteFile(wrong, []byte("http:\n  listen: ':65536'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	status, out, _ = typed(t, "doctor", "--config", wrong, "--socket", filepath.Join(dir, "none.sock"))
	if status != exitRefused || !strings.Contains(out, "serious: the configuration: "+wrong+": http.listen") {
		t.Errorf("status %d, %s", status, out)
	}
}

// Whatever it is in, what names somebody is not in what leaves the machine.
func TestScrub(t *testing.T) {
	for text, want := range map[string]string{
		"of 203.0.113.7:4711 and [2001:db8:1:2::3]:443": "of 203.0.113.0/24 and 2001:db8:1::/48",
		"mail alice@example.org now":                    "mail (e-mail) now",
		"ban added (by: alice, scope: all)":             "ban added (by: (left out), scope: all)",
		"session ngdgw7kcjvbq4p2i5wd3kgu2ra ended":      "session (id) ended",
		"https://user:pass@host/path":                   "https://host/path",
		"key " + strings.Repeat("a1", 32):               "key (token)",
		"joingyd_match_filter_bans_dropped_total 0":     "joingyd_match_filter_bans_dropped_total 0",
	} {
		if got := scrub(text); got != want {
			t.Errorf("scrub(%q) = %q, want %q", text, got, want)
		}
	}
}

// Answers that are errors have a name, which a proxy may give and a visitor may not; a
// WebSocket's is in what the log says of its session. Profiles are on no port.
func TestRequestsOfASite(t *testing.T) {
	for _, proxied := range []bool{false, true} {
		d := startDaemon(t, func(c *config.Config) {
			if proxied {
				c.HTTP.TrustedProxies = []string{"127.0.0.1"}
			}
		})
		site, metrics := "http://"+d.httpListener.Addr().String(), "http://"+d.metricsListener.Addr().String()
		ask := func(url string) (int, string) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set(request.Header, "canary.1")
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			return answer.StatusCode, answer.Header.Get(request.Header)
		}
		for path, shown := range map[string]bool{"/": false, "/nothing": true, "/ws": true, "/debug/pprof/": true} {
			status, name := ask(site + path)
			if shown != (status >= 400) || shown != (name != "") || shown && (name == "canary.1") != proxied {
				t.Errorf("%s, proxied %v: %d, named %q", path, proxied, status, name)
			}
		}
		if status, _ := ask(metrics + "/debug/pprof/"); status != http.StatusNotFound {
			t.Errorf("metrics serve profiles: %d", status)
		}
		if proxied {
			continue
		}
		a, b := newCaller(t, d, "127.0.0.1"), newCaller(t, d, "127.0.0.1")
		meet(t, a, b, "text")
		a.send(`{"type":"report","pair":"` + a.pair + `","reason":"spam"}`)
		a.expect("reported")
		if line := regexp.MustCompile(`(?m)^.*msg=report .*request_id=[a-z2-7]{13}.*$`).FindString(d.watched.lines.Text()); line == "" {
			t.Errorf("no name in %s", d.watched.lines.Text())
		}
		if _, values := scrape(t, d); values[`joingyd_http_requests_total{code="1xx",route="socket"}`] != 2 || values[`joingyd_http_requests_total{code="4xx",route="page"}`] != 2 {
			t.Error(fmt.Sprint("requests are not counted: ", values[`joingyd_http_requests_total{code="1xx",route="socket"}`], values[`joingyd_http_requests_total{code="4xx",route="page"}`]))
		}
	}
}
