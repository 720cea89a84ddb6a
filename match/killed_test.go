package match_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/joingyd/joingyd/match"
)

// accident is one visitor, the victim, who is killed in some state of a chat, and
// what the others are told.
type accident struct {
	scene
	kill    func(*client)
	partner *bystander
}

// scene is where it happens: the hubs of victim and bystanders, and the one at which the
// victim comes back. They are the same, or of one site.
type scene struct {
	f, other, third, again *fixture
	all                    []*fixture
}

func at(f *fixture) scene { return scene{f, f, f, f, []*fixture{f}} }

// counts adds up what the hubs and their relays have.
func (s scene) counts() (online, waiting, pairs, inRelay int) {
	for _, f := range s.all {
		stats := f.Stats()
		_, relayed := f.relay.counts()
		online, waiting, pairs, inRelay = online+stats.Online, waiting+stats.Waiting, pairs+stats.Pairs, inRelay+relayed
	}
	return online, waiting, pairs, inRelay
}

// bystander is a visitor who only wants to chat: who looks again when a chat is
// over.
type bystander struct {
	*client
	pair    string // of the present chat
	waiting bool
	told    []string // reasons of `left`
}

const findText = `{"type":"find","mode":"text"}`

func (a *accident) victim() *client { return a.f.visit("192.0.2.1") }

// look takes what has come.
func (b *bystander) look() {
	b.f.t.Helper()
	for {
		select {
		case m, open := <-b.messages:
			if !open {
				b.f.t.Fatalf("a bystander's socket ended: %v", b.err)
			}
			switch m.Type {
			case "waiting":
				b.waiting = true
			case "matched":
				b.pair, b.waiting = m.Pair, false
			case "left":
				b.told = append(b.told, m.Reason)
				if m.Pair == b.pair {
					b.pair = ""
				}
			case "error":
				if m.Code != "stale_pair" { // what it said last met the end of the chat
					b.f.t.Fatalf("a bystander got %+v", m)
				}
			}
		default:
			return
		}
	}
}

// inChat makes the victim and the partner meet.
func (a *accident) inChat(mode string) (victim *client, pair string) {
	victim = a.victim()
	victim.send(`{"type":"find","mode":"` + mode + `"}`)
	victim.expect("waiting")
	a.partner.send(`{"type":"find","mode":"` + mode + `"}`)
	pair = victim.expect("matched").Pair
	if len(a.all) > 1 {
		a.partner.expect("waiting")
	}
	a.partner.expect("matched")
	a.partner.pair = pair
	return victim, pair
}

// states are those in which the victim may be killed, and whether the partner was
// in a chat with it then.
var states = []struct {
	name string
	chat bool
	play func(a *accident)
}{
	{"connecting", false, func(a *accident) {
		a.kill(a.f.mustConnect("192.0.2.1"))
	}},
	{"saying hello", false, func(a *accident) {
		c := a.f.mustConnect("192.0.2.1")
		c.send(hello)
		a.kill(c)
	}},
	{"waiting", false, func(a *accident) {
		c := a.victim()
		c.send(findText)
		c.expect("waiting")
		a.kill(c)
	}},
	{"before the offer", true, func(a *accident) {
		c, _ := a.inChat("video")
		a.kill(c)
	}},
	{"signalling", true, func(a *accident) {
		c, pair := a.inChat("video")
		c.send(bulky(pair))
		a.partner.expect("description")
		a.partner.send(`{"type":"candidate","pair":"` + pair + `","candidate":null}`)
		c.send(bulky(pair))
		a.kill(c)
	}},
	{"chatting", true, func(a *accident) {
		c, pair := a.inChat("text")
		c.send(`{"type":"typing","pair":"` + pair + `","on":true}`)
		a.partner.expect("typing")
		a.partner.send(`{"type":"text","pair":"` + pair + `","id":"1","body":"x"}`)
		c.send(`{"type":"text","pair":"` + pair + `","id":"1","body":"y"}`)
		a.kill(c)
	}},
	{"just after Next", false, func(a *accident) {
		c, _ := a.inChat("text")
		c.send(findText)
		c.expect("waiting")
		a.partner.expect("left")
		a.partner.pair = ""
		a.kill(c)
	}},
	{"both skip at once", false, func(a *accident) {
		c, _ := a.inChat("text")
		c.send(findText)
		a.partner.send(findText)
		for m := range c.messages { // after a `left`, if the partner was first
			if m.Type == "waiting" {
				break
			}
		}
		a.kill(c)
	}},
	{"resuming, without a word", true, func(a *accident) {
		c, _ := a.inChat("text")
		c.conn.CloseNow()
		a.kill(a.again.mustConnect("192.0.2.1"))
	}},
	{"resuming", true, func(a *accident) {
		c, _ := a.inChat("text")
		c.conn.CloseNow()
		again := a.again.mustConnect("192.0.2.1")
		again.send(`{"type":"hello","resume":"` + c.welcome.Resume + `","ack":` + jsonNumber(c.seen) + `}`)
		a.kill(again)
	}},
	{"resumed", true, func(a *accident) {
		c, pair := a.inChat("text")
		again := a.again.mustConnect("192.0.2.1")
		again.seen = c.seen
		again.send(`{"type":"hello","resume":"` + c.welcome.Resume + `","ack":` + jsonNumber(c.seen) + `}`)
		again.expect("welcome")
		a.partner.send(`{"type":"text","pair":"` + pair + `","id":"1","body":"x"}`)
		a.kill(again)
	}},
}

