package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/joingyd/joingyd/cluster"
	"github.com/joingyd/joingyd/cluster/redistest"
	"github.com/joingyd/joingyd/config"
)

// come says hello at a node, and reports whether that brought a session: else the socket was
// shut because there are too many.
func come(t *testing.T, d *daemon, from string) bool {
	t.Helper()
	c := &caller{t: t, d: d, from: from}
	conn, _, err := dialWS(t.Context(), d, from)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	c.conn = conn
	c.send(`{"type":"hello","consent":{"policy":"` + d.cfg.Site.Policy + `","adult":true}}`)
	ctx, cancel := context.WithTimeout(t.Context(), patienceOfTests)
	defer cancel()
	_, data, err := conn.Read(ctx)
	var closed websocket.CloseError
	switch {
	case errors.As(err, &closed) && closed.Code == 4429:
		return false
	case err != nil || !strings.Contains(string(data), `"welcome"`):
		t.Fatalf("%s, %v; want a welcome or 4429", data, err)
	}
	return true
}

// TestNodesCountTogether has an address that comes to three nodes get the allowance of one;
// without Redis each node's own holds, and nobody is kept waiting.
func TestNodesCountTogether(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	const most, address = 4, "127.0.0.9"
	nodes := startNodes(t, server, 3, func(c *config.Config) { c.Match.PerAddress, c.Match.PerAddressMax = 2, most })
	unanswered := func() (n uint64) {
		for _, d := range nodes {
			n += d.member.Accounts().Stats().Failed
		}
		return n
	}
	let, tries := 0, 0
	for ; tries < 9; tries++ {
		if come(t, nodes[tries%3], address) {
			let++
		}
	}
	// A machine that is too slow to answer in time is one more way to be alone.
	if n := unanswered(); let < most || let > most+int(n) {
		t.Errorf("%d of %d sessions of an address came, %d times without an answer; want %d", let, tries, n, most)
	}
	refused := uint64(0)
	for _, d := range nodes {
		refused += d.hub.Stats().Accounts.Refused["sessions"]
	}
	if refused == 0 {
		t.Error("nobody was refused for what is at another node")
	}
	if !come(t, nodes[0], "127.0.0.10") {
		t.Error("another address was refused")
	}
	var reports []int
	before := unanswered()
	for _, d := range nodes {
		reports = append(reports, d.reportsBefore("a reporter"))
	}
	if !slices.Equal(reports, []int{0, 1, 2}) && unanswered() == before {
		t.Errorf("before three reports at three nodes there were %v", reports)
	}
	keys := server.Do(t, "KEYS", "*")
	if !strings.Contains(keys, "joingy:account:") || strings.Contains(keys, address) {
		t.Errorf("keys of Redis: %s", keys)
	}

	server.Kill()
	for _, d := range nodes {
		eventually(t, "a node that knows that redis is down", func() bool { return d.member.State() == cluster.Down })
		for d.hub.Stats().Online < most { // one of them of the other address, at the first
			if !come(t, d, address) {
				t.Fatalf("alone with %d sessions, a node refuses another", d.hub.Stats().Online)
			}
		}
	}
	if come(t, nodes[2], address) {
		t.Error("alone, a node lets more come than it may")
	}
}
