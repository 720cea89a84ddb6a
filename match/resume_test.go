package match_test

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
)

func TestResumeLosesAndDoublesNothing(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		a.conn.CloseNow()
		synctest.Wait()
		time.Sleep(10 * time.Second)
		b.send(`{"type":"text","pair":"` + pair + `","id":"1","body":"while you were away"}`)
		b.expect("sent")

		again := f.mustConnect("192.0.2.99")
		again.seen = a.seen
		again.send(`{"type":"hello","resume":"` + a.welcome.Resume + `","ack":` + jsonNumber(a.seen) + `}`)
		if m := again.expect("text"); m.Body != "while you were away" {
			t.Errorf("text = %+v", m)
		}
		w := again.expect("welcome")
		if w.Session != a.welcome.Session || w.Resume == a.welcome.Resume {
			t.Errorf("welcome = %+v", w)
		}
		again.send(`{"type":"text","pair":"` + pair + `","id":"2","body":"back"}`)
		if m := b.expect("text"); m.Body != "back" {
			t.Errorf("text = %+v", m)
		}
		// The old token worked once.
		third := f.mustConnect("192.0.2.1")
		third.send(`{"type":"hello","resume":"` + a.welcome.Resume + `"}`)
		if m := third.expect("error"); m.Code != "consent_required" {
			t.Errorf("a used token: %+v", m)
		}
		if got := f.Addresses(mustSession(t, w.Session)); len(got) != 2 {
			t.Errorf("Addresses = %v, want both", got)
		}
	})
}

func TestNewerSocketSupersedes(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		again := f.mustConnect("192.0.2.1")
		again.seen = a.seen
		again.send(`{"type":"hello","resume":"` + a.welcome.Resume + `","ack":` + jsonNumber(a.seen) + `}`)
		again.expect("welcome")
		for m := range a.messages {
			t.Errorf("the old socket got the new one's %s", m.Type)
		}
		a.expectClose(4501)
		b.send(`{"type":"text","pair":"` + pair + `","id":"1","body":"x"}`)
		again.expect("text")
	})
}

// What is on its way to the old socket when the new one says hello is said again
// there, and must not count twice.
func TestSupersededSocketIsNotHeard(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		old, b := f.mustConnectRaw("192.0.2.1"), f.visit("192.0.2.2")
		old.Write(t.Context(), websocket.MessageText, []byte(hello))
		_, data, err := old.Read(t.Context())
		var welcome message
		if err != nil || json.Unmarshal(data, &welcome) != nil {
			t.Fatalf("read %s, %v", data, err)
		}
		b.send(`{"type":"find","mode":"text"}`)
		b.expect("waiting")
		old.Write(t.Context(), websocket.MessageText, []byte(`{"type":"find","mode":"text"}`))
		pair := b.expect("matched").Pair

		again := f.mustConnect("192.0.2.1")
		again.seen = welcome.Seq
		again.send(`{"type":"hello","resume":"` + welcome.Resume + `","ack":1}`)
		again.expect("matched")
		again.expect("welcome")
		text := `{"type":"text","pair":"` + pair + `","id":"1","body":"once"}`
		old.Write(t.Context(), websocket.MessageText, []byte(text))
		old.Write(t.Context(), websocket.MessageText, []byte(`{`))
		again.send(text)
		again.expect("sent")
		b.expect("text")
		b.quiet()
		again.quiet()
	})
}

func TestResumeWithAGapEndsTheSession(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, _ := f.pair("text")
		again := f.mustConnect("192.0.2.1")
		again.send(`{"type":"hello","resume":"` + a.welcome.Resume + `","ack":999,"consent":{"policy":"v1","adult":true}}`)
		if w := again.expect("welcome"); w.Session == a.welcome.Session {
			t.Error("resumed from a place that does not exist")
		}
		if m := b.expect("left"); m.Reason != "lost" {
			t.Errorf("left = %+v", m)
		}
	})
}

// A part of trial W7: the socket is lost in every state of a chat.
func TestW7LossInEveryState(t *testing.T) {
	t.Run("chatting", func(t *testing.T) {
		run(t, func(t *testing.T, f *fixture) {
			a, b, _ := f.pair("text")
			start := time.Now()
			a.conn.CloseNow()
			if m := b.expect("left"); m.Reason != "lost" {
				t.Errorf("left = %+v", m)
			}
			if got := time.Since(start); got != 15*time.Second {
				t.Errorf("told after %v", got)
			}
			b.send(`{"type":"find","mode":"text"}`)
			b.expect("waiting")
		})
	})
	t.Run("waiting", func(t *testing.T) {
		run(t, func(t *testing.T, f *fixture) {
			a := f.visit("192.0.2.1")
			a.send(`{"type":"find","mode":"text"}`)
			a.expect("waiting")
			a.conn.CloseNow()
			synctest.Wait()
			b := f.visit("192.0.2.2")
			b.send(`{"type":"find","mode":"text"}`)
			b.expect("waiting") // nobody is paired with the absent
			again := f.mustConnect("192.0.2.1")
			again.seen = a.seen
			again.send(`{"type":"hello","resume":"` + a.welcome.Resume + `","ack":` + jsonNumber(a.seen) + `}`)
			again.expect("welcome")
			again.expect("matched")
			b.expect("matched")
		})
	})
	for _, code := range []websocket.StatusCode{
		websocket.StatusNormalClosure, websocket.StatusGoingAway, websocket.StatusNoStatusRcvd,
	} {
		t.Run("goodbye/"+code.String(), func(t *testing.T) {
			run(t, func(t *testing.T, f *fixture) {
				a, b, _ := f.pair("text")
				a.conn.Close(code, "") // 1005: an empty close frame
				if m := b.expect("left"); m.Reason != "left" {
					t.Errorf("left = %+v", m)
				}
			})
		})
	}
}

