package main

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/cluster/redistest"
	"github.com/joingyd/joingyd/config"
)

// startNodes starts daemons that are nodes of one site, n1, n2, ….
func startNodes(t *testing.T, server *redistest.Server, count int, change func(*config.Config)) (nodes []*daemon) {
	t.Helper()
	for i := range count {
		var first *daemon
		if i > 0 {
			first = nodes[0]
		}
		d, _ := startNode(t, server, fmt.Sprintf("n%d", i+1), first, change)
		nodes = append(nodes, d)
	}
	for _, d := range nodes {
		eventually(t, "nodes that know each other", func() bool { return len(d.member.Registry().Alive()) == count-1 })
	}
	return nodes
}

// startNode starts one, with the keys of another if there is one; stop may end it early.
func startNode(t *testing.T, server *redistest.Server, name string, other *daemon, change func(*config.Config)) (_ *daemon, stop func()) {
	t.Helper()
	return startDaemonToStop(t, func(c *config.Config) {
		c.Cluster.Redis, c.Cluster.Node = server.URL(), name
		c.TURN.PublicHost = "localhost" // tests look for addresses in what clients are told
		if other != nil {
			copySecrets(t, other.cfg.DataDir, c.DataDir)
		}
		if change != nil {
			change(c)
		}
	})
}

// copySecrets copies the keys that nodes share.
func copySecrets(t *testing.T, from, to string) {
	t.Helper()
	for _, name := range []string{banKeyFile, config.ClusterKeyFile} {
		key, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, name), key, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// meetAcross has two callers of different nodes find each other.
func meetAcross(t *testing.T, a, b *caller, mode string) {
	t.Helper()
	find := `{"type":"find","mode":"` + mode + `","interests":["testing"]}`
	a.send(find)
	a.expect("waiting")
	b.send(find)
	for _, c := range []*caller{a, b} {
		m := c.expect("matched")
		if c.pair = m.Pair; len(m.ICE.Servers) > 0 {
			c.welcome.ICE = m.ICE
		}
	}
	if a.pair != b.pair {
		t.Fatalf("pairs %s and %s", a.pair, b.pair)
	}
}

// TestNodes pairs visitors of different nodes, for a call and for text, has one resume at a
// third node, and bans.
func TestNodes(t *testing.T) {
	t.Parallel()
	nodes := startNodes(t, redistest.Start(t), 3, nil)
	a, b := newCaller(t, nodes[0], "127.0.0.2"), newCaller(t, nodes[1], "127.0.0.3")
	meetAcross(t, a, b, "video")
	call(t, a, b)

	a.sendJSON(map[string]any{"type": "text", "pair": a.pair, "id": "1", "body": "hello"})
	if m := b.expect("text"); m.Body != "hello" {
		t.Errorf("text = %+v", m)
	}
	a.expect("sent")

	// The socket drops, and the client comes back to another node.
	session := a.welcome.Session
	a.conn.CloseNow()
	b.sendJSON(map[string]any{"type": "text", "pair": b.pair, "id": "2", "body": "still there?"})
	b.expect("sent")
	a.d = nodes[2]
	a.resume() // and gets that
	if a.welcome.Session != session {
		t.Error("resumed as another session")
	}

	b.send(`{"type":"leave"}`)
	if m := a.expect("left"); m.Reason != "left" || m.Pair != a.pair {
		t.Errorf("left = %+v", m)
	}
	meetAcross(t, a, newCaller(t, nodes[0], "127.0.0.4"), "text")
	for _, d := range nodes {
		eventually(t, "the online count", func() bool { return d.hub.Online() == 3 })
	}

	// Whoever is banned at one node is banned at all, and told wherever they are. All know the
	// key that it is under.
	if out := command(t, nodes[1], "keys", "rotate"); !strings.Contains(out, "\nother nodes that have it: n1, n3\n") {
		t.Errorf("keys rotate:\n%s", out)
	}
	command(t, nodes[1], "ban", "127.0.0.2", "--force", "--reason", "spam")
	if m := a.expect("banned"); m.Reason != "spam" {
		t.Errorf("banned = %+v", m)
	}
	for _, d := range nodes {
		eventually(t, "the ban at "+d.cfg.Cluster.Node, func() bool {
			_, banned := d.bans.Check(netip.MustParseAddr("127.0.0.2"), ban.UseSite)
			return banned
		})
	}
	if out := command(t, nodes[1], "db", "check"); !strings.Contains(out, "for other nodes\nproblems  none\n") {
		t.Errorf("db check:\n%s", out)
	}
	if out := command(t, nodes[2], "cluster", "status"); !strings.Contains(out, "n1") || !strings.Contains(out, "n2") || !strings.Contains(out, "n3") {
		t.Errorf("cluster status:\n%s", out)
	}
	eventually(t, "metrics of both others", func() bool { // Redis counts as down while the machine has no time for it
		_, values := scrape(t, nodes[0])
		return values["joingyd_cluster_redis_up"] == 1 && values["joingyd_cluster_nodes"] == 2
	})
	command(t, nodes[0], "cluster", "drain", "n2")
	eventually(t, "a node that is drained", func() bool { return nodes[1].ready(t.Context()) != nil })
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patienceOfTests); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
