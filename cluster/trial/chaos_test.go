package trial_test

import (
	"math/rand/v2"
	"testing"
	"time"
)

// chaos breaks and heals one thing after the other, at random, so that several are broken at a
// time, and heals all in the end.
func (s *site) chaos(random *rand.Rand, lasts time.Duration) {
	for end := time.Now().Add(lasts); time.Now().Before(end); {
		n := s.nodes[random.IntN(nodesOfSite)]
		switch random.IntN(10) {
		case 0:
			n.kill()
		case 1, 2:
			if n.isUp() {
				n.halt(true)
			}
		case 3:
			n.proxy.Blackhole(true)
		case 4:
			n.proxy.SetLatency([]time.Duration{50, 300, 2000}[random.IntN(3)] * time.Millisecond)
		case 5:
			s.refuse(true, n)
		case 6:
			n.proxy.Cut()
		case 7:
			s.redis.Restart(s.t)
		case 8:
			s.redis.Stop(s.t)
			time.Sleep(rand.N(2 * time.Second))
			s.redis.Continue(s.t)
		case 9:
			s.redis.Do(s.t, "FLUSHALL")
		}
		time.Sleep(time.Duration(random.Int64N(int64(2 * time.Second))))
		if random.IntN(3) > 0 {
			s.mend(n)
		}
	}
	for _, n := range s.nodes {
		s.mend(n)
	}
}

// mend makes all well that concerns a node.
func (s *site) mend(n *node) {
	n.proxy.Blackhole(false)
	n.proxy.SetLatency(0)
	n.proxy.Refuse(false)
	switch {
	case n.halted.Load():
		n.halt(false)
	case !n.isUp():
		n.start()
	}
}

// Trial C2 with several faults at a time, at random.
func TestC2Chaos(t *testing.T) {
	full(t)
	random := rand.New(rand.NewPCG(12, uint64(time.Now().UnixNano())))
	f := fault{"C2: faults at random, several at a time", 0, func(s *site) { s.chaos(random, 2*time.Minute) }, func(*site) {}}
	try(t, siteOptions{program: build(t)}, seats(t), []fault{f}).report(t)
}
