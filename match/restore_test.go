package match_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/joingyd/joingyd/match"
)

// window is how long the fixture's hub waits for who was in a chat before it: its
// resume grace, and the second over which they return.
const window = 16 * time.Second

// back comes back from an address as a client does, and returns its new socket.
func (c *client) back(addr string) *client {
	c.f.t.Helper()
	for range c.messages { // until the hub that went has closed it
	}
	again := c.f.mustConnect(addr)
	again.seen = c.seen
	again.send(fmt.Sprintf(`{"type":"hello","resume":%q,"ack":%d,"consent":{"policy":"v1","adult":true}}`, c.welcome.Resume, c.seen))
	return again
}

// resumes expects the welcome of the session that c had.
func (c *client) resumes(again *client) {
	c.f.t.Helper()
	if again.welcome = again.expect("welcome"); again.welcome.Session != c.welcome.Session || again.welcome.Resume == c.welcome.Resume {
		c.f.t.Errorf("welcome = %+v after %+v", again.welcome, c.welcome)
	}
}

// anew expects the welcome of another session.
func (c *client) anew(again *client) {
	c.f.t.Helper()
	again.seen = 0
	if again.welcome = again.expect("welcome"); again.welcome.Session == c.welcome.Session || again.welcome.Seq != 1 {
		c.f.t.Errorf("welcome = %+v after %+v", again.welcome, c.welcome)
	}
}

func text(pair, id string) string {
	return fmt.Sprintf(`{"type":"text","pair":%q,"id":%q,"body":"hello %s"}`, pair, id, id)
}

// Two who chat go on in the next hub, whoever is back first: the same sessions, the same
// pair, and what the first says is there when the second comes.
func TestAChatGoesOnInTheNextHub(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		a.send(text(pair, "1"))
		a.expect("sent")
		b.expect("text")
		b.send(`{"type":"typing","pair":"` + pair + `","on":true}`) // nothing of it is told while the hub ends
		a.expect("typing")
		f.restart()
		a.expectClose(1001)
		a2 := a.back("192.0.2.1")
		a.resumes(a2)
		a2.send(text(pair, "2"))
		if m := a2.expect("sent"); m.Order != 2 {
			t.Errorf("line %d after 1", m.Order)
		}
		if got := f.Stats(); got.Online != 2 || got.Pairs != 1 || got.Paired["text"] != 0 {
			t.Errorf("stats = %+v", got)
		}
		for s := range f.Sessions() {
			if want := map[bool]match.State{true: match.StateChatting, false: match.StateAway}[s.Addr.IsValid()]; s.State != want {
				t.Errorf("session = %+v, want %s", s, want)
			}
		}
		b2 := b.back("192.0.2.22") // from somewhere else
		if m := b2.expect("text"); m.ID != "2" || m.Order != 2 {
			t.Errorf("text = %+v", m)
		}
		b.resumes(b2)
		b2.send(text(pair, "3"))
		b2.expect("sent")
		a2.expect("text")
		b2.quiet()
		a2.quiet()
		if got := f.Addresses(mustSession(t, b.welcome.Session)); len(got) != 1 || got[0] != netip.MustParseAddr("192.0.2.22") {
			t.Errorf("addresses = %v", got)
		}
		// A token works once, and those of the next hub work as ever.
		thief := a.back("192.0.2.1")
		a.anew(thief)
		thief.conn.Close(1000, "")
		a2.conn.CloseNow()
		a3 := a2.back("192.0.2.1")
		a2.resumes(a3)
		// And once more.
		f.restart()
		a4, b4 := a3.back("192.0.2.1"), b2.back("192.0.2.2")
		a3.resumes(a4)
		b2.resumes(b4)
		a4.send(text(pair, "4"))
		if m := b4.expect("text"); m.Order != 4 {
			t.Errorf("text = %+v", m)
		}
		a4.expect("sent")
		// Who ends it afterwards ends it as ever.
		a4.send(`{"type":"find","mode":"text"}`)
		if m := b4.expect("left"); m.Reason != "next" || m.Pair != pair {
			t.Errorf("left = %+v", m)
		}
		a4.expect("waiting")
	})
}

