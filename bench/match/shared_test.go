package main

import (
	"context"
	"testing"
	"time"

	"github.com/joingyd/joingyd/cluster/redis"
	"github.com/joingyd/joingyd/cluster/redistest"
)

// Nodes that share a pool pair about as well as one node to which all come, and better than
// nodes that do not.
func TestSharedQuality(t *testing.T) {
	const patience = 10 * time.Second
	conn, err := redis.Dial(context.Background(), redis.Options{URL: redistest.Start(t).URL()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	trace := newTrace(standard(700, 10))
	markAlone(trace, patience)
	optimum := best(trace, patience)
	var q [3]quality
	for i, site := range []struct {
		nodes int
		conn  *redis.Conn
	}{{1, nil}, {3, nil}, {3, conn}} {
		var across int
		if q[i], across, err = playNodes(trace, site.nodes, patience, site.conn, optimum); err != nil {
			t.Fatal(err)
		}
		if site.conn != nil && across < q[i].pairs/2 {
			t.Errorf("the shared pool made %d of %d pairs", across, q[i].pairs)
		}
	}
	t.Logf("Q: one node %.3f, three each alone %.3f, three that share a pool %.3f", q[0].q, q[1].q, q[2].q)
	if q[2].q < 0.9*q[0].q || q[2].q < 1.2*q[1].q || q[2].wait.p99 > q[1].wait.p99 {
		t.Errorf("one node %+v, three each alone %+v, sharing a pool %+v", q[0], q[1], q[2])
	}
}
