package cluster

import (
	"github.com/joingyd/joingyd/cluster/accounts"
	"github.com/joingyd/joingyd/cluster/bans"
	"github.com/joingyd/joingyd/cluster/bus"
	"github.com/joingyd/joingyd/cluster/pool"
	"github.com/joingyd/joingyd/cluster/redis"
)

// Stats are the counts of one moment.
type Stats struct {
	Redis redis.Stats
	Bus   bus.Stats
	Pool  pool.Stats
	Bans  bans.Stats

	Accounts accounts.Stats

	Seek   SeekCounts
	Offers int               // that wait
	Nodes  int               // others
	Relays int               // that are alive
	Unsent uint64            // frames, for want of room
	Asked  map[string]uint64 // requests to other nodes, by outcome
}

// Stats returns the counts of this moment.
func (m *Member) Stats() Stats {
	s := Stats{Redis: m.conn.Stats(), Bus: m.bus.Stats(), Pool: m.pool.Stats(), Bans: m.feed.Stats(), Accounts: m.accounts.Stats(), Nodes: len(m.nodes.Alive()), Unsent: m.unsent.Load(), Asked: m.asker.Asked()}
	s.Seek, s.Offers = m.seeker.stats()
	s.Relays = len(m.relayList())
	return s
}
