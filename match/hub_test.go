package match_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/joingyd/joingyd/ident"
)

func TestWelcome(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		w := f.visit("192.0.2.1").welcome
		if _, err := ident.ParseSession(w.Session); err != nil || len(w.Resume) < 43 || w.Policy != "v1" || w.Seq != 1 {
			t.Errorf("welcome = %+v", w)
		}
		if w.ICE.TransportPolicy != "relay" || w.ICE.Servers[0].URLs[0] != "turn:site.test" || w.ICE.Expires.Location() != time.UTC {
			t.Errorf("ice = %+v", w.ICE)
		}
	})
}

// A hello on the heels of the request has arrived with it.
func TestHelloBeforeTheUpgrade(t *testing.T) {
	s := newSite(t)
	c := s.dial()
	defer s.closeConn(c)
	c.Write(append([]byte(request(s.host, addr(1), "AQIDBAUGBwgJCgsMDQ4PEA==")), frame(fin|opText, hello)...))
	c.SetReadDeadline(time.Now().Add(patienceOfTests))
	if response, err := http.ReadResponse(c.r, nil); err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("%v, %v", response, err)
	}
	s.must(c, "welcome")
	c.say(findText)
	s.must(c, "waiting")
}

func TestConsentIsRequired(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		c := f.mustConnect("192.0.2.1")
		for _, bad := range []string{
			`{"type":"hello"}`, `{"type":"hello","consent":{"policy":"v0","adult":true}}`, `{"type":"hello","consent":{"policy":"v1","adult":false}}`,
		} {
			c.send(bad)
			if m := c.expect("error"); m.Code != "consent_required" || m.Policy != "v1" || m.Re != "hello" {
				t.Errorf("%s: %+v", bad, m)
			}
		}
		time.Sleep(9 * time.Minute)
		c.send(hello)
		c.expect("welcome")
	})
}

// Asking again does not move the time that is left for consent.
func TestConsentHasADeadline(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		c, start := f.mustConnect("192.0.2.1"), time.Now()
		for range 2 {
			c.send(`{"type":"hello"}`)
			c.expect("error")
			time.Sleep(6 * time.Minute)
		}
		c.expectClose(4408)
		if got := time.Since(start); got != 12*time.Minute { // it was closed in the sleep
			t.Errorf("closed after %v", got)
		}
	})
}

func TestHelloDeadlineAndOrder(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		start := time.Now()
		f.mustConnect("192.0.2.1").expectClose(4408)
		if got := time.Since(start); got != 5*time.Second {
			t.Errorf("closed after %v", got)
		}
		c := f.mustConnect("192.0.2.1")
		c.send(`{"type":"find","mode":"video"}`)
		c.expectClose(4500)
	})
}

func TestChat(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		a.send(`{"type":"typing","pair":"` + pair + `","on":true}`)
		if m := b.expect("typing"); !m.On || m.Pair != pair {
			t.Errorf("typing = %+v", m)
		}
		a.send(`{"type":"text","pair":"` + pair + `","id":"1","body":"hi <b> \u2028 there"}`)
		if m := b.expect("text"); m.Body != "hi <b> \u2028 there" || m.ID != "1" {
			t.Errorf("text = %+v", m)
		}
		if m := a.expect("sent"); m.ID != "1" {
			t.Errorf("sent = %+v", m)
		}
		a.send(`{"type":"text","pair":"` + pair + `","id":"2","body":"` + strings.Repeat("ü", 2001) + `"}`)
		if m := a.expect("rejected"); m.ID != "2" || m.Code != "too_large" {
			t.Errorf("rejected = %+v", m)
		}
		a.send(`{"type":"leave"}`)
		if m := b.expect("left"); m.Pair != pair || m.Reason != "left" {
			t.Errorf("left = %+v", m)
		}
		b.send(`{"type":"text","pair":"` + pair + `","id":"3","body":"too late"}`)
		if m := b.expect("error"); m.Code != "stale_pair" || m.Re != "text" {
			t.Errorf("error = %+v", m)
		}
		a.quiet()
	})
}

func TestNextFindsSomebodyElse(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		a.send(`{"type":"find","mode":"text"}`)
		if m := b.expect("left"); m.Reason != "next" {
			t.Errorf("left = %+v", m)
		}
		a.expect("waiting")
		b.send(`{"type":"find","mode":"text"}`)
		b.expect("waiting") // not at once with the last partner
		c := f.visit("192.0.2.3")
		c.send(`{"type":"find","mode":"text"}`)
		if mc, ma := c.expect("matched"), a.expect("matched"); mc.Pair != ma.Pair || mc.Pair == pair {
			t.Errorf("matched %+v and %+v", mc, ma)
		}
		b.quiet()
	})
}

func TestTwoAloneMeetAgainAfterPatience(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, _ := f.pair("text")
		a.send(`{"type":"find","mode":"text","interests":["Chess"]}`)
		b.expect("left")
		b.send(`{"type":"find","mode":"text","interests":["chess"]}`)
		start := time.Now()
		if m := a.expect("waiting"); m.Mode != "text" {
			t.Errorf("waiting = %+v", m)
		}
		b.expect("waiting")
		ma, mb := a.expect("matched"), b.expect("matched")
		if ma.Common[0] != "Chess" || mb.Common[0] != "chess" {
			t.Errorf("common = %v and %v, want each in its own spelling", ma.Common, mb.Common)
		}
		if got := time.Since(start); got != 3*time.Second {
			t.Errorf("met again after %v", got)
		}
	})
}

