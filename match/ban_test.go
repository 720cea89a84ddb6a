package match_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/joingyd/joingyd/match"
)

func TestBanEndsTheSession(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, _ := f.pair("text")
		until := time.Now().Add(time.Hour)
		f.mu.Lock()
		f.banned[netip.MustParseAddr("192.0.2.1")] = match.Ban{Reason: "nudity", Until: until}
		f.mu.Unlock()
		if n := f.EnforceBans(nil); n != 1 {
			t.Errorf("EnforceBans = %d", n)
		}
		if sessions, pairs := f.relay.counts(); sessions != 1 || pairs != 0 {
			t.Errorf("the relay still knows %d sessions and %d pairs", sessions, pairs)
		}
		m := a.expect("banned")
		if m.Reason != "nudity" || m.Until == nil || !m.Until.Equal(until.Truncate(time.Second)) || m.Appeal != "/appeal" {
			t.Errorf("banned = %+v", m)
		}
		a.expectClose(4503)
		if m := b.expect("left"); m.Reason != "banned" {
			t.Errorf("left = %+v", m)
		}
		_, response, err := f.connect("192.0.2.1", nil)
		if err == nil || response.StatusCode != http.StatusForbidden {
			t.Fatalf("a banned address connected: %v, %v", response, err)
		}
		body, _ := io.ReadAll(response.Body)
		var refusal struct{ Code, Reason, Until string }
		if err := json.Unmarshal(body, &refusal); err != nil || refusal.Code != "banned" || refusal.Reason != "nudity" || refusal.Until == "" {
			t.Errorf("403 says %s", body)
		}
	})
}

// ban bans an address without telling the hub.
func (f *fixture) ban(addr string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.banned[netip.MustParseAddr(addr)] = match.Ban{Reason: "spam"}
}

// A part of trial W6: a socket that was open before the ban gets no session after.
func TestW6BanMeetsSocketsWithoutASession(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		silent, reading := f.mustConnect("192.0.2.1"), f.mustConnect("192.0.2.1")
		reading.send(`{"type":"hello"}`)
		reading.expect("error")
		other := f.visit("192.0.2.2")
		f.ban("192.0.2.1")
		if n := f.EnforceBans(nil); n != 0 {
			t.Errorf("EnforceBans = %d, want no session", n)
		}
		silent.expectClose(4503)
		reading.expectClose(4503)
		other.quiet()
	})
}

// knock says hello on a socket that was open before its address was banned.
func (f *fixture) knock(addr, hello string) {
	f.t.Helper()
	c := f.mustConnect(addr)
	f.ban(addr)
	c.send(hello)
	if m := c.expect("banned"); m.Seq != 0 || m.Reason != "spam" || m.Until != nil || m.Appeal != "/appeal" {
		f.t.Errorf("banned = %+v", m)
	}
	c.expectClose(4503)
}

func TestW6HelloOfABannedAddress(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a := f.visit("192.0.2.1")
		f.knock("192.0.2.9", hello)
		if n := f.Online(); n != 1 {
			t.Errorf("%d online, want the one before the ban", n)
		}
		a.quiet()
	})
}

// A session that comes back from a banned address ends at once, and not with its
// grace; so does one whose old socket is still there.
func TestW6ResumeFromABannedAddress(t *testing.T) {
	for name, lost := range map[string]bool{"socket lost": true, "socket open": false} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, f *fixture) {
				a, b, _ := f.pair("text")
				if lost {
					a.conn.CloseNow()
					synctest.Wait()
				}
				f.knock("192.0.2.9", `{"type":"hello","resume":"`+a.welcome.Resume+`","ack":`+jsonNumber(a.seen)+`}`)
				if m := b.expect("left"); m.Reason != "banned" {
					t.Errorf("left = %+v", m)
				}
				if sessions, pairs := f.relay.counts(); sessions != 1 || pairs != 0 {
					t.Errorf("the relay still knows %d sessions and %d pairs", sessions, pairs)
				}
				if !lost {
					a.expect("banned")
					a.expectClose(4503)
				}
			})
		})
	}
}

// What comes after the message that closed the socket makes no session.
func TestHelloOnASocketBeingShut(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		c := f.mustConnectRaw("192.0.2.1")
		c.Write(t.Context(), websocket.MessageText, []byte(`{"type":"find","mode":"text"}`))
		c.Write(t.Context(), websocket.MessageText, []byte(hello))
		synctest.Wait()
		if n := f.Online(); n != 0 {
			t.Errorf("%d online", n)
		}
	})
}

func TestBanByRelayAddress(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a := f.visit("192.0.2.1")
		f.relay.mu.Lock()
		f.relay.addrs[mustSession(t, a.welcome.Session)] = []netip.Addr{netip.MustParseAddr("2001:db8::1")}
		f.relay.mu.Unlock()
		f.mu.Lock()
		f.banned[netip.MustParseAddr("2001:db8::1")] = match.Ban{Reason: "spam"}
		f.mu.Unlock()
		if n := f.Affected(func(a netip.Addr) bool { return a == netip.MustParseAddr("2001:db8::1") }); n != 1 {
			t.Errorf("Affected = %d", n)
		}
		f.EnforceBans(nil)
		if m := a.expect("banned"); m.Until != nil {
			t.Errorf("banned = %+v, want permanent", m)
		}
		a.expectClose(4503)
	})
}

func TestKick(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, _ := f.pair("text")
		id := mustSession(t, a.welcome.Session)
		if !f.Kick(id, "") || f.Kick(id, "") {
			t.Error("Kick is wrong about who is there")
		}
		a.expectClose(4504)
		if m := b.expect("left"); m.Reason != "moderated" {
			t.Errorf("left = %+v", m)
		}
	})
}
