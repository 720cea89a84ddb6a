package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/client"
	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/moderate/agepass"
)

// A visitor who wants a video chat is sent to the checker, has the code changed for a
// pass, and is let in with it; for a text chat nobody asks. What there is of it is
// counted, and nowhere on disk.
func TestProofOfAge(t *testing.T) {
	checker := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct{ Answer string }
		body, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(body, &asked); err != nil || r.Header.Get("Authorization") != "Bearer let me in" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		io.WriteString(w, map[string]string{"of an adult": `{"adult": true}`, "of a minor": `{"adult": false}`}[asked.Answer])
	}))
	t.Cleanup(checker.Close)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("let me in\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := startDaemon(t, func(c *config.Config) {
		c.Age.Required, c.Age.Page, c.Age.Check, c.Age.Origin, c.Age.TokenFile = "video", "https://age.example/start", checker.URL, "https://chat.example", token
	})
	site := "http://" + d.httpListener.Addr().String()
	if _, body := get(t, d, "127.0.0.1", "/privacy"); !strings.Contains(body, "age.example") {
		t.Error("the privacy page does not name the checker")
	}
	v := visit(t, client.Options{URL: site})
	if policy := v.conn.Welcome().Policy; !strings.HasSuffix(policy, "+age") {
		t.Errorf("the policy is %s", policy)
	}
	v.send(map[string]any{"type": "find", "mode": "text"})
	v.expect("waiting")
	v.send(map[string]any{"type": "find", "mode": "video"})
	for range v.came { // until the client gives up
	}
	wanted, ok := errors.AsType[*client.AgeError](v.err)
	if !ok || !strings.HasPrefix(wanted.URL, "https://age.example/start?return=https%3A%2F%2Fchat.example%2Fage&state=") {
		t.Fatalf("asked for %v", v.err)
	}
	redeem := func(code string, want int) (issued agepass.Issued) {
		t.Helper()
		body, _ := json.Marshal(agepass.Redemption{State: wanted.State, Nonce: wanted.Nonce, Code: code})
		response, err := http.Post(site+"/api/age", "application/json", strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if err := json.NewDecoder(response.Body).Decode(&issued); err != nil || response.StatusCode != want {
			t.Errorf("%s: %s, %v; want %d", code, response.Status, err, want)
		}
		return issued
	}
	redeem("of a minor", http.StatusForbidden)
	redeem("of nobody", http.StatusServiceUnavailable)
	pass := redeem("of an adult", http.StatusOK).Pass
	grown := visit(t, client.Options{URL: site, Pass: pass})
	grown.send(map[string]any{"type": "find", "mode": "video"})
	grown.expect("waiting")

	_, values := scrape(t, d)
	for series, want := range map[string]float64{
		`joingyd_age_passes_total{outcome="issued"}`: 2, `joingyd_age_passes_total{outcome="admitted"}`: 1, `joingyd_age_passes_total{outcome="in_use"}`: 0,
		`joingyd_age_checks_total{outcome="adult"}`: 1, `joingyd_age_checks_total{outcome="minor"}`: 1, `joingyd_age_checks_total{outcome="failed"}`: 1,
		`joingyd_age_checks_total{outcome="other"}`: 0, `joingyd_match_denied_total{reason="age"}`: 2,
	} {
		if got, ok := values[series]; !ok || got != want {
			t.Errorf("%s = %v (there: %v), want %v", series, got, ok, want)
		}
	}
	for path, content := range contents(t, d.cfg.DataDir) {
		for _, secret := range []string{pass, wanted.State, wanted.Nonce, "of an adult"} {
			if strings.Contains(content, secret) {
				t.Errorf("%s holds %s", path, secret)
			}
		}
	}
	if info, err := os.Stat(filepath.Join(d.cfg.DataDir, ageKeyFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key: %v, %v", info, err)
	}
}

func TestAgeSettingsThatFail(t *testing.T) {
	good := config.Age{Required: "all", Page: "https://age.example/", Check: "https://age.example/", Origin: "https://chat.example"}
	for _, test := range []struct {
		change func(*config.Age, string)
		want   string
	}{
		{func(a *config.Age, dir string) { a.TokenFile = filepath.Join(dir, "none") }, "age.token_file: "},
		{func(a *config.Age, dir string) { os.WriteFile(filepath.Join(dir, ageKeyFile), []byte("short"), 0o600) }, "age-pass.key: line 1"},
	} {
		dir := t.TempDir()
		d := &daemon{cfg: config.Config{DataDir: dir, Age: good}}
		test.change(&d.cfg.Age, dir)
		if err := d.openAge(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("openAge: %v, want %q", err, test.want)
		}
	}
}
