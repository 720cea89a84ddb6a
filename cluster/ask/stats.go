package ask

import (
	"context"
	"errors"
	"maps"
)

// What became of requests to other nodes.
const (
	outcomeAnswered = "answered" // whatever the answer's status
	outcomeRefused  = "refused"  // by the other node, for want of room, say
	outcomeSilent   = "silent"   // it did not answer, was restarted, or its answer was of no use
	outcomeOld      = "old"      // its version does not know the question
	outcomeBusy     = "busy"     // too much is asked of it already, or that was too large
	outcomeLeft     = "left"     // nobody waited for the answer any more
)

// Outcomes lists what Asked counts.
func Outcomes() []string {
	return []string{outcomeAnswered, outcomeRefused, outcomeSilent, outcomeOld, outcomeBusy, outcomeLeft}
}

// Asked counts what was asked of other nodes, by outcome.
func (a *Asker) Asked() map[string]uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.counts)
}

func (a *Asker) count(err error) {
	outcome := outcomeSilent
	_, refused := errors.AsType[refusedError](err)
	switch {
	case err == nil:
		outcome = outcomeAnswered
	case refused:
		outcome = outcomeRefused
	case errors.Is(err, ErrOld):
		outcome = outcomeOld
	case errors.Is(err, ErrBusy), errors.Is(err, ErrTooLarge):
		outcome = outcomeBusy
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		outcome = outcomeLeft
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.counts[outcome]++
}
