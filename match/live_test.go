package match_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/match"
)

// What Change changes holds at once, for newcomers: who is there stays.
func TestChange(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a := f.visit("192.0.2.1")
		changed := f.Live()
		changed.Policy, changed.Origins, changed.Sessions = "v2", []string{"https://new.test"}, 2
		changed.Filter = match.Filter{Links: match.FilterPolicies()["reject"]}
		f.Change(changed)

		b := f.mustConnect("192.0.2.2")
		b.send(hello)
		if m := b.expect("error"); m.Code != "consent_required" || m.Policy != "v2" {
			t.Errorf("to who consents to the old policy: %+v", m)
		}
		b.send(strings.Replace(hello, "v1", "v2", 1))
		b.expect("welcome")
		// The one is let through to where there is no room for a third, of two.
		for origin, want := range map[string]int{"https://new.test": http.StatusServiceUnavailable, "https://other.test": http.StatusForbidden} {
			if _, response, _ := f.connect("192.0.2.3", http.Header{"Origin": {origin}}); response == nil || response.StatusCode != want {
				t.Errorf("%s: %v, want %d", origin, response, want)
			}
		}
		a.send(`{"type":"find","mode":"text"}`)
		a.expect("waiting")
		b.send(`{"type":"find","mode":"text"}`)
		pair := a.expect("matched").Pair
		b.expect("matched")
		a.send(`{"type":"text","pair":"` + pair + `","id":"1","body":"see example.com"}`)
		if m := a.expect("rejected"); m.Reason != "link" {
			t.Errorf("a link: %+v", m)
		}
	})
}
