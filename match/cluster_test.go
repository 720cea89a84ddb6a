package match_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/joingyd/joingyd/match"
)

var threeNodes = []string{"n1", "n2", "n3"}

// A session moves to another hub, chats there, and moves on, while its socket stays.
func TestSessionMoves(t *testing.T) {
	runHubs(t, threeNodes, nil, func(t *testing.T, c *hubs) {
		n1, n2, n3 := c.nodes["n1"], c.nodes["n2"], c.nodes["n3"]
		a, b := n1.visit("192.0.2.1"), n2.visit("192.0.2.2")
		ma, mb := c.meet("text", a, b) // b's hub finds a: a moves
		if len(mb.ICE.Servers) != 0 || len(ma.ICE.Servers) != 1 || ma.ICE.Servers[0].URLs[0] != "turn:n2" {
			t.Errorf("relays: %+v and %+v", ma.ICE, mb.ICE)
		}
		if ma.Role != "impolite" {
			t.Errorf("who waited longer is %s", ma.Role)
		}
		for i := range 20 {
			a.send(say(ma.Pair, i, fmt.Sprint("from a ", i)))
			b.send(say(ma.Pair, i, fmt.Sprint("from b ", i)))
			time.Sleep(time.Second)
			for _, one := range []struct {
				c     *client
				other string
			}{{a, "b"}, {b, "a"}} {
				kinds := map[string]string{}
				for range 2 {
					for m := range one.c.messages {
						if m.Type != "online" {
							kinds[m.Type] = m.Body
							one.c.seen = m.Seq
							break
						}
					}
				}
				if kinds["text"] != fmt.Sprint("from ", one.other, " ", i) {
					t.Fatalf("%d: %s got %v", i, one.other, kinds)
				}
			}
		}
		if s1, s2 := n1.Stats(), n2.Stats(); s1.Online != 0 || s2.Online != 2 || s1.Cluster.Doors != 1 || s2.Cluster.Tunnels != 1 {
			t.Errorf("stats: %+v and %+v", s1.Cluster, s2.Cluster)
		}
		// On to a third, with the door where it was.
		b.send(`{"type":"leave"}`)
		a.expect("left")
		d := n3.visit("192.0.2.4")
		ma, md := c.meet("text", a, d)
		if ma.ICE.Servers[0].URLs[0] != "turn:n3" || n2.Stats().Online != 1 || n3.Stats().Cluster.Tunnels != 1 {
			t.Errorf("the second chat: %+v, %+v", ma.ICE, n3.Stats().Cluster)
		}
		d.send(say(md.Pair, 1, "hi"))
		d.expect("sent")
		a.expect("text")
		// And home again: n1 finds.
		d.send(`{"type":"leave"}`)
		a.expect("left")
		e := n1.visit("192.0.2.5")
		ma, me := c.meet("text", a, e)
		a.send(say(ma.Pair, 1, "home"))
		a.expect("sent")
		if got := e.expect("text"); got.Body != "home" || n1.Stats().Online != 2 || n1.Stats().Cluster.Doors != 0 {
			t.Errorf("at home: %+v, %+v", got, n1.Stats())
		}
		_ = me
	})
}

// A session that has moved is resumed at any hub.
func TestResumeElsewhere(t *testing.T) {
	for _, at := range threeNodes {
		t.Run(at, func(t *testing.T) {
			runHubs(t, threeNodes, nil, func(t *testing.T, c *hubs) {
				a, b := c.nodes["n1"].visit("192.0.2.1"), c.nodes["n2"].visit("192.0.2.2")
				ma, _ := c.meet("text", a, b)
				a.conn.CloseNow()
				b.send(say(ma.Pair, 1, "are you there?"))
				b.expect("sent")
				again := c.nodes[at].mustConnect("192.0.2.3")
				again.seen = a.seen
				again.send(`{"type":"hello","resume":"` + a.welcome.Resume + `","ack":` + jsonNumber(a.seen) + `}`)
				if m := again.expect("text"); m.Body != "are you there?" {
					t.Errorf("got %+v", m)
				}
				if m := again.expect("welcome"); m.Session != a.welcome.Session || m.Resume[:6] != "tag-"+at || m.ICE.Servers[0].URLs[0] != "turn:n2" {
					t.Errorf("welcome %+v", m)
				}
				again.send(say(ma.Pair, 2, "yes"))
				again.expect("sent")
				b.expect("text")
				again.send(`{"type":"leave"}`)
				b.expect("left")
				third := c.nodes["n3"].mustConnect("192.0.2.3") // the token was used
				third.send(`{"type":"hello","consent":{"policy":"v1","adult":true},"resume":"` + a.welcome.Resume + `","ack":` + jsonNumber(a.seen) + `}`)
				if m := third.expect("welcome"); m.Session == a.welcome.Session {
					t.Error("a token was good twice")
				}
			})
		})
	}
}

// A report of the chat before, which was at another hub, is kept there, with its lines.
func TestReportAfterMoving(t *testing.T) {
	var complaints []match.Complaint
	change := func(name string, o *match.Options) {
		o.Reported = func(c match.Complaint) error { complaints = append(complaints, c); return nil }
	}
	runHubs(t, threeNodes, change, func(t *testing.T, c *hubs) {
		n1 := c.nodes["n1"]
		a, b := n1.visit("192.0.2.1"), n1.visit("192.0.2.2")
		a.send(findText)
		a.expect("waiting")
		b.send(findText)
		before := a.expect("matched").Pair
		b.expect("matched")
		b.send(say(before, 1, "something bad"))
		b.expect("sent")
		line := a.expect("text")
		b.send(`{"type":"leave"}`)
		a.expect("left")
		d := c.nodes["n2"].visit("192.0.2.3")
		ma, _ := c.meet("text", a, d)
		a.send(fmt.Sprintf(`{"type":"report","pair":"%s","reason":"spam","lines":[{"from":"them","order":%d,"at":"%s","body":"something bad","proof":"%s"}]}`,
			before, line.Order, line.At.Format(time.RFC3339Nano), line.Proof))
		if m := a.expect("reported"); m.Pair != before || m.Lines != 1 || m.Report == "" {
			t.Errorf("reported %+v", m)
		}
		if len(complaints) != 1 || complaints[0].Suspect.Addresses[0].String() != "192.0.2.2" || complaints[0].Reporters[0].String() != "192.0.2.1" {
			t.Errorf("complaints %+v", complaints)
		}
		if len(n1.Reports()) != 1 || len(c.nodes["n2"].Reports()) != 0 {
			t.Error("the report is not where the chat was")
		}
		a.send(`{"type":"report","pair":"` + ma.Pair + `","reason":"nudity"}`) // of the chat there is
		a.expect("reported")
		if len(c.nodes["n2"].Reports()) != 1 {
			t.Error("the second report is not where the chat is")
		}
	})
}
