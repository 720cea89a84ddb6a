package trial_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/joingyd/joingyd/cluster/redistest"
)

const nodesOfSite = 3

// site is three nodes that share Redis, behind a balancer.
type site struct {
	t        *testing.T
	nodes    []*node
	balancer *balancer
	redis    *redistest.Server   // nil: one of those below
	trio     *redistest.Trio     // Sentinel
	cluster  []*redistest.Server // a Redis Cluster
}

// siteOptions is what is unusual about a site.
type siteOptions struct {
	program  string
	sentinel bool
	cluster  bool
	roles    []string // of each node; empty: all
	calm     bool     // visitors notice nothing of the faults: all rules hold meanwhile
	clocks   []int    // seconds that each node's clock is off; empty: none is
}

// newSite starts a site and waits until its nodes know each other.
func newSite(t *testing.T, opts siteOptions) *site {
	t.Helper()
	s := &site{t: t}
	address := ""
	switch {
	case opts.sentinel:
		s.trio = redistest.StartTrio(t)
		address = s.trio.URL()
	case opts.cluster:
		s.cluster = redistest.StartCluster(t, 3)
		address = s.cluster[0].URL() + "," + s.cluster[1].Addr() + "," + s.cluster[2].Addr()
	default:
		s.redis = redistest.Start(t)
	}
	for i := range nodesOfSite {
		n := newNode(t, "n"+strconv.Itoa(i+1), opts.program)
		if len(opts.clocks) > 0 {
			n.clock = opts.clocks[i]
		}
		if s.redis != nil {
			n.proxy = redistest.NewProxy(t, s.redis.Addr())
			address = n.proxy.URL()
		}
		if len(opts.roles) > 0 {
			n.role = opts.roles[i]
		}
		n.configure(address)
		if i > 0 {
			copySecrets(t, s.nodes[0].dir, n.dir)
		}
		n.start()
		s.nodes = append(s.nodes, n)
	}
	s.balancer = newBalancer(t, s.nodes)
	for _, n := range s.nodes {
		n.await("the other nodes", func() bool { return n.metric("joingyd_cluster_nodes") == nodesOfSite-1 })
	}
	return s
}

// copySecrets copies the keys that nodes share.
func copySecrets(t *testing.T, from, to string) {
	t.Helper()
	for _, name := range []string{"ban.key", "cluster.key"} {
		key, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, name), key, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// leftOver says what the nodes still have once all visitors have gone; "" if nothing.
func (s *site) leftOver() (left string) {
	for _, n := range s.nodes {
		values := n.scrape()
		for _, name := range []string{
			"joingyd_match_sessions", "joingyd_match_waiting", "joingyd_match_pairs",
			"joingyd_cluster_doors", "joingyd_cluster_guests", "joingyd_cluster_offers",
		} {
			if value, there := values[name]; !there || value != 0 {
				left += fmt.Sprintf("%s: %s %v; ", n.name, name, value)
			}
		}
	}
	return left
}

// goroutines returns the most that a node has.
func (s *site) goroutines() (most float64) {
	for _, n := range s.nodes {
		if n.isUp() {
			most = max(most, n.metric("go_goroutines"))
		}
	}
	return most
}
