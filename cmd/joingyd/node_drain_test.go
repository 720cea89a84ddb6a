package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/joingyd/joingyd/cluster/redistest"
	"github.com/joingyd/joingyd/config"
)

// sentAway waits until the caller's node has told it to come again.
func (c *caller) sentAway() {
	c.t.Helper()
	for {
		_, _, err := c.conn.Read(c.t.Context())
		if code := websocket.CloseStatus(err); err != nil {
			if code != websocket.StatusGoingAway {
				c.t.Fatalf("the socket ended with %v, want 1001", err)
			}
			return
		}
	}
}

// backAt has the caller come again as a browser does, to another node, and find its session.
func (c *caller) backAt(d *daemon) {
	c.t.Helper()
	before := c.welcome
	c.d = d
	c.connect(fmt.Sprintf(`{"type":"hello","resume":%q,"ack":%d,"consent":{"policy":%q,"adult":true}}`, before.Resume, c.seen, d.cfg.Site.Policy))
	if c.welcome.Session != before.Session {
		c.t.Errorf("came back to %s as another session", d.cfg.Cluster.Node)
	}
}

// Drain, upgrade, --off: who waits at the node meets others elsewhere, a chat goes on there until the
// node stops and then at another, and nobody notices more than a reconnect.
func TestDrainedNodeLosesNoChat(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	nodes := startNodes(t, server, 2, nil)
	dir := t.TempDir()
	copySecrets(t, nodes[0].cfg.DataDir, dir)
	start := func() (*daemon, func()) {
		return startDaemonToStop(t, func(c *config.Config) {
			c.Cluster.Redis, c.Cluster.Node, c.TURN.PublicHost, c.DataDir = server.URL(), "n3", "localhost", dir
		})
	}
	third, stop := start()
	for _, d := range nodes {
		eventually(t, "three nodes", func() bool { return len(d.member.Open()) == 2 })
	}
	a, b := newCaller(t, third, "127.0.0.2"), newCaller(t, third, "127.0.0.3")
	meet(t, a, b, "text")
	waits := newCaller(t, third, "127.0.0.4")
	waits.send(`{"type":"find","mode":"text","interests":["patience"]}`)
	waits.expect("waiting")

	if out := command(t, nodes[0], "cluster", "drain", "n3"); !strings.Contains(out, "n3 sends its visitors to the others; 3 sessions left, 1 chat") {
		t.Errorf("drain: %s", out)
	}
	met := newCaller(t, nodes[0], "127.0.0.5")
	met.send(`{"type":"find","mode":"text","interests":["patience"]}`)
	waits.pair = waits.expect("matched").Pair
	if m := met.expect("matched"); m.Pair != waits.pair || third.hub.Stats().Online != 2 {
		t.Errorf("pairs %s and %s; %d sessions at n3", waits.pair, m.Pair, third.hub.Stats().Online)
	}
	a.sendJSON(map[string]any{"type": "text", "pair": a.pair, "id": "1", "body": "still here"})
	b.expect("text")
	a.expect("sent")

	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		stop()
	}()
	for _, c := range []*caller{a, b, waits} {
		c.sentAway()
	}
	<-stopped
	if _, err := os.Stat(filepath.Join(dir, handoverFile)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the chat is left to the next daemon too: %v", err)
	}
	a.backAt(nodes[0])
	b.backAt(nodes[1])
	waits.backAt(nodes[1])
	for _, say := range []struct{ from, to *caller }{{a, b}, {b, a}} {
		say.from.sendJSON(map[string]any{"type": "text", "pair": a.pair, "id": "2", "body": "and there"})
		say.from.expect("sent")
		say.to.expect("text")
	}
	waits.sendJSON(map[string]any{"type": "text", "pair": waits.pair, "id": "1", "body": "hello"})
	met.expect("text")

	third, _ = start()
	eventually(t, "a node that is still drained", func() bool { status, _ := readyz(t, third); return status == http.StatusServiceUnavailable })
	if out := command(t, third, "cluster", "drain", "n3", "--wait"); !strings.Contains(out, "n3 is drained") {
		t.Errorf("drain --wait: %s", out)
	}
	eventually(t, "n3, seen by n2", func() bool { _, alive := nodes[1].member.Registry().Node("n3"); return alive })
	if out := command(t, nodes[1], "cluster", "drain", "n3", "--off"); !strings.Contains(out, "n3 takes visitors again") {
		t.Errorf("drain --off: %s", out)
	}
	if status, _ := readyz(t, third); status != http.StatusOK {
		t.Errorf("/readyz: %d", status)
	}
}
