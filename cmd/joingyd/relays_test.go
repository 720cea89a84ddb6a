package main

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/cluster/redistest"
	"github.com/joingyd/joingyd/config"
)

// TestFleet has visitors of edges call each other through relays that are nothing else, cuts
// their edge off for longer than a lease, and ends the relays one after the other.
func TestFleet(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	proxy := redistest.NewProxy(t, server.Addr())
	edge := func(c *config.Config) { c.Cluster.Role, c.TURN.PublicHost = config.RoleEdge, "" }
	alone := func(c *config.Config) { c.Cluster.Role = config.RoleRelay }
	n1, _ := startNode(t, server, "n1", nil, func(c *config.Config) { edge(c); c.Cluster.Redis = proxy.URL() })
	n2, _ := startNode(t, server, "n2", n1, edge)
	relays, stop := map[string]*daemon{}, map[string]func(){}
	for _, name := range []string{"r1", "r2"} {
		relays[name], stop[name] = startNode(t, server, name, n1, alone)
	}
	for _, d := range []*daemon{n1, n2} {
		eventually(t, "both relays at "+d.cfg.Cluster.Node, func() bool { return d.member.Stats().Relays == 2 })
	}
	wantRoles(t, n1, relays["r1"])

	a, b := newCaller(t, n1, "127.0.0.2"), newCaller(t, n1, "127.0.0.3")
	meetAcross(t, a, b, "video")
	call(t, a, b)
	with, other := "r1", "r2"
	if relays[with].relay.Stats().Pairs == 0 {
		with, other = other, with
	}
	if s := relays[with].relay.Stats(); s.Pairs != 1 || s.Bytes == 0 {
		t.Errorf("the call's relay has %+v", s)
	}
	server0 := a.welcome.ICE.Servers[0]
	if err := allocateAt(t, addrOf(t, relays[with], "udp"), server0.Username, server0.Credential); err != nil {
		t.Errorf("at their relay credentials are worth nothing: %v", err)
	}
	if err := allocateAt(t, addrOf(t, relays[other], "udp"), server0.Username, server0.Credential); err == nil {
		t.Error("credentials of one relay are good at another")
	}

	// Nothing passes under a lease that is not renewed, and all does once it is.
	video := startStream(t, a, b)
	video.until(&video.arrived, 20)
	proxy.Refuse(true)
	proxy.Cut()
	eventually(t, "a relay that lets nothing pass", func() bool {
		before := video.arrived.Load()
		video.until(&video.sent, 100)
		return video.arrived.Load() == before
	})
	proxy.Refuse(false)
	video.until(&video.arrived, 20)
	video.stop()

	// The relay closes: the call is begun anew at the other.
	command(t, relays[with], "relay", "drain", "--deadline", "4s")
	for _, c := range []*caller{a, b} {
		c.welcome.ICE = c.expect("ice").ICE
	}
	call(t, a, b)
	if s := relays[other].relay.Stats(); s.Pairs != 1 {
		t.Errorf("the other relay has %+v", s)
	}

	// A ban holds at a relay of its own.
	command(t, n2, "ban", "127.0.0.9", "--force", "--reason", "spam")
	eventually(t, "the ban at the relay", func() bool {
		_, banned := relays[other].bans.Check(netip.MustParseAddr("127.0.0.9"), ban.UseRelay)
		return banned
	})

	// Without any relay there are text chats.
	stop[with]()
	stop[other]()
	eventually(t, "an edge without relays", func() bool { return n2.member.Stats().Relays == 0 })
	if status, body := readyz(t, n2); status != 200 || !strings.Contains(body, "text chats only") {
		t.Errorf("its /readyz is %d: %s", status, body)
	}
	c := newCaller(t, n2, "127.0.0.4")
	if len(c.welcome.ICE.Servers) != 0 {
		t.Errorf("servers: %+v", c.welcome.ICE.Servers)
	}
	c.send(`{"type":"find","mode":"video"}`)
	if m := c.expect("error"); m.Code != "unavailable" {
		t.Errorf("a search for video: %+v", m)
	}
	b.send(`{"type":"leave"}`)
	a.expect("left")
	meetAcross(t, c, b, "text")
}

// wantRoles checks what an edge and a relay say of themselves, and what they answer.
func wantRoles(t *testing.T, edge, relay *daemon) {
	t.Helper()
	if line := edge.readyLine(); !strings.Contains(line, "open http://") || strings.Contains(line, "stun/turn") {
		t.Errorf("an edge: %s", line)
	}
	if line := relay.readyLine(); strings.Contains(line, "open http://") || !strings.Contains(line, "stun/turn udp") {
		t.Errorf("a relay: %s", line)
	}
	for _, d := range []*daemon{edge, relay} {
		role := d.cfg.Cluster.Role
		if status, body := readyz(t, d); status != 200 {
			t.Errorf("%s: /readyz is %d: %s", role, status, body)
		}
		if text := command(t, d, "status"); !strings.Contains(text, role) {
			t.Errorf("%s: status says\n%s", role, text)
		}
		if report, err := d.diagnose(t.Context()); err != nil {
			t.Errorf("%s: %v", role, err)
		} else {
			for _, f := range report.Findings {
				if strings.Contains(f.What, "relay") || role == config.RoleRelay && strings.Contains(f.What, "match.sessions") {
					t.Errorf("%s: doctor finds %+v", role, f)
				}
			}
		}
	}
	if status, _ := get(t, relay, "127.0.0.1", "/"); status != 404 {
		t.Errorf("a relay has a page: %d", status)
	}
	if _, _, err := dialWS(t.Context(), relay, "127.0.0.2"); err == nil {
		t.Error("a relay takes visitors")
	}
	if text := command(t, edge, "cluster", "status"); !strings.Contains(text, "edge") || !strings.Contains(text, "relay") {
		t.Errorf("cluster status:\n%s", text)
	}
}
