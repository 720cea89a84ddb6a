package main

import (
	"context"
	"sync"
	"time"

	"github.com/joingyd/joingyd/turn"
)

// lookAgain is how long after a look what is still left is looked at again.
const lookAgain = time.Second

// drainer empties the relay when it is told to: no new allocations at once, and
// at a deadline the end of those that are left.
type drainer struct {
	relay *turn.Server
	moved chan struct{} // capacity 1: deadline has changed

	mu       sync.Mutex
	deadline time.Time // zero: nobody asked
}

func newDrainer(relay *turn.Server) *drainer {
	return &drainer{relay: relay, moved: make(chan struct{}, 1)}
}

// drain starts it, and returns the deadline: the soonest that was ever asked
// for.
func (d *drainer) drain(after time.Duration) time.Time {
	over, cancel := context.WithCancel(context.Background())
	cancel()
	_ = d.relay.Drain(over) // refuses new allocations from here on, and does not wait
	d.mu.Lock()
	defer d.mu.Unlock()
	if deadline := time.Now().Add(after); d.deadline.IsZero() || deadline.Before(d.deadline) {
		d.deadline = deadline
		select {
		case d.moved <- struct{}{}:
		default:
		}
	}
	return d.deadline
}

// leaveTime is how long before the deadline other nodes are asked to find other relays for
// who is at this one: they hear of it within a second or two.
const leaveTime = 3 * time.Second

// closes reports whether the deadline has come, or is about to.
func (d *drainer) closes() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.deadline.IsZero() && time.Until(d.deadline) < leaveTime
}

// run closes what is left at the deadline. It returns when ctx ends.
func (d *drainer) run(ctx context.Context) {
	due := time.NewTimer(0)
	due.Stop()
	defer due.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.moved:
			d.mu.Lock()
			due.Reset(time.Until(d.deadline))
			d.mu.Unlock()
		case <-due.C:
			for _, a := range d.relay.Allocations() {
				d.relay.Kill(a.Relayed)
			}
			if d.relay.Stats().Allocations > 0 {
				due.Reset(lookAgain)
			}
		}
	}
}
