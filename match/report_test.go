package match_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/joingyd/joingyd/match"
)

// pseudonym stands for an address in these tests.
func pseudonym(addr netip.Addr) string {
	return "p" + strings.NewReplacer(".", "-", ":", "-").Replace(addr.String())
}

// runReports is run with a hub that keeps pseudonyms.
func runReports(t *testing.T, test func(t *testing.T, f *fixture)) {
	t.Helper()
	runWith(t, func(o *match.Options) { o.Pseudonym = pseudonym }, test)
}

// report reports the partner and returns the report's id.
func (c *client) report(pair, reason string) (id string) {
	c.f.t.Helper()
	c.send(`{"type":"report","pair":"` + pair + `","reason":"` + reason + `","note":"a note"}`)
	m := c.expect("reported")
	if len(m.Report) != 8 || m.Pair != pair {
		c.f.t.Fatalf("reported = %+v", m)
	}
	return m.Report
}

// end closes the client's socket for good, so that its session ends.
func (c *client) end() {
	c.f.t.Helper()
	c.conn.Close(1000, "")
	synctest.Wait()
}

// A report leads to addresses while the session lives, and to their pseudonyms when
// it is over: those of the WebSocket and of the relay, each once.
func TestReportLeadsToTheReported(t *testing.T) {
	runReports(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		relayed := netip.MustParseAddr("2001:db8::1")
		f.relay.mu.Lock()
		f.relay.addrs[mustSession(t, b.welcome.Session)] = []netip.Addr{relayed, netip.MustParseAddr("192.0.2.2")}
		f.relay.mu.Unlock()
		at := time.Now()
		id := a.report(pair, "nudity")
		if again := a.report(pair, "spam"); again != id {
			t.Errorf("the second report of a chat is %s, want %s", again, id)
		}
		list := f.Reports()
		if len(list) != 1 {
			t.Fatalf("Reports = %+v", list)
		}
		want := match.Report{
			ID: id, Reason: "nudity", At: list[0].At, Live: true,
			Reporter: mustSession(t, a.welcome.Session), Reported: mustSession(t, b.welcome.Session),
		}
		if list[0] != want || !want.At.Equal(at) {
			t.Errorf("Reports = %+v, want %+v", list, want)
		}
		report, suspect, ok := f.Report(id)
		if !ok || report != want || suspect.Pseudonyms != nil || !slices.Contains(suspect.Addresses, relayed) || !slices.Contains(suspect.Addresses, netip.MustParseAddr("192.0.2.2")) {
			t.Errorf("Report = %+v, %+v, %v", report, suspect, ok)
		}

		b.end()
		want.Live = false
		report, suspect, ok = f.Report(id)
		if pseudonyms := []string{"p2001-db8--1", "p192-0-2-2"}; !ok || report != want || suspect.Addresses != nil || !slices.Equal(suspect.Pseudonyms, pseudonyms) {
			t.Errorf("after the end: Report = %+v, %+v, %v", report, suspect, ok)
		}
		if _, _, ok := f.Report("aaaaaaaa"); ok {
			t.Error("a report that nobody made was found")
		}
		a.end()
		time.Sleep(24 * time.Hour)
		if _, _, ok := f.Report(id); ok || len(f.Reports()) != 0 {
			t.Error("a report is kept for more than a day")
		}
	})
}

// Whoever misbehaves and leaves the site at once is found all the same, also where
// there were others in between.
func TestReportOfWhoIsGone(t *testing.T) {
	for name, leave := range map[string]func(f *fixture, b *client){
		"at once": func(f *fixture, b *client) { b.end() },
		"after the next chat": func(f *fixture, b *client) {
			c := f.visit("192.0.2.3")
			c.send(`{"type":"find","mode":"text"}`)
			c.expect("waiting")
			b.send(`{"type":"find","mode":"text"}`)
			c.expect("matched")
			b.end()
		},
		"banned": func(f *fixture, b *client) { f.ban("192.0.2.2"); f.EnforceBans(nil) },
	} {
		t.Run(name, func(t *testing.T) {
			runReports(t, func(t *testing.T, f *fixture) {
				a, b, pair := f.pair("text")
				leave(f, b)
				a.expect("left")
				id := a.report(pair, "minor")
				report, suspect, ok := f.Report(id)
				if !ok || report.Live || !slices.Equal(suspect.Pseudonyms, []string{"p192-0-2-2"}) || suspect.Addresses != nil {
					t.Errorf("Report = %+v, %+v, %v", report, suspect, ok)
				}
			})
		})
	}
}

// Without pseudonyms nothing is left of who is gone.
func TestReportWithoutPseudonyms(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		id := a.report(pair, "spam")
		if _, suspect, ok := f.Report(id); !ok || len(suspect.Addresses) != 1 {
			t.Errorf("%+v, %v", suspect, ok)
		}
		b.end()
		if _, suspect, ok := f.Report(id); !ok || suspect.Addresses != nil || suspect.Pseudonyms != nil {
			t.Errorf("after the end: %+v, %v", suspect, ok)
		}
	})
}
