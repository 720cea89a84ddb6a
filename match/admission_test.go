package match_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/joingyd/joingyd/match"
)

// denied checks what the hub counted as not admitted.
func (f *fixture) denied(want map[string]uint64) {
	f.t.Helper()
	got := f.Stats().Denied
	for _, reason := range match.Denials() {
		if got[reason] != want[reason] {
			f.t.Errorf("denied %s: %d, want %d", reason, got[reason], want[reason])
		}
	}
	if len(got) > len(match.Denials()) {
		f.t.Errorf("denied %v: a reason that Denials leaves out", got)
	}
}

// closed drains the socket and returns the code and reason that it ended with.
func (c *client) closed() (websocket.StatusCode, string) {
	for range c.messages {
	}
	var frame websocket.CloseError
	if !errors.As(c.err, &frame) {
		c.f.t.Errorf("socket ended with %v, want a close frame", c.err)
	}
	return frame.Code, frame.Reason
}

// The pace of an address with 8 sessions or fewer: 32 upgrades, then one in 1.9 s.
func TestUpgradesOfAnAddress(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		foreign := func(addr string) int {
			_, response, err := f.connect(addr, http.Header{"Origin": {"http://evil.test"}})
			if err == nil {
				t.Fatal("a foreign origin got in")
			}
			return response.StatusCode
		}
		for i := range 32 { // failed ones count, from anywhere in the /64
			if status := foreign(fmt.Sprintf("2001:db8::%x", i+1)); status != http.StatusForbidden {
				t.Fatalf("upgrade %d: %d", i, status)
			}
		}
		_, response, err := f.connect("2001:db8::ffff", nil)
		if err == nil || response.StatusCode != http.StatusTooManyRequests {
			t.Fatalf("upgrade 33: %v", err)
		}
		wait, err := strconv.Atoi(response.Header.Get("Retry-After"))
		if err != nil || wait < 1 || wait > 60 {
			t.Errorf("Retry-After %q", response.Header.Get("Retry-After"))
		}
		f.visit("2001:db8:0:1::1") // the next /64
		f.denied(map[string]uint64{"origin": 32, "upgrade_rate": 1})
		time.Sleep(time.Duration(wait) * time.Second)
		f.visit("2001:db8::ffff")
	})
}

// Whether it is banned an address may ask as often as it may upgrade, and both.
func TestBanChecksOfAnAddress(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		check := func(addr string) time.Duration { return f.BanCheckWait(netip.MustParseAddr(addr)) }
		for i := range 32 {
			if wait := check(fmt.Sprintf("2001:db8::%x", i+1)); wait != 0 {
				t.Fatalf("check %d: wait %v", i, wait)
			}
		}
		wait := check("2001:db8::1")
		if wait < 5*time.Second || wait > time.Minute {
			t.Errorf("check 33: wait %v", wait)
		}
		if other := check("2001:db8:0:1::1"); other != 0 {
			t.Errorf("the next /64: wait %v", other)
		}
		f.denied(map[string]uint64{"check_rate": 1})
		f.visit("2001:db8::1")
		time.Sleep(wait)
		if wait := check("2001:db8::1"); wait != 0 {
			t.Errorf("after the wait: %v", wait)
		}
	})
}

// A visitor who does nothing but come and go: 16 sessions, then one in 3.75 s.
func TestNewSessionsOfAnAddress(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		for range 16 {
			c := f.visit("192.0.2.1")
			c.conn.Close(websocket.StatusNormalClosure, "")
			synctest.Wait()
		}
		c := f.mustConnect("192.0.2.1")
		c.send(hello)
		code, reason := c.closed()
		wait, err := strconv.Atoi(reason)
		if code != 4429 || err != nil || wait < 1 || wait > 60 {
			t.Errorf("closed with %d %q", code, reason)
		}
		f.visit("192.0.2.2")
		f.denied(map[string]uint64{"session_rate": 1})
		time.Sleep(time.Duration(wait) * time.Second)
		f.visit("192.0.2.1")
	})
}

// Resuming is no new session.
func TestResumeIsNoNewSession(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a := f.visit("192.0.2.1")
		for range 30 {
			a.conn.CloseNow()
			synctest.Wait()
			b := f.mustConnect("192.0.2.1")
			b.send(`{"type":"hello","resume":"` + a.welcome.Resume + `","ack":` + jsonNumber(a.seen) + `}`)
			b.seen = a.seen
			b.welcome = b.expect("welcome")
			if b.welcome.Session != a.welcome.Session {
				t.Fatal("another session")
			}
			a = b
		}
		f.denied(nil)
	})
}

// Three sessions of an address search at the pace of one: 32, then four a second.
func TestFindsOfAnAddress(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		var limited, waiting int
		for _, addr := range []string{"192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2"} {
			c := f.visit(addr)
			for range 12 {
				c.send(`{"type":"find","mode":"text"}`)
			}
			synctest.Wait()
			for len(c.messages) > 0 {
				switch m := <-c.messages; {
				case m.Type == "error" && m.Code == "rate_limited" && m.Re == "find":
					limited++
				case m.Type == "waiting" || m.Type == "matched":
					waiting++
				}
			}
			c.conn.Close(websocket.StatusNormalClosure, "")
			synctest.Wait()
		}
		if limited != 4 || waiting != 44 {
			t.Errorf("%d searches limited, %d not; want 4 and 44", limited, waiting)
		}
		f.denied(map[string]uint64{"find_rate": 4})
	})
}

func TestSessionsInAll(t *testing.T) {
	runWith(t, func(o *match.Options) { o.Sessions = 16 }, func(t *testing.T, f *fixture) {
		var visitors []*client
		for i := range 16 {
			visitors = append(visitors, f.visit(fmt.Sprintf("192.0.2.%d", i+1)))
		}
		c := f.mustConnect("192.0.2.100") // one socket more, for those who resume
		_, response, err := f.connect("192.0.2.101", nil)
		if err == nil || response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") != "60" {
			t.Fatalf("past it: %v, %v", response, err)
		}
		c.send(hello)
		if code, reason := c.closed(); code != 4429 || reason != "60" {
			t.Errorf("closed with %d %q", code, reason)
		}
		synctest.Wait() // the daemon has let go of the socket as well
		f.denied(map[string]uint64{"capacity": 2})

		again := f.mustConnect("192.0.2.1")
		again.send(`{"type":"hello","resume":"` + visitors[0].welcome.Resume + `","ack":1}`)
		again.seen = 1
		if again.expect("welcome").Session != visitors[0].welcome.Session {
			t.Error("the session was not resumed")
		}
		visitors[1].conn.Close(websocket.StatusNormalClosure, "")
		visitors[0].expectClose(4501)
		synctest.Wait()
		f.visit("192.0.2.101")
	})
}

func TestDenialsAreCounted(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		f.connect("192.0.2.1", http.Header{"Origin": {"null"}})
		early := f.mustConnect("192.0.2.2")
		f.ban("192.0.2.2")
		f.connect("192.0.2.2", nil)
		early.send(hello)
		early.expectClose(4503)
		for range 4 {
			f.mustConnect("192.0.2.3").send(hello)
			synctest.Wait()
		}
		f.denied(map[string]uint64{"origin": 1, "banned": 2, "sessions": 1})
	})
}
