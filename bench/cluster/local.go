package main

import (
	"time"

	"github.com/joingyd/joingyd/bench/command"
	"github.com/joingyd/joingyd/match/pool"
)

// localCost is what a match costs in the pool of one machine.
type localCost struct {
	waiting int
	cpu     time.Duration // a match
	p99     time.Duration // of an arrival
}

// measureLocal lets visitors arrive at one match/pool, in simulated time, until as many wait
// as there will be, and then measures.
func measureLocal(waiting, arrivals int) (c localCost) {
	v := newVisitors(waiting, 0, 1)
	p := pool.New(pool.Options{Patience: patience, Seed: 20261124})
	rate := rateFor(waiting)
	now := epoch
	var took []time.Duration
	matches, counting := 0, false
	arrive := func() {
		now = now.Add(time.Duration(float64(time.Second) / rate))
		t := v.local(now)
		began := time.Now()
		if p.Add(t, now) != nil {
			matches++
		}
		if counting {
			took = append(took, time.Since(began))
		}
		if at, ok := p.Next(); ok && !at.After(now) {
			matches += len(p.Expire(now))
		}
	}
	for range int(2.5 * patience.Seconds() * rate) {
		arrive()
	}
	matches, counting = 0, true
	began := command.CPU()
	for range arrivals {
		arrive()
	}
	c.cpu = (command.CPU() - began) / time.Duration(max(matches, 1))
	c.waiting = p.Len()
	c.p99 = quantile(took, 99)
	return c
}
