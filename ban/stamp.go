package ban

import (
	"cmp"
	"time"
)

// stamp says when something was done, so that every node of a cluster puts what was
// done to one rule in the same order, whatever their clocks say: a hybrid logical
// clock (Kulkarni et al., "Logical Physical Clocks", OPODIS 2014). What a node does
// is stamped later than all that it knew of then; what is done at two nodes that do
// not know of each other yet is ordered by their clocks, and then by their names.
type stamp struct {
	millis int64 // Unix, of the clock that is furthest ahead
	count  uint32
	origin string // of the node's log: see origin
}

func (s stamp) compare(other stamp) int {
	return cmp.Or(cmp.Compare(s.millis, other.millis), cmp.Compare(s.count, other.count), cmp.Compare(s.origin, other.origin))
}

// hybridClock is the latest time that a store has stamped or seen.
type hybridClock struct {
	millis int64
	count  uint32
}

// next returns the stamp of something that is done now.
func (c *hybridClock) next(now time.Time, origin string) stamp {
	if wall := now.UnixMilli(); wall > c.millis {
		c.millis, c.count = wall, 0
	} else if c.count++; c.count == 0 {
		c.millis++
	}
	return stamp{c.millis, c.count, origin}
}

// observe makes what is stamped from now on later than s.
func (c *hybridClock) observe(s stamp) {
	if s.millis > c.millis || s.millis == c.millis && s.count > c.count {
		c.millis, c.count = s.millis, s.count
	}
}
