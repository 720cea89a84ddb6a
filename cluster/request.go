package cluster

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/joingyd/joingyd/cluster/ask"
	"github.com/joingyd/joingyd/cluster/nodes"
	"github.com/joingyd/joingyd/cluster/redis"
)

// Handle has the requests of other nodes to a service answered. It is called before Run.
func (m *Member) Handle(service string, handler http.Handler) { m.asker.Handle(service, handler) }

// AskOutcomes lists what Stats.Asked counts.
func AskOutcomes() []string { return ask.Outcomes() }

// AskedBy returns the node that asks what a handler answers.
func AskedBy(ctx context.Context) string { return ask.From(ctx) }

// To returns what sends requests to another live node: see package ask. Their host is the
// service.
func (m *Member) To(node string) http.RoundTripper { return requests{m, node} }

type requests struct {
	*Member
	node string
}

// RoundTrip implements http.RoundTripper.
func (r requests) RoundTrip(req *http.Request) (*http.Response, error) {
	alive := slices.ContainsFunc(r.nodes.Alive(), func(n nodes.Node) bool { return n.Name == r.node })
	switch {
	case r.conn.State() == redis.Down:
		return nil, fmt.Errorf("node %s cannot be asked: Redis is down; joingyd cluster status says since when", r.node)
	case !alive:
		return nil, fmt.Errorf("node %s is not there; joingyd cluster status lists those that are", r.node)
	}
	return r.asker.To(r.node).RoundTrip(req)
}
