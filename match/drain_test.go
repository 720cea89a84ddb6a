package match_test

import (
	"testing"
	"time"

	"github.com/joingyd/joingyd/match"
)

// back has the client of a socket that was told to go come again, to another hub.
func (n *node) back(old *client) *client {
	again := n.mustConnect("192.0.2.200")
	again.seen = old.seen
	again.send(`{"type":"hello","consent":{"policy":"v1","adult":true},"resume":"` + old.welcome.Resume + `","ack":` + jsonNumber(old.seen) + `}`)
	if m := again.expect("welcome"); m.Session != old.welcome.Session {
		n.t.Errorf("came back as %s, not as %s", m.Session, old.welcome.Session)
	}
	return again
}

// match reads until the client is told that it is matched, whether it had to wait or not.
func (c *client) match() (m message) {
	for m = range c.messages {
		if m.Type == "matched" {
			c.seen = m.Seq
			return m
		}
	}
	return m
}

// A hub that is drained empties: who idles or waits is elsewhere soon, and is paired there; sockets
// are told to come again; a chat goes on until it ends, and then its visitors go too.
func TestDrain(t *testing.T) {
	runHubs(t, threeNodes, nil, func(t *testing.T, c *hubs) {
		n1, n2 := c.nodes["n1"], c.nodes["n2"]
		idle, waits := n1.visit("192.0.2.1"), n1.visit("192.0.2.2")
		a, b := n1.visit("192.0.2.3"), n1.visit("192.0.2.4")
		a.send(`{"type":"find","mode":"text","interests":["chess"]}`)
		a.expect("waiting")
		b.send(`{"type":"find","mode":"text","interests":["chess"]}`)
		pair := b.match().Pair
		a.expect("matched")
		door, home := n1.visit("192.0.2.5"), n2.visit("192.0.2.6")
		door.send(`{"type":"find","mode":"text","interests":["go"]}`)
		door.expect("waiting")
		c.settle()
		home.send(`{"type":"find","mode":"text","interests":["go"]}`)
		at := home.match().Pair
		door.expect("matched")
		waits.send(`{"type":"find","mode":"text","interests":["shogi"]}`)
		waits.expect("waiting")
		time.Sleep(10 * time.Second)

		c.drain("n1", true)
		for _, one := range []*client{idle, waits, door} {
			one.expectClose(1001)
		}
		c.settle()
		if s := n1.Stats(); s.Online != 2 || s.Waiting != 0 || s.Cluster.Doors != 0 {
			t.Errorf("n1 has %d sessions, %d of which wait, and %d doors; want the chat alone", s.Online, s.Waiting, s.Cluster.Doors)
		}
		n2.back(idle)
		waits = c.nodes["n3"].back(waits)
		d := n2.visit("192.0.2.7")
		d.send(`{"type":"find","mode":"text","interests":["shogi"]}`)
		d.match()
		waits.expect("matched")
		door = c.nodes["n3"].back(door)
		home.send(say(at, 1, "still there?"))
		door.expect("text")

		a.send(say(pair, 1, "drained?"))
		b.expect("text")
		a.expect("sent")
		late := n1.visit("192.0.2.8") // the balancer has not heard yet
		late.send(`{"type":"find","mode":"text","interests":["draughts"]}`)
		late.expect("waiting")
		e := n2.visit("192.0.2.9")
		e.send(`{"type":"find","mode":"text","interests":["draughts"]}`)
		e.match()
		late.match()
		a.send(`{"type":"leave"}`)
		b.expect("left")
		for _, one := range []*client{a, b, late} {
			one.expectClose(1001)
		}
		c.settle()
		if s := n1.Stats(); s.Online != 0 || s.Cluster.Doors != 0 {
			t.Errorf("n1 has %d sessions and %d doors", s.Online, s.Cluster.Doors)
		}
		a, b = n2.back(a), c.nodes["n3"].back(b)
		a.send(findText)
		b.send(findText)
		if one, two := a.match(), b.match(); one.Pair != two.Pair {
			t.Errorf("pairs %s and %s", one.Pair, two.Pair)
		}
		c.drain("n1", false)
		if n1.visit("192.0.2.10"); n1.Stats().Online != 1 {
			t.Errorf("%d sessions at n1", n1.Stats().Online)
		}
	})
}

// Where all hubs are drained, or nobody takes a session, visitors are paired where they are.
func TestDrainWithNowhereToGo(t *testing.T) {
	for name, drained := range map[string][]string{"all are drained": threeNodes, "the others are full": {"n1"}} {
		t.Run(name, func(t *testing.T) {
			full := func(name string, o *match.Options) {
				if name != "n1" && len(drained) == 1 {
					o.Pressure = func() float64 { return 1 }
				}
			}
			runHubs(t, threeNodes, full, func(t *testing.T, c *hubs) {
				n1 := c.nodes["n1"]
				a, b := n1.visit("192.0.2.1"), n1.visit("192.0.2.2")
				for _, n := range drained {
					c.drain(n, true)
				}
				for _, one := range []*client{a, b} {
					one.send(findText)
				}
				if one, two := a.match(), b.match(); one.Pair != two.Pair {
					t.Errorf("pairs %s and %s", one.Pair, two.Pair)
				}
			})
		})
	}
}
