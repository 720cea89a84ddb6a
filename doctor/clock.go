package doctor

import (
	"context"
	"sync/atomic"
	"time"
)

const (
	clockStep  = time.Second // that is no slewing any more
	clockEvery = 10 * time.Second
)

// Clock counts how often the machine's clock is set. The zero value is ready.
type Clock struct{ steps atomic.Uint64 }

// Steps returns how often it was set by a second or more, since Run began.
func (c *Clock) Steps() uint64 { return c.steps.Load() }

// Run compares the clock with the time that passes, every ten seconds, until ctx ends.
// A machine that slept looks like one whose clock was set.
func (c *Clock) Run(ctx context.Context) {
	ticker := time.NewTicker(clockEvery)
	defer ticker.Stop()
	before := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			now := time.Now()
			c.look(now.Sub(before), now.Round(0).Sub(before.Round(0)))
			before = now
		}
	}
}

// look compares the time that passed with what the clock made of it.
func (c *Clock) look(passed, clock time.Duration) {
	if (clock - passed).Abs() >= clockStep {
		c.steps.Add(1)
	}
}
