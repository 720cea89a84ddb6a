package match_test

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/joingyd/joingyd/match"
)

// banVideo bans an address from video chats, without telling the hub.
func (f *fixture) banVideo(addr string, ban match.Ban) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.noVideo[netip.MustParseAddr(addr)] = ban
}

// expectVideoBanned expects the answer to a find that a ban refuses.
func (c *client) expectVideoBanned(ban match.Ban) {
	c.f.t.Helper()
	m := c.expect("error")
	sameEnd := (m.Until == nil) == ban.Until.IsZero()
	if m.Until != nil {
		sameEnd = m.Until.Equal(ban.Until)
	}
	if m.Code != "video_banned" || m.Re != "find" || m.Reason != ban.Reason || !sameEnd || m.Appeal != "/appeal" {
		c.f.t.Errorf("error = %+v, want it to tell of %+v", m, ban)
	}
}

// meet lets two with sessions find each other.
func (f *fixture) meet(a, b *client, mode string) (pair string) {
	f.t.Helper()
	a.send(`{"type":"find","mode":"` + mode + `"}`)
	a.expect("waiting")
	b.send(`{"type":"find","mode":"` + mode + `"}`)
	pair = b.expect("matched").Pair
	if got := a.expect("matched").Pair; got != pair {
		f.t.Fatalf("pairs %s and %s", got, pair)
	}
	return pair
}

// freed returns how often all of the client's allocations were closed.
func (c *client) freed() int {
	c.f.relay.mu.Lock()
	defer c.f.relay.mu.Unlock()
	return c.f.relay.freed[mustSession(c.f.t, c.welcome.Session)]
}

// A ban from video ends the video chat and the allocations, but not the session:
// text chats are open to it.
func TestVideoBanEndsTheVideoChat(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("video")
		ban := match.Ban{Reason: "nudity", Until: time.Now().Add(time.Hour)}
		f.banVideo("192.0.2.1", ban)
		if n := f.EnforceBans(nil); n != 0 {
			t.Errorf("EnforceBans = %d, want no session", n)
		}
		if sessions, pairs := f.relay.counts(); sessions != 2 || pairs != 0 || a.freed() != 1 || b.freed() != 0 {
			t.Errorf("the relay knows %d sessions and %d pairs, and closed the allocations of a %d times and of b %d times",
				sessions, pairs, a.freed(), b.freed())
		}
		a.expectVideoBanned(ban)
		for _, c := range []*client{a, b} {
			if m := c.expect("left"); m.Reason != "banned" || m.Pair != pair {
				t.Errorf("left = %+v", m)
			}
		}
		a.send(`{"type":"find","mode":"video"}`)
		a.expectVideoBanned(ban)
		c := f.visit("192.0.2.3")
		pair = f.meet(c, a, "text")
		a.send(`{"type":"text","pair":"` + pair + `","id":"1","body":"hello"}`)
		c.expect("text")
	})
}

// Of who waits for a video chat it ends the search.
func TestVideoBanEndsTheSearch(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b := f.visit("192.0.2.1"), f.visit("192.0.2.2")
		a.send(`{"type":"find","mode":"video"}`)
		a.expect("waiting")
		f.banVideo("192.0.2.1", match.Ban{Reason: "nudity"})
		f.EnforceBans(func(addr netip.Addr) bool { return addr == netip.MustParseAddr("192.0.2.1") })
		a.expectVideoBanned(match.Ban{Reason: "nudity"})
		b.send(`{"type":"find","mode":"video"}`)
		b.expect("waiting")
		b.quiet()
		a.quiet()
	})
}

// Text chats do not notice it, even when the search that it refuses comes out of one.
func TestVideoBanLeavesText(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		c := f.visit("192.0.2.1")
		c.send(`{"type":"find","mode":"text"}`)
		c.expect("waiting")
		f.banVideo("192.0.2.1", match.Ban{Reason: "nudity"})
		f.EnforceBans(nil)
		a.quiet()
		c.quiet()
		a.send(`{"type":"find","mode":"video"}`)
		a.expectVideoBanned(match.Ban{Reason: "nudity"})
		a.send(`{"type":"text","pair":"` + pair + `","id":"1","body":"still here"}`)
		a.expect("sent")
		b.expect("text")
		stats := f.Stats()
		if stats.Denied["banned"] != 1 || stats.Refused["video_banned"] != 1 {
			t.Errorf("Denied %v, Refused %v", stats.Denied, stats.Refused)
		}
	})
}

// The relay's addresses count, too, and those that a session is resumed from.
func TestVideoBanOfOtherAddresses(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, _ := f.pair("video")
		ban := match.Ban{Reason: "nudity"}
		a.conn.CloseNow()
		synctest.Wait()
		f.banVideo("192.0.2.9", ban)
		again := f.mustConnect("192.0.2.9")
		again.seen = a.seen
		again.send(`{"type":"hello","resume":"` + a.welcome.Resume + `","ack":` + jsonNumber(a.seen) + `}`)
		again.expect("welcome")
		again.expectVideoBanned(ban)
		again.expect("left")
		b.expect("left")

		c := f.visit("192.0.2.3")
		f.relay.mu.Lock()
		f.relay.addrs[mustSession(t, c.welcome.Session)] = []netip.Addr{netip.MustParseAddr("2001:db8::1")}
		f.relay.mu.Unlock()
		f.banVideo("2001:db8::1", ban)
		c.send(`{"type":"find","mode":"video"}`)
		c.expectVideoBanned(ban)
	})
}
