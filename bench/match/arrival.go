package main

import (
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/joingyd/joingyd/bench/command"
	"github.com/joingyd/joingyd/bench/crowd"
	"github.com/joingyd/joingyd/match/pool"
)

// cost is what arrivals cost where so many wait.
type cost struct {
	rate    float64       // arrivals a second
	waiting int           // tickets in the pool, on average
	add     time.Duration // CPU of its arrival, the garbage collector's included
	later   time.Duration // CPU of the searches that it makes while it waits
	bytes   float64       // allocated an arrival
	paired  float64       // share of the arrivals that were paired in the end
}

// measureArrivals lets visitors arrive in simulated time until as many wait as there will
// be, and then measures. Nobody leaves. A larger crowd has more interests: else everybody
// would find a perfect match at once.
func measureArrivals(rate float64, vocab int, patience time.Duration, arrivals int) (c cost) {
	s := standard(0, rate)
	s.Vocab = max(s.Vocab, vocab)
	random := rand.New(rand.NewPCG(s.seed, 2))
	people := make([]*crowd.Visitor, min(max(1<<16, int(60*rate)), 1<<21)) // few come twice within a wait
	visitors := crowd.New(random, s.Settings)
	for i := range people {
		people[i] = visitors.Visitor()
	}
	p := pool.New(pool.Options{Patience: patience, Seed: s.seed})
	const batch = 64 // arrivals between two looks at the clock
	now, next, paired := epoch, 0, 0
	arrive := func() {
		began := command.CPU()
		for range batch {
			now = now.Add(time.Duration(random.ExpFloat64() / rate * float64(time.Second)))
			v := people[next%len(people)]
			next++
			id := v.ID
			id[0], id[1], id[2], id[3] = byte(next), byte(next>>8), byte(next>>16), byte(next>>24) // each is another
			t := &pool.Ticket{Session: id, Mode: v.Mode, Languages: v.Languages, Interests: v.Named, Since: now}
			if p.Add(t, now) != nil {
				paired += 2
			}
		}
		added := command.CPU()
		if at, ok := p.Next(); ok && !at.After(now) {
			paired += 2 * len(p.Expire(now))
		}
		c.add += added - began
		c.later += command.CPU() - added
	}
	for warm := int(2.5 * rate * patience.Seconds() / batch); warm > 0; warm-- {
		arrive()
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	paired, c = 0, cost{}
	waiting := 0
	arrivals -= arrivals % batch
	for done := 0; done < arrivals; done += batch {
		arrive()
		waiting += p.Len()
	}
	c.add /= time.Duration(arrivals)
	c.later /= time.Duration(arrivals)
	runtime.ReadMemStats(&after)
	c.rate = rate
	c.waiting = waiting / (arrivals / batch)
	c.bytes = float64(after.TotalAlloc-before.TotalAlloc) / float64(arrivals)
	c.paired = float64(paired) / float64(arrivals)
	return c
}
