package pool

import (
	"encoding/binary"
	"strconv"
	"time"
)

// relaxed is the language of the gate in which those of a mode stand whose patience has
// ended, whatever they speak.
const relaxed = "*"

// gateKey says who may meet. No language is a gate of its own, into which everybody of
// the mode looks.
type gateKey struct{ mode, language string }

// layout is the version of what the scripts keep in Redis: see common.lua. One that keeps it
// otherwise has the next number, and so a pool of its own.
const layout = "1"

// slot is what the names of keys begin with that are in one hash slot.
func (k gateKey) slot(part string) string {
	return "joingy:{p" + layout + ":" + k.mode + ":" + k.language + part + "}:"
}

// splitKey is the key that says into how many shards the gate is split, and since which
// epoch.
func (k gateKey) splitKey() string { return k.slot("") + "split" }

// gate is what this node knows of a gate. Pool.mu guards it.
type gate struct {
	key    gateKey
	epoch  int       // counts the changes of count; 0: never
	count  int       // of shards, a power of two
	shards []*shard  // at least so many: tickets in those that are no more move with their next search
	read   time.Time // when the number was read last
	set    time.Time // when count was found to have changed: tickets need time to move
	cold   time.Time // since when it is not worth so many shards; zero: unknown
}

// shard is a part of a gate: all its keys are in one hash slot.
type shard struct {
	gate   *gate
	number int
	keys   []string

	waiting int       // at the last answer
	asked   time.Time // of which this was the time
	calls   int64     // that Redis has counted, at the last renewal
	renewed time.Time
	rate    float64  // calls a second, of all nodes
	own     []*entry // this node's tickets in it
	checked int      // how many of own the last renewals have looked for
}

func newShard(g *gate, number int) *shard {
	prefix := g.key.slot(":" + strconv.Itoa(number))
	return &shard{gate: g, number: number, keys: []string{prefix + "tickets", prefix + "queue", prefix + "open", prefix + "interests", prefix + "members"}}
}

// gateLocked returns the gate, which it makes if need be. Languages are few: gates stay.
func (p *Pool) gateLocked(key gateKey) *gate {
	g := p.gates[key]
	if g == nil {
		g = &gate{key: key, count: 1}
		g.shards = []*shard{newShard(g, 0)}
		p.gates[key] = g
	}
	return g
}

// split takes note of how many shards the gate has.
func (g *gate) split(epoch, count int, now time.Time) {
	g.read = now
	if g.set.IsZero() {
		g.set = now
	}
	if epoch == g.epoch && count == g.count || count < 1 || count > mostShards {
		return
	}
	g.epoch, g.count, g.set, g.cold = epoch, count, now, time.Time{}
	for len(g.shards) < count {
		g.shards = append(g.shards, newShard(g, len(g.shards)))
	}
}

// shardOf returns the shard that t belongs to: that of its rarest interest.
func (g *gate) shardOf(t *Ticket) *shard {
	if len(t.Interests) > 0 {
		return g.at(t.Interests[0][:])
	}
	return g.at(t.ID[:])
}

// other returns another shard for the search of that number that a ticket makes, or nil: that of
// its second interest first, then one after the other.
func (g *gate) other(t *Ticket, search int) *shard {
	if g.count == 1 {
		return nil
	}
	home := g.shardOf(t)
	if search == 0 && len(t.Interests) > 1 {
		if s := g.at(t.Interests[1][:]); s != home {
			return s
		}
	}
	return g.shards[(home.number+1+search%(g.count-1))%g.count]
}

// at returns the shard of a tag; tags are evenly spread.
func (g *gate) at(tag []byte) *shard {
	return g.shards[binary.LittleEndian.Uint32(tag)%uint32(g.count)]
}

// put notes that e is in s.
func (s *shard) put(e *entry) {
	e.in = append(e.in, place{s, len(s.own)})
	s.own = append(s.own, e)
}

// drop notes that e is not in s any more.
func (s *shard) drop(e *entry) {
	for i, at := range e.in {
		if at.shard != s {
			continue
		}
		last := len(s.own) - 1
		moved := s.own[last]
		s.own[at.index] = moved
		for j := range moved.in {
			if moved.in[j].shard == s {
				moved.in[j].index = at.index
			}
		}
		s.own[last] = nil
		s.own = s.own[:last]
		e.in = append(e.in[:i], e.in[i+1:]...)
		return
	}
}
