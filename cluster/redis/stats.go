package redis

import (
	"sync/atomic"
	"time"
)

// counts are the Conn's figures.
type counts struct {
	probes, failures, downs, calls, refused, busy atomic.Uint64
	answer                                        atomic.Int64 // ns, of the last probe that was answered
}

func (c *counts) probe(o outcome) {
	c.probes.Add(1)
	if o.err != nil {
		c.failures.Add(1)
		return
	}
	c.answer.Store(int64(o.took))
}

// Stats are figures since Dial.
type Stats struct {
	State    State
	Since    time.Time     // of the state
	Answer   time.Duration // how long the last answered probe took
	Probes   uint64
	Failures uint64 // of probes
	Downs    uint64 // how often Redis went down
	Calls    uint64 // commands let through, each of a pipeline counted
	Refused  uint64 // commands that failed with ErrDown
	Busy     uint64 // commands that failed with ErrBusy
}

// Stats returns the figures.
func (c *Conn) Stats() Stats {
	c.mu.Lock()
	state, since := c.health.state, c.since
	c.mu.Unlock()
	return Stats{
		State: state, Since: since, Answer: time.Duration(c.counts.answer.Load()),
		Probes: c.counts.probes.Load(), Failures: c.counts.failures.Load(), Downs: c.counts.downs.Load(),
		Calls: c.counts.calls.Load(), Refused: c.counts.refused.Load(), Busy: c.counts.busy.Load(),
	}
}
