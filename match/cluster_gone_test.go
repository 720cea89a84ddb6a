package match_test

import (
	"testing"
	"time"
)

// A session moves on while its client has no socket, which its home does not know yet: the
// client finds it where it has gone.
func TestResumeAfterMovingWithoutADoor(t *testing.T) {
	runHubs(t, threeNodes, nil, func(t *testing.T, c *hubs) {
		a, b := c.nodes["n1"].visit("192.0.2.1"), c.nodes["n2"].visit("192.0.2.2")
		c.meet("text", a, b) // a moves to n2, and n1 is its door
		b.send(`{"type":"leave"}`)
		a.expect("left")
		a.send(findText)
		a.expect("waiting")
		c.settle()
		c.set(func(c *hubs) { c.cut["n1"] = true }) // nobody hears that the door is shut
		a.conn.CloseNow()
		c.settle()
		c.set(func(c *hubs) { delete(c.cut, "n1") })
		d := c.nodes["n3"].visit("192.0.2.4")
		d.send(findText)
		d.expect("waiting")
		c.settle()
		if left := c.nodes["n2"].Stats().Cluster.Moves["left"]; left != 1 {
			t.Fatalf("%d sessions have left n2", left)
		}
		again := c.nodes["n1"].mustConnect("192.0.2.1")
		again.seen = a.seen
		again.send(`{"type":"hello","consent":{"policy":"v1","adult":true},"resume":"` + a.welcome.Resume + `","ack":` + jsonNumber(a.seen) + `}`)
		if m := again.expect("welcome"); m.Session != a.welcome.Session {
			t.Error("the session is lost")
		}
		if ma, md := again.expect("matched"), d.expect("matched"); ma.Pair != md.Pair {
			t.Errorf("matched %+v and %+v", ma, md)
		}
		again.conn.CloseNow()
		d.expect("left")
		time.Sleep(time.Minute)
		for name, n := range c.nodes {
			if s := n.Stats(); name != "n2" && name != "n3" && s.Online > 0 || s.Cluster.Doors+s.Cluster.Tunnels > 0 {
				t.Errorf("%s is left with %+v", name, s)
			}
		}
	})
}

// A hub takes another for lost that is not, and that lost nothing: clients whose doors are there
// are not left waiting for a session that waits for them. They come again, and go on.
func TestClientsOfAHubThatIsTakenForLost(t *testing.T) {
	runHubs(t, threeNodes, nil, func(t *testing.T, c *hubs) {
		n1, n2 := c.nodes["n1"], c.nodes["n2"]
		a, b := n1.visit("192.0.2.1"), n2.visit("192.0.2.2")
		other, home := n1.visit("192.0.2.3"), n2.visit("192.0.2.4")
		ma, _ := c.meet("text", a, b)
		n2.Lost("n1")
		c.meet("text", other, home) // the two hubs go on talking to each other
		a.expectClose(1001)
		again := n1.mustConnect("192.0.2.1")
		again.seen = a.seen
		again.send(`{"type":"hello","resume":"` + a.welcome.Resume + `","ack":` + jsonNumber(a.seen) + `}`)
		if m := again.expect("welcome"); m.Session != a.welcome.Session {
			t.Error("the session is lost")
		}
		again.send(say(ma.Pair, 1, "back"))
		again.expect("sent")
		if m := b.expect("text"); m.Body != "back" {
			t.Errorf("text = %+v", m)
		}
	})
}
