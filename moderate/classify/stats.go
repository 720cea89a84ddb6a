package classify

import "time"

// Stats of a Client at one moment. Asked is always the sum of Answered, Dropped,
// Rested, all of Failed, InFlight and Waiting, but for calls that are just between
// two of them.
type Stats struct {
	Asked    uint64        // calls of Classify
	Answered uint64        // with a verdict
	Took     time.Duration // of the answered ones together, with their time in the queue
	Dropped  uint64        // ErrBusy
	Rested   uint64        // ErrResting
	Failed   Failures
	Retried  uint64 // further tries, beyond one for each call

	Breaker State
	Opened  uint64 // times that the breaker opened

	InFlight int // calls whose image is with the classifier now
	Waiting  int // calls in the queue
}

// Failures are calls without a verdict, by what went wrong.
type Failures struct {
	Connection uint64 // none, or it broke
	Timeout    uint64 // of Options.Timeout, or of the caller's deadline
	Status     uint64 // that the contract has for failures, or not at all
	BadAnswer  uint64 // ErrBadAnswer
	Image      uint64 // ErrImage: no failure of the classifier
	Cancelled  uint64 // by the caller
}

// Stats returns what was counted so far.
func (c *Client) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	stats := c.stats
	stats.Breaker, stats.Opened = c.breaker.state, c.breaker.opened
	return stats
}

// add counts how a call ended.
func (s *Stats) add(f *fault) {
	if f == nil {
		s.Answered++
		return
	}
	counter := map[kind]*uint64{
		dropped: &s.Dropped, rested: &s.Rested,
		noConnection: &s.Failed.Connection, timedOut: &s.Failed.Timeout, wrongStatus: &s.Failed.Status,
		badAnswer: &s.Failed.BadAnswer, refusedImage: &s.Failed.Image, cancelled: &s.Failed.Cancelled,
	}[f.kind]
	*counter++
}