// killInEveryState kills a victim in each state. settle lets some time pass.
func killInEveryState(at scene, kill func(*client), settle func()) (stuck int) {
	t := at.f.t
	for _, state := range states {
		// Nobody has met anybody before.
		a := &accident{scene: at, kill: kill, partner: &bystander{client: at.other.visit("192.0.2.2")}}
		third := &bystander{client: at.third.visit("192.0.2.3")}
		state.play(a)

		// The partner and a newcomer find each other, whatever the victim left behind.
		met := func() bool { return a.partner.pair != "" && a.partner.pair == third.pair }
		for range 1000 {
			for _, b := range []*bystander{a.partner, third} {
				b.look()
				if b.pair == "" && !b.waiting {
					b.send(findText)
					b.waiting = true
				}
			}
			if online, _, _, _ := at.counts(); met() && online == 2 {
				break
			}
			settle()
		}
		if online, waiting, pairs, relayed := at.counts(); !met() || online != 2 || waiting != 0 || pairs != 1 || relayed != 1 {
			t.Errorf("%s: %d online, %d waiting, %d pairs, %d in the relay; want the bystanders in one chat", state.name, online, waiting, pairs, relayed)
			stuck += max(pairs, relayed) - 1
		}
		if state.chat && len(a.partner.told) == 0 {
			t.Errorf("%s: the partner was not told", state.name)
		}
		a.partner.conn.Close(websocket.StatusNormalClosure, "")
		third.conn.Close(websocket.StatusNormalClosure, "")
		for range 1000 {
			if online, _, _, _ := at.counts(); online == 0 {
				break
			}
			settle()
		}
		if _, _, pairs, relayed := at.counts(); pairs != 0 || relayed != 0 {
			t.Errorf("%s: %d pairs, %d in the relay after all", state.name, pairs, relayed)
			stuck++
		}
	}
	return stuck
}

// Trial W7: a visitor is killed in every state of a chat. The partner is told and
// can find again.
func TestW7Killed(t *testing.T) {
	var stuck, kills int
	for name, kill := range map[string]func(*client){
		"cut":    func(c *client) { c.conn.CloseNow() },
		"silent": func(c *client) { c.deaf.Store(1 << 40) }, // answers no ping
		"closed": func(c *client) { c.conn.Close(websocket.StatusNormalClosure, "") },
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, f *fixture) {
				stuck += killInEveryState(at(f), kill, func() { time.Sleep(time.Second) })
				kills += len(states)
			})
		})
	}
	t.Run("reset", func(t *testing.T) {
		s := newSite(t, func(o *match.Options) { o.ResumeGrace = 100 * time.Millisecond })
		f := &fixture{Hub: s.Hub, t: t, relay: s.relay}
		f.dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.host)
			if err == nil {
				err = conn.(*net.TCPConn).SetLinger(0) // to close is to reset
			}
			return conn, err
		}
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		stuck += killInEveryState(at(f), func(c *client) { c.conn.CloseNow() }, func() { <-tick.C })
		kills += len(states)
	})
	for name, kill := range map[string]func(*client){
		"cut, of three hubs":    func(c *client) { c.conn.CloseNow() },
		"silent, of three hubs": func(c *client) { c.deaf.Store(1 << 40) },
	} {
		t.Run(name, func(t *testing.T) {
			runHubs(t, threeNodes, nil, func(t *testing.T, c *hubs) {
				n1, n2, n3 := c.nodes["n1"].fixture, c.nodes["n2"].fixture, c.nodes["n3"].fixture
				for _, where := range []scene{
					{n1, n2, n3, n3, []*fixture{n1, n2, n3}},
					{n2, n1, n1, n3, []*fixture{n1, n2, n3}},
				} {
					stuck += killInEveryState(where, kill, func() { time.Sleep(time.Second) })
					kills += len(states)
				}
			})
		})
	}
	t.Logf("figure: %d stuck pairs after %d kills", stuck, kills)
}
