package match_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"testing"
	"testing/synctest"

	"github.com/joingyd/joingyd/match"
)

// runComplaints is run with a hub whose reports are answered by take.
func runComplaints(t *testing.T, take func(match.Complaint) error, test func(t *testing.T, f *fixture)) {
	t.Helper()
	runWith(t, func(o *match.Options) { o.Pseudonym, o.Reported = pseudonym, take }, test)
}

// shows sends a text and returns what shows it in a report.
func (c *client) shows(pair, body, from string) map[string]any {
	c.f.t.Helper()
	c.send(fmt.Sprintf(`{"type":"text","pair":%q,"id":"1","body":%q}`, pair, body))
	m := c.expect("sent")
	return map[string]any{"from": from, "order": m.Order, "at": m.At, "body": body, "proof": m.Proof}
}

// complain reports the partner with lines and returns how many were taken.
func (c *client) complain(pair string, lines ...any) int {
	c.f.t.Helper()
	text, err := json.Marshal(map[string]any{"type": "report", "pair": pair, "reason": "spam", "note": "look", "lines": lines})
	if err != nil {
		c.f.t.Fatal(err)
	}
	c.send(string(text))
	return c.expect("reported").Lines
}

func bodies(lines []match.Line) (list []string) {
	for _, line := range lines {
		list = append(list, line.Body)
	}
	return list
}

// While the chat lives, its last lines go with a report by themselves.
func TestReportTakesTheChatAlong(t *testing.T) {
	var got []match.Complaint
	runComplaints(t, func(c match.Complaint) error { got = append(got, c); return nil }, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		a.shows(pair, "hello", "me")
		b.expect("text")
		first := b.shows(pair, "buy a watch", "them")
		a.expect("text")
		forged := map[string]any{"from": "them", "order": 3, "at": first["at"], "body": "and drugs", "proof": first["proof"]}
		if n := a.complain(pair, first, first, forged); n != 2 {
			t.Errorf("%d lines went with the report, want 2", n)
		}
		if len(got) != 1 {
			t.Fatalf("%d reports, want 1", len(got))
		}
		c := got[0]
		if want := []string{"hello", "buy a watch"}; !reflect.DeepEqual(bodies(c.Lines), want) || c.Note != "look" || c.Reason != "spam" {
			t.Errorf("%+v, want the lines %q", c, want)
		}
		if c.Lines[0].From != mustSession(t, a.welcome.Session) || c.Lines[1].From != mustSession(t, b.welcome.Session) {
			t.Error("the lines' authors are mixed up")
		}
		here := func(addr string) []netip.Addr { return []netip.Addr{netip.MustParseAddr(addr)} }
		if !reflect.DeepEqual(c.Reporters, here("192.0.2.1")) || !reflect.DeepEqual(c.Suspect.Addresses, here("192.0.2.2")) {
			t.Errorf("reporter %v, reported %+v", c.Reporters, c.Suspect)
		}
		if n := a.complain(pair); n != 0 || len(got) != 1 {
			t.Errorf("the second report of a chat: %d lines, %d reports", n, len(got))
		}
	})
}

// When it is over there is nothing left but what the reporter shows, and can prove.
func TestReportAfterTheChatShowsLines(t *testing.T) {
	var got []match.Complaint
	runComplaints(t, func(c match.Complaint) error { got = append(got, c); return nil }, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		first := b.shows(pair, "one", "them")
		a.expect("text")
		second := a.shows(pair, "two", "me")
		b.expect("text")
		b.shows(pair, "three, which nobody shows", "them")
		a.expect("text")
		b.end()
		a.expect("left")
		second["from"] = "them"
		if n := a.complain(pair, second, first); n != 1 || !reflect.DeepEqual(bodies(got[0].Lines), []string{"one"}) {
			t.Errorf("%d lines: %+v", n, got)
		}
		if !reflect.DeepEqual(got[0].Suspect, match.Suspect{Pseudonyms: []string{"p192-0-2-2"}}) || got[0].Live {
			t.Errorf("reported: %+v", got[0])
		}
	})
}

// A report that could not be kept is refused, not counted, and taken the next time;
// also where the chat ends meanwhile.
func TestReportThatCannotBeKept(t *testing.T) {
	broken, ends := errors.New("disk full"), func() {}
	runComplaints(t, func(match.Complaint) error { ends(); return broken }, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		report := `{"type":"report","pair":"` + pair + `","reason":"spam"}`
		a.send(report)
		if m := a.expect("error"); m.Code != "unavailable" || m.Re != "report" {
			t.Errorf("%+v", m)
		}
		ends = func() { f.Kick(mustSession(t, b.welcome.Session), "") }
		a.send(report)
		synctest.Wait()
		ends = func() {}
		a.expect("left")
		a.expect("error")
		if n := len(f.Reports()); n != 0 || f.Stats().Reports["spam"] != 0 {
			t.Errorf("%d reports are kept, %v counted", n, f.Stats().Reports)
		}
		broken = nil
		a.report(pair, "spam")
		if n := len(f.Reports()); n != 1 || f.Stats().Reports["spam"] != 1 {
			t.Errorf("%d reports are kept, %v counted", n, f.Stats().Reports)
		}
	})
}
