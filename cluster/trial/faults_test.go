package trial_test

import (
	"context"
	"strings"
	"time"

	"github.com/joingyd/joingyd/admin"
)

// fault is something that breaks for a while.
type fault struct {
	name  string
	lasts time.Duration
	start func(*site) // it may take its time itself
	heal  func(*site)
}

// faults are those of trial C1 (Redis) and C2 (nodes), for a site with one Redis.
func faults() []fault {
	none := func(*site) {}
	second := func(s *site) *node { return s.nodes[1] }
	return []fault{
		partedAndKilled,
		{"C2: kill -9 of a node, back after 4 s", 4 * time.Second, func(s *site) { second(s).kill() }, func(s *site) { second(s).start() }},
		{"C2: kill -9 of a node, back at once", 0, func(s *site) { s.nodes[2].kill() }, func(s *site) { s.nodes[2].start() }},
		{"C2: SIGSTOP of a node for 2 s", 2 * time.Second, func(s *site) { second(s).halt(true) }, func(s *site) { second(s).halt(false) }},
		{"C2: SIGSTOP of a node for 10 s", 10 * time.Second, func(s *site) { s.nodes[0].halt(true) }, func(s *site) { s.nodes[0].halt(false) }},
		{"C2: SIGTERM and start of each node in turn", 0, func(s *site) { s.roll(false) }, none},
		{"C1: Redis killed, back empty after 6 s", 6 * time.Second, func(s *site) { s.redis.Kill() }, func(s *site) { s.redis.Restart(s.t) }},
		{"C1: Redis emptied", 0, func(s *site) { s.redis.Do(s.t, "FLUSHALL") }, none},
		{"C1: SIGSTOP of Redis for 6 s", 6 * time.Second, func(s *site) { s.redis.Stop(s.t) }, func(s *site) { s.redis.Continue(s.t) }},
		{"C1: a node parted from Redis for 8 s", 8 * time.Second, func(s *site) { second(s).proxy.Blackhole(true) }, func(s *site) { second(s).proxy.Blackhole(false) }},
		{"C1: a node parted from Redis for 20 s", 20 * time.Second, func(s *site) { second(s).proxy.Blackhole(true) }, func(s *site) { second(s).proxy.Blackhole(false) }},
		{"C1: a node refused by Redis for 8 s", 8 * time.Second, func(s *site) { s.refuse(true, s.nodes[2]) }, func(s *site) { s.refuse(false, s.nodes[2]) }},
		{"C1: all connections to Redis cut, five times", 0, func(s *site) {
			for range 5 {
				for _, n := range s.nodes {
					n.proxy.Cut()
				}
				time.Sleep(700 * time.Millisecond)
			}
		}, none},
		{"C1: 5 s of latency before a node for 15 s", 15 * time.Second, func(s *site) { second(s).proxy.SetLatency(5 * time.Second) }, func(s *site) { second(s).proxy.SetLatency(0) }},
		{"C1: 200 ms of latency before all for 10 s", 10 * time.Second, func(s *site) { s.slow(200 * time.Millisecond) }, func(s *site) { s.slow(0) }},
		{"C1: Redis killed while a node is, both back after 5 s", 5 * time.Second,
			func(s *site) { s.redis.Kill(); s.nodes[0].kill() }, func(s *site) { s.redis.Restart(s.t); s.nodes[0].start() }},
	}
}

// partedAndKilled loses a node that has done something of which nobody knows.
var partedAndKilled = fault{
	"C2: a node parted from Redis, killed after 4 s, and back", 4 * time.Second,
	func(s *site) { s.nodes[2].proxy.Blackhole(true) },
	func(s *site) { s.nodes[2].kill(); s.nodes[2].proxy.Blackhole(false); s.nodes[2].start() },
}

// drained is what docs/scaling.md has operators do.
var drained = fault{"C2: cluster drain, SIGTERM and start of each in turn", 0, func(s *site) { s.roll(true) }, func(*site) {}}

// failovers are what happens to a site with Sentinel.
func failovers() []fault {
	return []fault{
		{"C1: Sentinel failover, the primary killed", 0, func(s *site) { s.trio.Primary.Kill() }, func(s *site) {
			until(s.t, "a failover", func() bool { return s.trio.Now() == s.trio.Replica.Addr() })
		}},
		{"C1: the old primary back, and the new one killed", 3 * time.Second, func(s *site) { s.trio.Primary.Restart(s.t) }, func(s *site) {
			until(s.t, "a replica in step", func() bool { return s.trio.Primary.Info(s.t, "master_link_status") == "up" })
			s.trio.Replica.Kill()
			until(s.t, "a failover back", func() bool { return s.trio.Now() == s.trio.Primary.Addr() })
		}},
	}
}

// clusterFaults are what happens to a site with a Redis Cluster, of which every server is needed.
func clusterFaults() []fault {
	return []fault{
		{"C1: a server of the Redis Cluster killed, back empty after 6 s", 6 * time.Second, func(s *site) { s.cluster[1].Kill() }, func(s *site) {
			s.cluster[1].Restart(s.t)
			until(s.t, "the cluster serves every slot", func() bool { return strings.Contains(s.cluster[0].Do(s.t, "CLUSTER", "INFO"), "cluster_state:ok") })
		}},
		{"C2: kill -9 of a node, back after 4 s", 4 * time.Second, func(s *site) { s.nodes[1].kill() }, func(s *site) { s.nodes[1].start() }},
	}
}

// roll restarts each node in turn; with drain as docs/scaling.md says.
func (s *site) roll(drain bool) {
	for _, n := range s.nodes {
		if drain {
			s.drain(n, true)
			n.await("nobody", func() bool { return s.isEmpty(n) })
		}
		n.stop()
		n.start()
		if drain {
			s.drain(n, false)
		}
		n.await("the other nodes", func() bool { return n.metric("joingyd_cluster_nodes") == nodesOfSite-1 })
		time.Sleep(2 * time.Second)
	}
}

// isEmpty reports whether nobody is at a node that is drained.
func (s *site) isEmpty(n *node) (empty bool) {
	err := n.ask(func(ctx context.Context, c *admin.Client) error {
		status, err := c.ClusterStatus(ctx)
		for _, one := range status.Nodes {
			empty = empty || one.Name == n.name && one.Empty()
		}
		return err
	})
	return err == nil && empty
}

// drain says joingyd cluster drain NODE at another node, or takes it back.
func (s *site) drain(n *node, on bool) {
	at := s.nodes[0]
	if at == n {
		at = s.nodes[1]
	}
	err := at.ask(func(ctx context.Context, c *admin.Client) error {
		_, err := c.ClusterDrain(ctx, admin.ClusterDrainRequest{Node: n.name, Off: !on})
		return err
	})
	if err != nil {
		s.t.Errorf("drain of %s: %v", n.name, err)
	}
}

func (s *site) refuse(on bool, n *node) {
	n.proxy.Refuse(on)
	n.proxy.Cut()
}

func (s *site) slow(latency time.Duration) {
	for _, n := range s.nodes {
		n.proxy.SetLatency(latency)
	}
}
