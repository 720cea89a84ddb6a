package main

import (
	"github.com/joingyd/joingyd/cluster/redis"
	"github.com/joingyd/joingyd/metrics"
)

// busDrops is why messages between nodes may come to nothing.
var busDrops = []string{"full", "expired", "restarted", "foreign", "slow", "unsent"}

// clusterMetrics is what the node has to do with others.
func (d *daemon) clusterMetrics() metrics.Cluster {
	if d.member == nil {
		return metrics.Cluster{}
	}
	s, hub := d.member.Stats(), d.hub.Stats().Cluster
	dropped := s.Bus.Dropped
	return metrics.Cluster{
		RedisUp: s.Redis.State == redis.Up, Nodes: s.Nodes, Offers: s.Offers,
		Found: s.Seek.Found, Lost: s.Seek.Lost, Failed: s.Seek.Failed, Dropped: s.Seek.Dropped,
		Moves: hub.Moves, Seeks: hub.Seeks, Doors: hub.Doors, Guests: hub.Tunnels,
		Sent: s.Bus.Messages, Received: s.Bus.MessagesReceived, Gaps: s.Bus.Gaps, Queued: s.Bus.Queued, Asked: s.Asked,
		Undelivered: map[string]uint64{
			"full": dropped.Full, "expired": dropped.Expired, "restarted": dropped.Restarted,
			"foreign": dropped.Foreign, "slow": dropped.Slow, "unsent": s.Unsent,
		},
	}
}

// sharedRedisMetrics is how Redis serves the node.
func (d *daemon) sharedRedisMetrics() metrics.SharedRedis {
	if d.member == nil {
		return metrics.SharedRedis{}
	}
	s := d.member.Redis().Stats()
	return metrics.SharedRedis{
		State: string(d.member.State()), Answer: s.Answer.Seconds(), Downs: s.Downs, Calls: s.Calls, Refused: s.Refused, Busy: s.Busy,
	}
}

// sharedPoolMetrics is what the node has to do with the pool of all.
func (d *daemon) sharedPoolMetrics() metrics.SharedPool {
	if d.member == nil {
		return metrics.SharedPool{}
	}
	s := d.member.Stats().Pool
	m := metrics.SharedPool{
		Own: s.Own, Searches: s.Calls, Visits: s.Visits, Found: s.Found(), Gone: s.Gone(), Full: s.Full(), Dead: s.Dead, Lost: s.Lost,
	}
	for _, gate := range s.Gates {
		m.Waiting += gate.Waiting
		m.Shards = max(m.Shards, gate.Shards)
	}
	return m
}

// sharedBansMetrics is what became of the bans of all nodes.
func (d *daemon) sharedBansMetrics() metrics.SharedBans {
	if d.member == nil {
		return metrics.SharedBans{}
	}
	s := d.member.Stats().Bans
	return metrics.SharedBans{
		Lacking: s.Lacking, Published: s.Published, Applied: s.Applied, Supplied: s.Supplied, Ended: s.Ended,
		Asked: s.Asked, Gaps: s.Gaps, Resets: s.Resets, Refused: s.Refused, Dropped: s.Dropped, Failed: s.Failed,
	}
}

// sharedAccountsMetrics is what the node counts together with others.
func (d *daemon) sharedAccountsMetrics() metrics.SharedAccounts {
	if d.member == nil {
		return metrics.SharedAccounts{}
	}
	told, own := d.member.Accounts().Stats(), d.hub.Stats().Accounts
	return metrics.SharedAccounts{Known: own.Known, Told: told.Told, Failed: told.Failed, Dropped: own.Dropped, Refused: own.Refused}
}
