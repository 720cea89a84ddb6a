package main

import (
	"context"
	"time"

	"github.com/joingyd/joingyd/cluster"
	"github.com/joingyd/joingyd/match"
)

// handOverTime is how long another node has to take over the chats of one that ends.
const handOverTime = 3 * time.Second

// drainNode has visitors go to other nodes, or stay again.
func (d *daemon) drainNode(on bool) {
	d.draining.Store(on)
	if hub := d.started.Load(); hub != nil {
		hub.Drain(on)
	}
}

// handOver has another node take over the chats that go on when this one ends: their visitors
// come again before the next daemon is here, wherever the balancer sends them, and it may be
// away for long. It returns what is left for that daemon: all, where there is no other node.
func (d *daemon) handOver(ctx context.Context, chats []byte) (left []byte) {
	if d.member == nil || len(chats) == 0 {
		return chats
	}
	parts, err := match.SplitHandover(chats, cluster.MaxHandover)
	if err != nil {
		d.log.Error("chats are handed over to no other node", "error", err)
		return chats
	}
	ctx, cancel := context.WithTimeout(ctx, handOverTime)
	defer cancel()
	node, some, err := d.member.HandOver(ctx, parts)
	switch {
	case err == nil:
		d.log.Info("chats go on at another node", "node", node)
		return nil
	case some:
		d.log.Warn("chats may go on at another node, or not", "node", node, "error", err)
		return nil
	}
	d.log.Warn("no other node takes the chats over: the next daemon here does, if it comes soon", "error", err)
	return chats
}