// A part of trial W7: one whose outbox is full costs nobody else the place in
// the line, whoever of the two looked for the other.
func TestW7FullOutbox(t *testing.T) {
	// full returns a socket that reads nothing, of a session whose outbox holds
	// all it can. It takes 2 s.
	full := func(f *fixture, find string) *websocket.Conn {
		slow := f.mustConnectRaw("192.0.2.1")
		write := func(text string) { slow.Write(f.t.Context(), websocket.MessageText, []byte(text)) }
		write(hello)
		queued := 1 // the welcome
		if find != "" {
			write(find)
			queued++ // waiting
		}
		for range 180 {
			write(`{"type":"warp"}`)
		}
		time.Sleep(2 * time.Second)
		for range 256 - 180 - queued {
			write(`{"type":"warp"}`)
		}
		synctest.Wait()
		return slow
	}
	// met checks that c is in the line, and the only one.
	met := func(f *fixture, c *client) {
		f.t.Helper()
		c.quiet()
		if stats := f.Stats(); stats.Online != 1 || stats.Waiting != 1 {
			f.t.Errorf("%+v, want one who waits", stats)
		}
		third := f.visit("192.0.2.3")
		third.send(`{"type":"find","mode":"text","interests":["y"]}`)
		if m := third.expect("matched"); m.Role != "polite" {
			f.t.Errorf("matched = %+v", m)
		}
		c.expect("matched")
	}
	t.Run("newcomer", func(t *testing.T) {
		run(t, func(t *testing.T, f *fixture) {
			c := f.visit("192.0.2.2")
			c.send(`{"type":"find","mode":"text"}`)
			c.expect("waiting")
			full(f, "").Write(t.Context(), websocket.MessageText, []byte(`{"type":"find","mode":"text"}`))
			met(f, c)
		})
	})
	t.Run("waiting", func(t *testing.T) {
		run(t, func(t *testing.T, f *fixture) {
			full(f, `{"type":"find","mode":"text"}`)
			c := f.visit("192.0.2.2")
			c.send(`{"type":"find","mode":"text"}`)
			c.expect("waiting")
			met(f, c)
		})
	})
	t.Run("patience", func(t *testing.T) {
		run(t, func(t *testing.T, f *fixture) {
			full(f, `{"type":"find","mode":"text","interests":["x"]}`)
			c := f.visit("192.0.2.2")
			c.send(`{"type":"find","mode":"text","interests":["y"]}`)
			c.expect("waiting")
			time.Sleep(2 * time.Second)
			met(f, c)
		})
	})
	t.Run("both", func(t *testing.T) {
		run(t, func(t *testing.T, f *fixture) {
			full(f, `{"type":"find","mode":"text"}`)
			full(f, "").Write(t.Context(), websocket.MessageText, []byte(`{"type":"find","mode":"text"}`))
			synctest.Wait()
			if n := f.Online(); n != 0 {
				t.Errorf("%d online", n)
			}
		})
	})
}

// At the end of a chat both sides are pinged: the pongs let go of what was said.
func TestChatEndsWithAPing(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		a.send(`{"type":"text","pair":"` + pair + `","id":"1","body":"x"}`)
		b.expect("text")
		a.expect("sent")
		synctest.Wait()
		pings := a.pings.Load() + b.pings.Load()
		a.send(`{"type":"leave"}`)
		b.expect("left")
		synctest.Wait()
		if got := a.pings.Load() + b.pings.Load() - pings; got != 2 {
			t.Errorf("%d pings at the end of a chat, want one each", got)
		}
	})
}

// A client may ping too, but not for ever at full speed.
func TestClientPings(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		c, start := f.visit("192.0.2.1"), time.Now()
		for range 100 {
			if err := c.conn.Ping(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got := time.Since(start); got < 2*time.Second {
			t.Errorf("100 pings in %v", got)
		}
		c.send(`{"type":"find","mode":"text"}`)
		c.expect("waiting")
	})
}
