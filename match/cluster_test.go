package match_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/coder/websocket"

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

// A chat goes on over a restart of its home, whose visitors have their doors anywhere.
func TestChatOutlivesItsHome(t *testing.T) {
	runHubs(t, threeNodes, nil, func(t *testing.T, c *hubs) {
		n1, n2 := c.nodes["n1"], c.nodes["n2"]
		a, b := n1.visit("192.0.2.1"), n2.visit("192.0.2.2")
		ma, _ := c.meet("text", a, b)
		n2.restart()
		a.expectClose(1001)
		b.expectClose(1001)
		var again [2]*client
		for i, old := range []*client{a, b} {
			again[i] = []*node{n1, c.nodes["n3"]}[i].mustConnect("192.0.2.1")
			again[i].seen = old.seen
			again[i].send(`{"type":"hello","consent":{"policy":"v1","adult":true},"resume":"` + old.welcome.Resume + `","ack":` + jsonNumber(old.seen) + `}`)
			if m := again[i].expect("welcome"); m.Session != old.welcome.Session {
				t.Fatalf("welcome %+v after %+v", m, old.welcome)
			}
		}
		again[0].send(say(ma.Pair, 1, "still here"))
		again[0].expect("sent")
		again[1].expect("text")
	})
}

// The chats of a hub that is gone go on at another, whichever that is and wherever their visitors
// come again; and so where another process has the hub's name by then. Clocks are hours apart.
func TestChatOutlivesItsNode(t *testing.T) {
	change := func(name string, o *match.Options) {
		if name != "n2" {
			o.Now = func() time.Time { return time.Now().Add(3 * time.Hour) }
		}
	}
	for _, test := range []struct {
		heir      string
		at        [2]string
		restarted bool
	}{
		{"n3", [2]string{"n3", "n1"}, false},
		{"n1", [2]string{"n3", "n1"}, false}, // the heir was a door
		{"n1", [2]string{"n3", "n3"}, true},
		{"n3", [2]string{"n1", "n2"}, true},
	} {
		t.Run(fmt.Sprint(test), func(t *testing.T) {
			runHubs(t, threeNodes, change, func(t *testing.T, c *hubs) {
				n2 := c.nodes["n2"]
				a, b := c.nodes["n1"].visit("192.0.2.1"), n2.visit("192.0.2.2")
				ma, _ := c.meet("text", a, b)
				n2.stop()
				a.expectClose(1001)
				b.expectClose(1001)
				if err := c.nodes[test.heir].Inherit(n2.Handover()); err != nil {
					t.Fatal(err)
				}
				c.kill("n2")
				if test.restarted {
					c.add("n2", nil)
				}
				var again [2]*client
				for i, old := range []*client{a, b} {
					again[i] = c.nodes[test.at[i]].mustConnect("192.0.2.1")
					again[i].seen = old.seen
					rest := `"resume":"` + old.welcome.Resume + `","ack":` + jsonNumber(old.seen) + `}`
					again[i].send(`{"type":"hello",` + rest) // some agree to what they are asked only
					if m := again[i].expect("error"); m.Code != "consent_required" {
						t.Fatalf("error %+v", m)
					}
					again[i].send(`{"type":"hello","consent":{"policy":"v1","adult":true},` + rest)
					if m := again[i].expect("welcome"); m.Session != old.welcome.Session {
						t.Fatalf("welcome %+v after %+v", m, old.welcome)
					}
				}
				again[0].send(say(ma.Pair, 1, "still here"))
				again[0].expect("sent")
				again[1].expect("text")
			})
		})
	}
}

// Where the heir of chats stops as well before anybody came for them, they go on at the next.
func TestChatOutlivesItsHeir(t *testing.T) {
	runHubs(t, threeNodes, nil, func(t *testing.T, c *hubs) {
		n1, n2, n3 := c.nodes["n1"], c.nodes["n2"], c.nodes["n3"]
		a, b := n1.visit("192.0.2.1"), n2.visit("192.0.2.2")
		ma, _ := c.meet("text", a, b)
		for _, step := range []struct {
			name     string
			from, to *node
		}{{"n2", n2, n1}, {"n1", n1, n3}} {
			step.from.stop()
			if err := step.to.Inherit(step.from.Handover()); err != nil {
				t.Fatal(err)
			}
			c.kill(step.name)
		}
		a, b = n3.back(a), n3.back(b)
		a.send(say(ma.Pair, 1, "still here"))
		a.expect("sent")
		b.expect("text")
	})
}

