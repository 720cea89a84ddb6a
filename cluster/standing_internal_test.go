package cluster

import (
	"testing"
	"time"

	"github.com/joingyd/joingyd/cluster/nodes"
	"github.com/joingyd/joingyd/cluster/redis"
)

func TestState(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		redis   redis.State
		refusal error
		want    State
		lack    string
	}{
		{redis.Up, nil, Joined, ""},
		{redis.Slow, nil, Slow, "redis is slow since 2026-03-01T12:00:00Z: this node pairs its own visitors only"},
		{redis.Down, nil, Down, "redis is down since 2026-03-01T12:00:00Z: this node pairs its own visitors only"},
		{redis.Down, nodes.ErrNotYet, Down, "redis is down since 2026-03-01T12:00:00Z: this node pairs its own visitors only"},
		{redis.Slow, nodes.ErrKey, Slow, "redis is slow since 2026-03-01T12:00:00Z: this node pairs its own visitors only"},
		{redis.Up, nodes.ErrKey, Alone, "not among the other nodes: this node pairs its own visitors only"},
		{redis.Up, nodes.ErrNameTaken, Alone, "not among the other nodes: this node pairs its own visitors only"},
	} {
		if got := stateOf(test.redis, test.refusal); got != test.want || lackOf(nodes.RoleAll, got, noon) != test.lack {
			t.Errorf("redis %v, refusal %v: %s, %q; want %s, %q", test.redis, test.refusal, got, lackOf(nodes.RoleAll, got, noon), test.want, test.lack)
		}
	}
	if got, want := lackOf(nodes.RoleRelay, Down, noon), "redis is down since 2026-03-01T12:00:00Z: the calls at this relay go on, and it gets no others"; got != want {
		t.Errorf("a relay: %q, want %q", got, want)
	}
}
