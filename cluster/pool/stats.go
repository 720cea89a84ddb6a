package pool

import (
	"cmp"
	"slices"
)

// Counts are of what this node did since it started.
type Counts struct {
	Calls  uint64 // searches that scripts made
	Visits uint64 // tickets that they looked at
	Dead   uint64 // tickets that were removed because their node or they had not been heard of
	Lost   uint64 // own tickets that renewals did not find any more
	Errors uint64 // calls that failed

	outcomes [4]uint64
}

// Found returns how many searches found somebody.
func (c Counts) Found() uint64 { return c.outcomes[outcomeFound] }

// Gone returns how many searches were for a ticket that was not there any more.
func (c Counts) Gone() uint64 { return c.outcomes[outcomeGone] }

// Full returns how many tickets were not let in.
func (c Counts) Full() uint64 { return c.outcomes[outcomeFull] }

// Stats is what this node knows of the pool.
type Stats struct {
	Counts
	Own   int         // tickets of this node
	Gates []GateStats // by mode and language; those in which this node has or had tickets
}

// GateStats is of one gate. Waiting and Rate are of all nodes, as this one last heard.
type GateStats struct {
	Mode, Language string // none: ""; any, after patience: "*"
	Shards         int
	Waiting        int
	Rate           float64 // calls a second
}

// Stats returns what this node knows; it asks nobody.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	stats := Stats{Counts: p.counts, Own: len(p.tickets)}
	for key, g := range p.gates {
		gate := GateStats{Mode: key.mode, Language: key.language, Shards: g.count}
		for _, s := range g.shards[:g.count] {
			gate.Waiting += s.waiting
			gate.Rate += s.rate
		}
		stats.Gates = append(stats.Gates, gate)
	}
	slices.SortFunc(stats.Gates, func(a, b GateStats) int {
		return cmp.Or(cmp.Compare(a.Mode, b.Mode), cmp.Compare(a.Language, b.Language))
	})
	return stats
}