// What ends a session ends its socket, wherever that is, and the other way round.
func TestEndsThroughATunnel(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(c *hubs, a, b *client)
		code int    // with which a's socket, at n1, is closed
		left string // what b, in the chat at n2, is told
	}{
		{"kicked", func(c *hubs, a, _ *client) {
			if !c.nodes["n2"].Kick(mustSession(c.t, a.welcome.Session), "spam") {
				c.t.Error("unknown")
			}
			a.expect("action")
		}, 4504, "moderated"},
		{"banned at home", func(c *hubs, a, _ *client) {
			c.ban("n2", "192.0.2.1")
			if c.nodes["n2"].EnforceBans(nil) != 1 {
				c.t.Error("nobody's session ended")
			}
			a.expect("banned")
		}, 4503, "banned"},
		{"banned at the door", func(c *hubs, _, _ *client) {
			c.ban("n1", "192.0.2.1")
			c.nodes["n1"].EnforceBans(nil)
		}, 4503, "banned"},
		{"gone", func(_ *hubs, a, _ *client) { a.conn.Close(1000, "") }, 0, "left"},
		{"lost", func(_ *hubs, a, _ *client) { a.conn.CloseNow() }, 0, "lost"},
		{"the door's node is cut off", func(c *hubs, _, _ *client) { c.set(func(c *hubs) { c.cut["n1"] = true }) }, 1001, "lost"},
		{"the door's node is lost", func(c *hubs, _, _ *client) { c.nodes["n2"].Lost("n1") }, 1001, "lost"},
	} {
		t.Run(test.name, func(t *testing.T) {
			runHubs(t, threeNodes, nil, func(t *testing.T, c *hubs) {
				a, b := c.nodes["n1"].visit("192.0.2.1"), c.nodes["n2"].visit("192.0.2.2")
				c.meet("text", a, b)
				if got := c.nodes["n2"].Addresses(mustSession(t, a.welcome.Session)); len(got) != 1 || got[0] != netip.MustParseAddr("192.0.2.1") {
					t.Errorf("addresses %v", got)
				}
				test.end(c, a, b)
				if m := b.expect("left"); m.Reason != test.left {
					t.Errorf("b was told %+v, want %s", m, test.left)
				}
				if test.code != 0 {
					a.expectClose(websocket.StatusCode(test.code))
				}
				a.conn.CloseNow()
				time.Sleep(20 * time.Second)
				if n1, n2 := c.nodes["n1"].Stats(), c.nodes["n2"].Stats(); n1.Online != 0 || n2.Online != 1 || n1.Cluster.Doors != 0 || n2.Cluster.Tunnels != 0 {
					t.Errorf("left over: %+v, %+v", n1.Cluster, n2.Cluster)
				}
			})
		})
	}
}

// Where nothing is heard of any hub for a while, sessions stay in their tunnels, and what was said
// meanwhile arrives. Whoever wants something all that time is asked to come again, and begins anew
// where its socket is.
func TestTunnelsOutliveSilence(t *testing.T) {
	runHubs(t, threeNodes, nil, func(t *testing.T, c *hubs) {
		n1, n2 := c.nodes["n1"], c.nodes["n2"]
		a, b := n1.visit("192.0.2.1"), n2.visit("192.0.2.2")
		quiet, home := n1.visit("192.0.2.3"), n2.visit("192.0.2.4")
		ma, _ := c.meet("text", a, b)
		mq, _ := c.meet("text", quiet, home)
		c.set(func(c *hubs) { c.away = true })
		home.send(say(mq.Pair, 1, "to a door"))
		home.expect("sent")
		time.Sleep(30 * time.Second)
		if s1, s2 := n1.Stats().Cluster, n2.Stats().Cluster; s1.Doors != 2 || s2.Tunnels != 2 {
			t.Errorf("%d doors, %d tunnels", s1.Doors, s2.Tunnels)
		}
		a.send(say(ma.Pair, 1, "from a door"))
		a.expectClose(1001)
		again := n1.mustConnect("192.0.2.1")
		again.send(`{"type":"hello","consent":{"policy":"v1","adult":true},"resume":"` + a.welcome.Resume + `","ack":` + jsonNumber(a.seen) + `}`)
		if m := again.expect("welcome"); m.Session == a.welcome.Session {
			t.Error("resumed with nobody to ask")
		}
		c.set(func(c *hubs) { c.away = false })
		if m := quiet.expect("text"); m.Body != "to a door" {
			t.Errorf("text = %+v", m)
		}
		quiet.send(say(mq.Pair, 1, "from a door"))
		quiet.expect("sent")
		home.expect("text")
		if m := b.expect("left"); m.Reason != "lost" {
			t.Errorf("left = %+v", m)
		}
	})
}

// A client that floods is slowed down at its door as it is at its home, and loses nothing.
func TestFloodThroughATunnel(t *testing.T) {
	runHubs(t, threeNodes, nil, func(t *testing.T, c *hubs) {
		a, b := c.nodes["n1"].visit("192.0.2.1"), c.nodes["n2"].visit("192.0.2.2")
		ma, _ := c.meet("text", a, b)
		for range 600 {
			a.send(`{"type":"typing","pair":"` + ma.Pair + `","on":true}`)
		}
		time.Sleep(10 * time.Second)
		a.send(`{"type":"nonsense"}`)
		limited := 0
		for {
			m := a.expect("error")
			if m.Code == "rate_limited" {
				limited++
			} else if m.Code == "unknown_type" {
				break
			}
		}
		if limited == 0 {
			t.Error("nobody slowed it down")
		}
		b.expect("typing")
	})
}
