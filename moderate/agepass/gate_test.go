package agepass_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/moderate/agepass"
)

// gate asks a checker that answers with body.
func gate(t *testing.T, body string) *agepass.Gate {
	t.Helper()
	c := checker(t, agepass.CheckerOptions{URL: serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, body) })})
	g, err := agepass.NewGate(signer(t, "chat.example", 0, newKey), c, "https://age.example/start?lang=de", "https://chat.example/age")
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestChallenge(t *testing.T) {
	g := gate(t, "")
	a, b := g.Challenge(now), g.Challenge(now)
	u, err := url.Parse(a.URL)
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{"lang": {"de"}, "return": {"https://chat.example/age"}, "state": {a.State}}
	if u.Host != "age.example" || u.Query().Encode() != want.Encode() || strings.Contains(a.URL, a.Nonce) {
		t.Errorf("the address is %s", u)
	}
	if a.State == b.State || a.Nonce == b.Nonce || !a.Expires.Equal(now.Add(10*time.Minute)) {
		t.Errorf("challenges %+v, %+v", a, b)
	}
	text, err := json.Marshal(a)
	if names := `{"url":`; err != nil || !strings.HasPrefix(string(text), names) || !strings.Contains(string(text), `"expires":"2026-11-28T20:16:39Z"`) {
		t.Errorf("on the wire: %s, %v", text, err)
	}
}

func TestRedeem(t *testing.T) {
	adult := `{"adult": true}`
	for _, test := range []struct {
		name   string
		says   string
		change func(*agepass.Redemption)
		at     time.Duration
		want   error
	}{
		{"good", adult, func(r *agepass.Redemption) {}, time.Minute, nil},
		{"no adult", `{"adult": false}`, func(r *agepass.Redemption) {}, 0, agepass.ErrNotAdult},
		{"soon over", `{"adult": true, "expires": "2026-11-28T20:30:00Z"}`, func(r *agepass.Redemption) {}, 0, agepass.ErrShort},
		{"no sense", `{}`, func(r *agepass.Redemption) {}, 0, agepass.ErrAnswer},
		{"no code", adult, func(r *agepass.Redemption) { r.Code = "" }, 0, agepass.ErrCode},
		{"long code", adult, func(r *agepass.Redemption) { r.Code = strings.Repeat("x", 2049) }, 0, agepass.ErrCode},
		{"another's nonce", adult, func(r *agepass.Redemption) { r.Nonce = "x" }, 0, agepass.ErrNonce},
		{"late", adult, func(r *agepass.Redemption) {}, 10 * time.Minute, agepass.ErrExpired},
	} {
		g := gate(t, test.says)
		c := g.Challenge(now)
		redemption := agepass.Redemption{State: c.State, Nonce: c.Nonce, Code: "code"}
		test.change(&redemption)
		issued, err := g.Redeem(t.Context(), now.Add(test.at), redemption)
		if !errors.Is(err, test.want) || (issued.Pass == "") != (err != nil) {
			t.Errorf("%s: Redeem = %v, %v; want %v", test.name, issued, err, test.want)
		}
		if err == nil && g.Admit(json.RawMessage(`{"pass":"`+issued.Pass+`"}`), issued.Expires.Add(-1)) != nil {
			t.Errorf("%s: the pass is not admitted", test.name)
		}
	}
}

func TestAdmitNamesTheField(t *testing.T) {
	g := gate(t, "")
	other := issue(t, signer(t, "chat.example", 0, oldKey))
	for data, want := range map[string]string{
		``:                         "data: malformed",
		`"x"`:                      "data: malformed",
		`{"pass":7}`:               "data: malformed",
		`{}`:                       "pass: malformed",
		`null`:                     "pass: malformed",
		`{"pass":"` + other + `"}`: "pass: not ours",
	} {
		if err := g.Admit(json.RawMessage(data), now); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("Admit(%s) = %v, want %q", data, err, want)
		}
	}
}

func TestNewGateNamesTheAddress(t *testing.T) {
	s, c := signer(t, "chat.example", 0, newKey), checker(t, agepass.CheckerOptions{URL: "https://age.example/"})
	if _, err := agepass.NewGate(s, c, "http://age.example/", "https://chat.example/age"); err == nil || !strings.HasPrefix(err.Error(), "page: ") {
		t.Error(err)
	}
	if _, err := agepass.NewGate(s, c, "https://age.example/", "/age"); err == nil || !strings.HasPrefix(err.Error(), "back: ") {
		t.Error(err)
	}
}
