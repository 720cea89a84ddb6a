package agepass_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/moderate/agepass"
)

// desk is a Redeemer whose checker answers with body, if that is no status.
func desk(t testing.TB, body string, log *strings.Builder) (*agepass.Gate, *agepass.Redeemer) {
	t.Helper()
	checker, err := agepass.NewChecker(agepass.CheckerOptions{Timeout: 50 * time.Millisecond, URL: serve(t, func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusOK
		fmt.Sscan(body, &status)
		switch body {
		case "slow":
			io.Copy(io.Discard, r.Body) // or the server does not see that nobody waits any longer
			<-r.Context().Done()
		case "302":
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	})})
	if err != nil {
		t.Fatal(err)
	}
	g, err := agepass.NewGate(signer(t, "chat.example", 0, newKey), checker, "https://age.example/start", "https://chat.example/age")
	if err != nil {
		t.Fatal(err)
	}
	return g, agepass.NewRedeemer(g, agepass.RedeemerOptions{
		Wait: func(r *http.Request) time.Duration {
			return time.Duration(len(r.Header["Too-Fast"])) * 1500 * time.Millisecond
		},
		Now:    func() time.Time { return now },
		Logger: slog.New(slog.NewTextHandler(log, nil)),
	})
}

func post(d *agepass.Redeemer, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "https://chat.example/api/age", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w
}

// redemption is the body of who is back in time.
func redemption(g *agepass.Gate, code string) string {
	c := g.Challenge(now)
	body, _ := json.Marshal(agepass.Redemption{State: c.State, Nonce: c.Nonce, Code: code})
	return string(body)
}

func TestRedeemerIssues(t *testing.T) {
	var log strings.Builder
	g, d := desk(t, `{"adult": true}`, &log)
	for _, header := range [][]string{
		{"Origin", "https://chat.example"}, {"Sec-Fetch-Site", "same-origin"}, {}, {"Content-Type", "application/json; charset=utf-8"},
	} {
		w := post(d, redemption(g, "code"), header...)
		var issued agepass.Issued
		if err := json.Unmarshal(w.Body.Bytes(), &issued); err != nil || w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" {
			t.Fatalf("%v: status %d, %s, %v", header, w.Code, w.Body, err)
		}
		if err := g.Admit(json.RawMessage(`{"pass":"`+issued.Pass+`"}`), now); err != nil || !issued.Expires.After(now) {
			t.Errorf("%v: %+v, %v", header, issued, err)
		}
	}
	if log.Len() > 0 {
		t.Errorf("logged: %s", log.String())
	}
}

func TestRedeemerRefuses(t *testing.T) {
	good := func(g *agepass.Gate) string { return redemption(g, "code") }
	is := func(body string) func(*agepass.Gate) string { return func(*agepass.Gate) string { return body } }
	for _, test := range []struct {
		name   string
		says   string // the checker
		body   func(*agepass.Gate) string
		header []string
		status int
		code   string
	}{
		{"another site's page", "", good, []string{"Sec-Fetch-Site", "cross-site"}, 403, "cross_origin"},
		{"another site's old page", "", good, []string{"Origin", "https://evil.example"}, 403, "cross_origin"},
		{"a form", "", good, []string{"Content-Type", "text/plain"}, 415, "bad_message"},
		{"too fast", "", good, []string{"Too-Fast", "1"}, 429, "rate_limited"},
		{"nothing", "", is(""), nil, 400, "bad_message"},
		{"no object", "", is(`["state"]`), nil, 400, "bad_message"},
		{"no texts", "", is(`{"state":{"a":1},"nonce":[],"code":5}`), nil, 400, "bad_message"},
		{"two objects", "", is(`{} {}`), nil, 400, "bad_message"},
		{"deep", "", is(strings.Repeat("[", 12_000)), nil, 400, "bad_message"},
		{"long", "", is(`{"code":"` + strings.Repeat("x", 16<<10) + `"}`), nil, 413, "bad_message"},
		{"no code", "", is(`{"state":"x","nonce":"y"}`), nil, 400, "bad_message"},
		{"a long code", "", func(g *agepass.Gate) string { return redemption(g, strings.Repeat("x", 2049)) }, nil, 400, "bad_message"},
		{"no state", "", is(`{"code":"x"}`), nil, 409, "state"},
		{"a made up state", "", is(`{"state":"` + strings.Repeat("A", 124) + `","nonce":"y","code":"x"}`), nil, 409, "state"},
		{"another's nonce", "", func(g *agepass.Gate) string {
			return fmt.Sprintf(`{"state":%q,"nonce":%q,"code":"x"}`, g.Challenge(now).State, g.Challenge(now).Nonce)
		}, nil, 409, "state"},
		{"an old state", "", func(g *agepass.Gate) string {
			c := g.Challenge(now.Add(-10 * time.Minute))
			return fmt.Sprintf(`{"state":%q,"nonce":%q,"code":"x"}`, c.State, c.Nonce)
		}, nil, 409, "state"},
		{"no adult", `{"adult": false}`, good, nil, 403, "not_adult"},
		{"a used code", "404", good, nil, 409, "code"},
		{"a short word", `{"adult": true, "expires": "2026-11-28T20:30:00Z"}`, good, nil, 409, "short"},
		{"a checker that is down", "500", good, nil, 503, "unavailable"},
		{"one that is slow", "slow", good, nil, 503, "unavailable"},
		{"one that says nothing", "{}", good, nil, 503, "unavailable"},
		{"one that redirects", "302", good, nil, 503, "unavailable"},
		{"one with another token", "401", good, nil, 503, "unavailable"},
	} {
		var log strings.Builder
		g, d := desk(t, test.says, &log)
		w := post(d, test.body(g), test.header...)
		var refusal agepass.Refusal
		if err := json.Unmarshal(w.Body.Bytes(), &refusal); err != nil || w.Code != test.status || refusal.Code != test.code || refusal.Detail == "" {
			t.Errorf("%s: status %d, %s, %v; want %d %s", test.name, w.Code, w.Body, err, test.status, test.code)
		}
		if retry := w.Header().Get("Retry-After"); (retry != "") != (test.status == 429 || test.status == 503) {
			t.Errorf("%s: Retry-After is %q", test.name, retry)
		}
		if logged := log.String(); (logged != "") != (test.status == 503) || strings.Contains(logged, g.Challenge(now).State[:60]) {
			t.Errorf("%s: logged %q", test.name, logged)
		}
	}
	_, d := desk(t, "", new(strings.Builder))
	w := httptest.NewRecorder()
	d.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/age", nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != http.MethodPost {
		t.Errorf("GET: status %d", w.Code)
	}
}

func FuzzRedemption(f *testing.F) {
	g, d := desk(f, `{"adult": true}`, new(strings.Builder))
	f.Add(redemption(g, "code"))
	f.Add(`{"state":"x","nonce":"y","code":"\u0000"}`)
	f.Add(`[]`)
	f.Fuzz(func(t *testing.T, body string) {
		w := post(d, body)
		if !json.Valid(w.Body.Bytes()) || w.Code == http.StatusInternalServerError {
			t.Errorf("%q: status %d, %s", body, w.Code, w.Body)
		}
	})
}