// A token that brings nothing back leads to a new session, as before there were
// handovers; the partner hears that nobody comes.
func TestWhatBringsNoSessionBack(t *testing.T) {
	later := func(d time.Duration) func(*testing.T, *fixture) {
		return func(*testing.T, *fixture) { time.Sleep(d) }
	}
	for _, test := range []struct {
		name    string
		between func(t *testing.T, f *fixture) // the hub that goes and the next
		after   func(t *testing.T, f *fixture)
		spoil   func(a *client)
		gap     bool // the partner hears at once that the chat is over
	}{
		{"no handover", func(_ *testing.T, f *fixture) { f.opts.Handover = nil }, nil, nil, false},
		{"one of another version", func(_ *testing.T, f *fixture) { f.opts.Handover = []byte("joingyd handover 9\n") }, nil, nil, false},
		{"one cut short", func(_ *testing.T, f *fixture) { f.opts.Handover = f.opts.Handover[:len(f.opts.Handover)-1] }, nil, nil, false},
		{"one that was changed", func(_ *testing.T, f *fixture) {
			for i := range f.opts.Handover[40:] {
				if i%200 == 190 {
					f.opts.Handover[40+i] ^= 1
				}
			}
		}, nil, nil, false},
		{"the next hub is late", later(match.HandoverLasts + time.Second), nil, nil, false},
		{"the client is late", nil, later(window), nil, false},
		{"nobody may resume", func(_ *testing.T, f *fixture) { f.opts.ResumeGrace = 0 }, nil, nil, false},
		{"another token", nil, nil, func(a *client) { a.welcome.Resume = a.welcome.Resume[1:] + "A" }, false},
		{"messages missed", nil, nil, func(a *client) { a.seen-- }, true},
		{"messages never sent", nil, nil, func(a *client) { a.seen++ }, true},
		{"proof of age is needed by now", func(_ *testing.T, f *fixture) { f.opts.Age.Text = true }, nil, nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			run(t, func(t *testing.T, f *fixture) {
				a, b, _ := f.pair("text")
				f.end()
				f.opts.Handover = f.Handover()
				if test.between != nil {
					test.between(t, f)
				}
				f.start()
				if test.after != nil {
					test.after(t, f)
				}
				if test.spoil != nil {
					test.spoil(a)
				}
				a2 := a.back("192.0.2.1")
				a.anew(a2)
				a2.quiet()
				if test.gap {
					b2 := b.back("192.0.2.2")
					if m := b2.expect("left"); m.Reason != "lost" {
						t.Errorf("left = %+v", m)
					}
					b.resumes(b2)
				}
			})
		})
	}
}

// The partner of who does not come back is told when their time is over.
func TestThePartnerDoesNotComeBack(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, _, _ := f.pair("text")
		f.restart()
		began := time.Now()
		a2 := a.back("192.0.2.1")
		a.resumes(a2)
		if m := a2.expect("left"); m.Reason != "lost" {
			t.Errorf("left = %+v", m)
		}
		if waited := time.Since(began); waited != window {
			t.Errorf("told after %v, want %v", waited, window)
		}
		if got := f.Stats(); got.Online != 1 || got.Pairs != 0 {
			t.Errorf("stats = %+v", got)
		}
	})
}

// What one does before the other is back reaches the other.
func TestTheChatEndsBeforeThePartnerIsBack(t *testing.T) {
	for _, test := range []struct {
		name, reason string
		end          func(f *fixture, a *client)
	}{
		{"leave", "left", func(_ *fixture, a *client) { a.send(`{"type":"leave"}`) }},
		{"next", "next", func(_ *fixture, a *client) { a.send(`{"type":"find","mode":"text"}`) }},
		{"goodbye", "left", func(_ *fixture, a *client) { a.conn.Close(1000, "") }},
		{"kick", "moderated", func(f *fixture, a *client) { f.Kick(mustSession(f.t, a.welcome.Session), "") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			run(t, func(t *testing.T, f *fixture) {
				a, b, _ := f.pair("text")
				f.restart()
				a2 := a.back("192.0.2.1")
				a.resumes(a2)
				test.end(f, a2)
				synctest.Wait()
				b2 := b.back("192.0.2.2")
				if m := b2.expect("left"); m.Reason != test.reason {
					t.Errorf("left = %+v, want %s", m, test.reason)
				}
				b.resumes(b2)
			})
		})
	}
}

