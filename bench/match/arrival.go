package main

import (
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/joingyd/joingyd/match/pool"
)

// cost is what arrivals cost where so many wait.
type cost struct {
	rate    float64       // arrivals a second
	waiting int           // tickets in the pool, on average
	each    time.Duration // CPU an arrival, the garbage collector's included
	bytes   float64       // allocated an arrival
	paired  float64       // share of the arrivals that were paired in the end
}

// measureArrivals lets visitors arrive in simulated time until as many wait as there will
// be, and then measures. What an arrival costs is everything: its ticket, its search, the
// ones that it makes later, and that it is taken out. Nobody leaves.
func measureArrivals(rate float64, patience time.Duration, arrivals int) (c cost) {
	s := standard(0, rate)
	random := rand.New(rand.NewPCG(s.seed, 2))
	crowd := make([]*visitor, 1<<16)
	popularity := zipf(s)
	for i := range crowd {
		crowd[i] = newVisitor(random, s, popularity)
	}
	p := pool.New(pool.Options{Patience: patience, Seed: s.seed})
	now, next := epoch, 0
	paired := 0
	arrive := func() {
		now = now.Add(time.Duration(random.ExpFloat64() / rate * float64(time.Second)))
		if at, ok := p.Next(); ok && !at.After(now) {
			paired += 2 * len(p.Expire(now))
		}
		v := crowd[next%len(crowd)]
		next++
		id := v.id
		id[0], id[1], id[2] = byte(next), byte(next>>8), byte(next>>16) // each is another
		t := &pool.Ticket{Session: id, Mode: v.mode, Languages: v.languages, Interests: v.named, Since: now}
		if p.Add(t, now) != nil {
			paired += 2
		}
	}
	for warm := int(2.5 * rate * patience.Seconds()); warm > 0; warm-- {
		arrive()
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	paired = 0
	waiting, began := 0, cpu()
	for range arrivals {
		arrive()
		waiting += p.Len()
	}
	c.each = (cpu() - began) / time.Duration(arrivals)
	runtime.ReadMemStats(&after)
	c.rate = rate
	c.waiting = waiting / arrivals
	c.bytes = float64(after.TotalAlloc-before.TotalAlloc) / float64(arrivals)
	c.paired = float64(paired) / float64(arrivals)
	return c
}
