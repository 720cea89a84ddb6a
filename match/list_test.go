package match_test

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/joingyd/joingyd/match"
)

// listed returns what the list says of the client's session.
func (c *client) listed() match.Session {
	c.f.t.Helper()
	synctest.Wait()
	for s := range c.f.Sessions() {
		if s.ID == mustSession(c.f.t, c.welcome.Session) {
			return s
		}
	}
	c.f.t.Fatalf("%s is not listed", c.welcome.Session)
	return match.Session{}
}

// wantState fails the test unless the session has been doing this since then.
func (c *client) wantState(state match.State, mode string, since time.Time) {
	c.f.t.Helper()
	got := c.listed()
	if got.State != state || string(got.Mode) != mode || !got.StateSince.Equal(since) {
		c.f.t.Errorf("%s %q since %v; want %s %q since %v", got.State, got.Mode, got.StateSince, state, mode, since)
	}
}

func TestSessionsTellWhatEachIsDoing(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		later := func() time.Time { time.Sleep(time.Second); return time.Now() }
		began := time.Now()
		a := f.visit("192.0.2.1")
		a.wantState(match.StateIdle, "", began)
		if s := a.listed(); !s.Since.Equal(began) || s.Addr != netip.MustParseAddr("192.0.2.1") || s.Reports != 0 {
			t.Errorf("listed as %+v", s)
		}

		searched := later()
		a.send(`{"type":"find","mode":"video"}`)
		a.wantState(match.StateWaiting, "video", searched)
		left := later()
		a.send(`{"type":"leave"}`)
		a.wantState(match.StateIdle, "", left)
		searched = later()
		a.send(`{"type":"find","mode":"text"}`)
		a.wantState(match.StateWaiting, "text", searched)

		met := later()
		b := f.visit("192.0.2.2")
		b.send(`{"type":"find","mode":"text"}`)
		a.wantState(match.StateChatting, "text", met)
		b.wantState(match.StateChatting, "text", met)
		if stats := f.Stats(); stats.Pairs != 1 || stats.VideoPairs != 0 {
			t.Errorf("%d pairs, %d of them video", stats.Pairs, stats.VideoPairs)
		}

		// Who is away stays so when its chat ends, and goes on where it is when it is back.
		lost := later()
		b.conn.CloseNow()
		b.wantState(match.StateAway, "text", lost)
		a.wantState(match.StateChatting, "text", met)
		back := f.mustConnect("192.0.2.3")
		back.seen = 2 // with `matched`
		back.send(`{"type":"hello","resume":"` + b.welcome.Resume + `","ack":2}`)
		back.welcome = back.expect("welcome")
		back.wantState(match.StateChatting, "text", met)
		if s := back.listed(); s.Addr != netip.MustParseAddr("192.0.2.3") || !s.Since.Equal(met) {
			t.Errorf("back as %+v", s)
		}
		lost = later()
		back.conn.CloseNow()
		synctest.Wait()
		over := later()
		a.send(`{"type":"leave"}`)
		a.wantState(match.StateIdle, "", over)
		back.wantState(match.StateAway, "", lost)
		if s := a.listed(); !s.Since.Equal(began) {
			t.Errorf("exists since %v, want %v", s.Since, began)
		}
	})
}

func TestSessionsCountReports(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("video")
		if stats := f.Stats(); stats.Pairs != 1 || stats.VideoPairs != 1 {
			t.Errorf("%d pairs, %d of them video", stats.Pairs, stats.VideoPairs)
		}
		for range 2 { // it counts once
			a.send(`{"type":"report","pair":"` + pair + `","reason":"spam"}`)
			a.expect("reported")
		}
		if got, by := b.listed().Reports, a.listed().Reports; got != 1 || by != 0 {
			t.Errorf("%d reports against the reported, %d against the other", got, by)
		}
		c := f.visit("192.0.2.4")
		c.send(`{"type":"find","mode":"text"}`)
		c.expect("waiting")
		b.send(`{"type":"find","mode":"text"}`)
		c.send(`{"type":"report","pair":"` + c.expect("matched").Pair + `","reason":"other"}`)
		c.expect("reported")
		if got := b.listed().Reports; got != 2 {
			t.Errorf("%d reports, want 2", got)
		}
	})
}