// Nobody slips through: bans, kicks, consent and the limits of an address hold for who
// comes back as for anybody.
func TestWhoComesBackIsLookedAtAnew(t *testing.T) {
	t.Run("banned, first to come", func(t *testing.T) {
		run(t, func(t *testing.T, f *fixture) {
			a, b, _ := f.pair("text")
			f.restart()
			a2 := f.mustConnect("192.0.2.1")
			f.ban("192.0.2.1")
			a2.send(`{"type":"hello","resume":"` + a.welcome.Resume + `","ack":3}`)
			a2.expect("banned")
			a2.expectClose(4503)
			b2 := b.back("192.0.2.2")
			if m := b2.expect("left"); m.Reason != "banned" {
				t.Errorf("left = %+v", m)
			}
			b.resumes(b2)
			a3 := a.back("192.0.2.3") // the token is used
			a.anew(a3)
		})
	})
	t.Run("banned, second", func(t *testing.T) {
		run(t, func(t *testing.T, f *fixture) {
			a, b, _ := f.pair("text")
			f.restart()
			b2 := b.back("192.0.2.2")
			b.resumes(b2)
			a2 := f.mustConnect("192.0.2.1")
			f.ban("192.0.2.1")
			a2.send(`{"type":"hello","resume":"` + a.welcome.Resume + `","ack":3}`)
			a2.expect("banned")
			if m := b2.expect("left"); m.Reason != "banned" {
				t.Errorf("left = %+v", m)
			}
		})
	})
	t.Run("banned from video", func(t *testing.T) {
		run(t, func(t *testing.T, f *fixture) {
			a, b, _ := f.pair("video")
			ban := match.Ban{Reason: "nudity"}
			f.restart()
			b2 := b.back("192.0.2.2")
			b.resumes(b2)
			f.banVideo("192.0.2.1", ban)
			a2 := a.back("192.0.2.1")
			a.resumes(a2)
			a2.expectVideoBanned(ban)
			a2.expect("left")
			b2.expect("left")
		})
	})
	t.Run("kicked while away", func(t *testing.T) {
		run(t, func(t *testing.T, f *fixture) {
			a, b, _ := f.pair("text")
			f.restart()
			b2 := b.back("192.0.2.2")
			b.resumes(b2)
			if !f.Kick(mustSession(t, a.welcome.Session), "") {
				t.Error("no such session")
			}
			if m := b2.expect("left"); m.Reason != "moderated" {
				t.Errorf("left = %+v", m)
			}
			a2 := a.back("192.0.2.1")
			a.anew(a2)
		})
	})
	t.Run("consent to an older policy", func(t *testing.T) {
		run(t, func(t *testing.T, f *fixture) {
			a, _, _ := f.pair("text")
			f.opts.Policy = "v2"
			f.restart()
			a2 := a.back("192.0.2.1")
			if m := a2.expect("error"); m.Code != "consent_required" || m.Policy != "v2" {
				t.Errorf("error = %+v", m)
			}
			a2.send(fmt.Sprintf(`{"type":"hello","resume":%q,"ack":%d,"consent":{"policy":"v2","adult":true}}`, a.welcome.Resume, a.seen))
			a.resumes(a2)
		})
	})
	t.Run("an address that is full", func(t *testing.T) {
		run(t, func(t *testing.T, f *fixture) {
			a, _, _ := f.pair("text")
			f.opts.SessionsPerAddress = 1
			f.restart()
			other := f.visit("192.0.2.1")
			a2 := a.back("192.0.2.1")
			a2.expectClose(4429)
			other.conn.Close(1000, "")
			synctest.Wait()
			a3 := a.back("192.0.2.1")
			a.resumes(a3)
		})
	})
}

// What holds for as long as two sessions live goes on to hold: whom they reported, and
// what they can show of what was said.
func TestReportsSpanARestart(t *testing.T) {
	var complaints []match.Complaint
	take := func(o *match.Options) {
		o.Reported = func(c match.Complaint) error { complaints = append(complaints, c); return nil }
	}
	runWith(t, take, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		b.send(text(pair, "1"))
		b.expect("sent")
		line := a.expect("text")
		shown, _ := json.Marshal([]any{map[string]any{"from": "them", "order": line.Order, "at": line.At, "body": line.Body, "proof": line.Proof}})
		b.send(`{"type":"report","pair":"` + pair + `","reason":"spam"}`)
		first := b.expect("reported")
		f.restart()
		a2, b2 := a.back("192.0.2.1"), b.back("192.0.2.2")
		a.resumes(a2)
		b.resumes(b2)
		b2.send(`{"type":"report","pair":"` + pair + `","reason":"spam"}`)
		if m := b2.expect("reported"); m.Report != first.Report {
			t.Errorf("reported %s again as %s", first.Report, m.Report)
		}
		a2.send(`{"type":"report","pair":"` + pair + `","reason":"spam","lines":` + string(shown) + `}`)
		if m := a2.expect("reported"); m.Lines != 1 {
			t.Errorf("reported = %+v, want the line of before", m)
		}
		if len(complaints) != 2 {
			t.Errorf("%d complaints, want 2", len(complaints))
		}
		// They do not meet again.
		a2.send(`{"type":"find","mode":"text"}`)
		b2.expect("left")
		a2.expect("waiting")
		b2.send(`{"type":"find","mode":"text"}`)
		b2.expect("waiting")
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := f.Stats().Pairs; got != 0 {
			t.Error("they met again")
		}
	})
}

// Only who chats is handed over, also one whose socket is lost at the moment; and nothing
// of it can be read without a token.
func TestWhatIsHandedOver(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		f.visit("192.0.2.3")
		waiting := f.visit("192.0.2.4")
		waiting.send(`{"type":"find","mode":"text"}`)
		waiting.expect("waiting")
		b.conn.CloseNow()
		synctest.Wait()
		f.restart()
		const head, record = 29, 16 + 2 + 192 + 16
		handover := f.opts.Handover
		if len(handover) != head+2*record {
			t.Errorf("%d bytes, want two records", len(handover))
		}
		id, p := mustSession(t, a.welcome.Session), mustPair(t, pair)
		for _, secret := range [][]byte{id[:], p[:], []byte(a.welcome.Resume)} {
			if bytes.Contains(handover, secret) {
				t.Error("it can be read")
			}
		}
		b2 := b.back("192.0.2.2")
		b.resumes(b2)
		waiting2 := waiting.back("192.0.2.4")
		waiting.anew(waiting2)
	})
}