func TestSignallingPassesTheMask(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("video")
		candidate := func(text string) {
			a.send(`{"type":"candidate","pair":"` + pair + `","candidate":{"candidate":"` + text + `","sdpMid":"0","sdpMLineIndex":0}}`)
		}
		candidate("candidate:1 1 udp 33562367 198.18.7.7 7777 typ relay raddr 203.0.113.9 rport 4242 generation 0 network-cost 10")
		m := b.expect("candidate")
		if got := m.Candidate.Candidate; strings.Contains(got, "203.0.113.9") || strings.Contains(got, "4242") || !strings.Contains(got, "198.18.7.7 7777 typ relay raddr 0.0.0.0 rport 0") {
			t.Errorf("candidate = %q", got)
		}
		for _, bad := range []string{
			"candidate:1 1 udp 2122260223 203.0.113.9 4242 typ host",
			"candidate:1 1 udp 33562367 198.18.9.9 9999 typ relay raddr 0.0.0.0 rport 0", // somebody else's
			"nonsense",
		} {
			candidate(bad)
			if m := a.expect("error"); m.Code != "masked" || strings.Contains(m.Detail, "203.0.113.9") {
				t.Errorf("%s: %+v", bad, m)
			}
		}
		a.send(`{"type":"candidate","pair":"` + pair + `","candidate":null}`)
		if m := b.expect("candidate"); m.Candidate != nil {
			t.Errorf("end of candidates = %+v", m)
		}
		a.send(`{"type":"description","pair":"` + pair + `","description":{"type":"offer","sdp":"v=0"}}`)
		if m := a.expect("error"); m.Code != "masked" || m.Re != "description" {
			t.Errorf("error = %+v", m)
		}
		b.quiet()
	})
}

func TestTextChatRefusesDescriptions(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		a.send(`{"type":"description","pair":"` + pair + `","description":{"type":"offer","sdp":"v=0"}}`)
		if m := a.expect("error"); m.Code != "bad_message" {
			t.Errorf("error = %+v", m)
		}
		b.quiet()
	})
}

func TestReport(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		report := func(c *client, reason, kind string) message {
			c.send(`{"type":"report","pair":"` + pair + `","reason":"` + reason + `","block":true}`)
			return c.expect(kind)
		}
		report(a, "spam", "reported")
		report(a, "spam", "reported") // counted once
		if m := report(a, "boring", "error"); m.Code != "bad_message" {
			t.Errorf("error = %+v", m)
		}
		b.send(`{"type":"leave"}`)
		a.expect("left")
		time.Sleep(59 * time.Second)
		report(b, "nudity", "reported")
		time.Sleep(2 * time.Second)
		if m := report(b, "other", "error"); m.Code != "stale_pair" {
			t.Errorf("error = %+v", m)
		}
		if got := f.Stats().Reports; got["spam"] != 1 || got["nudity"] != 1 || len(got) != 2 {
			t.Errorf("Reports = %v", got)
		}
		// Both blocked each other: they never meet again.
		a.send(`{"type":"find","mode":"text"}`)
		b.send(`{"type":"find","mode":"text"}`)
		a.expect("waiting")
		b.expect("waiting")
		time.Sleep(time.Minute)
		a.quiet()
		b.quiet()
	})
}

// A report or a block comes when the chat is over, and who sends it often waits by then.
func TestBlockWhileWaiting(t *testing.T) {
	for kind, more := range map[string]string{"reported": `report","reason":"spam","block":true`, "blocked": `block"`} {
		t.Run(kind, func(t *testing.T) { testBlockWhileWaiting(t, kind, more) })
	}
}

func testBlockWhileWaiting(t *testing.T, kind, more string) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		a.send(`{"type":"find","mode":"text"}`)
		a.expect("waiting")
		b.expect("left")
		a.send(`{"pair":"` + pair + `","type":"` + more + `}`)
		a.expect(kind)
		b.send(`{"type":"find","mode":"text"}`)
		b.expect("waiting")
		time.Sleep(time.Minute)
		a.quiet()
		b.quiet()
	})
}

func TestOnlineAndFreshCredentials(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a := f.visit("192.0.2.1")
		f.visit("192.0.2.2")
		a.expect("online")
		start := time.Now()
		m := a.expect("ice")
		if m.ICE.Expires.Sub(start) < time.Hour {
			t.Errorf("ice = %+v", m.ICE)
		}
		if waited := time.Since(start); waited < 49*time.Minute || waited > 55*time.Minute {
			t.Errorf("fresh credentials after %v", waited)
		}
	})
}

// The count told with the welcome counts: it may be stale while everybody else
// knows the right one, and the other way round.
func TestOnlineIsToldToWhoKnowsAnother(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a := f.visit("192.0.2.1")
		time.Sleep(15 * time.Second)
		b := f.visit("192.0.2.2")
		if b.welcome.Online != 2 {
			t.Errorf("welcome = %+v", b.welcome)
		}
		a.conn.Close(websocket.StatusNormalClosure, "")
		if m := b.expect("online"); m.Count != 1 {
			t.Errorf("online = %+v", m)
		}
		c := f.visit("192.0.2.3")
		if m := b.expect("online"); m.Count != 2 {
			t.Errorf("online = %+v", m)
		}
		time.Sleep(time.Minute)
		if len(c.messages) != 0 {
			t.Errorf("told %+v, which it knew", <-c.messages)
		}
	})
}

func TestCloseTellsEverybody(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, _ := f.pair("text")
		if err := f.Close(t.Context()); err != nil {
			t.Error(err)
		}
		a.expectClose(1001)
		b.expectClose(1001)
		if _, response, err := f.connect("192.0.2.3", nil); err == nil || response.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("connected to a closed hub: %v", err)
		}
	})
}
