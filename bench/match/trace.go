package main

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/joingyd/joingyd/bench/crowd"
)

// settings of a trace. Everything about it follows from them.
type settings struct {
	tickets int
	rate    float64       // arrivals a second (Poisson)
	leave   time.Duration // how long they stay in line, on average (exponential)
	crowd.Settings
	finds int // times that a visitor searches, on average
	seed  uint64
}

// standard is the crowd that the figures are about.
func standard(tickets int, rate float64) settings {
	return settings{tickets: tickets, rate: rate, leave: 3 * time.Minute, Settings: crowd.Standard(), finds: 3, seed: 20261124}
}

// arrival is one search of a visitor.
type arrival struct {
	visitor  *crowd.Visitor
	at       time.Duration // since the trace began
	leaves   time.Duration // if nobody was found by then
	alone    bool          // nobody whom it could meet is there in its time
	interest float64       // rarity of its rarest interest, in nats
}

// trace is what happens to a matchmaker.
type trace struct {
	settings
	arrivals []arrival // in order
	weights  []float64 // −ln of the share of arrivals that name an interest, by number
}

// newTrace draws a trace. Visitors come, search, chat for a while elsewhere, and search again;
// when does not depend on who is found, so that every matchmaker gets the same.
func newTrace(s settings) *trace {
	random := rand.New(rand.NewPCG(s.seed, 1))
	t := &trace{settings: s}
	visitors := crowd.New(random, s.Settings)
	now := 0.0
	for len(t.arrivals) < s.tickets*5/4 {
		now += random.ExpFloat64() * float64(s.finds) / s.rate
		v := visitors.Visitor()
		at := time.Duration(now * float64(time.Second))
		for {
			a := arrival{visitor: v, at: at, leaves: at + time.Duration(random.ExpFloat64()*float64(s.leave))}
			t.arrivals = append(t.arrivals, a)
			if random.IntN(s.finds) == 0 {
				break
			}
			at = a.leaves + time.Duration(random.ExpFloat64()*float64(time.Minute))
		}
	}
	slices.SortStableFunc(t.arrivals, func(a, b arrival) int { return cmp.Compare(a.at, b.at) })
	t.arrivals = t.arrivals[:s.tickets]
	t.weigh()
	return t
}

func (t *trace) weigh() {
	counts := make([]int, t.Vocab)
	for _, a := range t.arrivals {
		for _, i := range a.visitor.Interests {
			counts[i]++
		}
	}
	t.weights = make([]float64, t.Vocab)
	for i, n := range counts {
		if n > 0 {
			t.weights[i] = math.Log(float64(len(t.arrivals)) / float64(n))
		}
	}
	for i := range t.arrivals {
		a := &t.arrivals[i]
		for _, n := range a.visitor.Interests {
			a.interest = max(a.interest, t.weights[n])
		}
	}
}

// mayMeet reports whether a gate lets both in, and they are two.
func mayMeet(a, b *crowd.Visitor) bool {
	if a == b || a.Mode != b.Mode {
		return false
	}
	if len(a.Languages) == 0 || len(b.Languages) == 0 {
		return true
	}
	return slices.ContainsFunc(a.Languages, func(l string) bool { return slices.Contains(b.Languages, l) })
}

// weight is what a pair of the two is worth.
func (t *trace) weight(a, b *crowd.Visitor) (sum float64) {
	for i, j := 0, 0; i < len(a.Interests) && j < len(b.Interests); {
		switch c := cmp.Compare(a.Interests[i], b.Interests[j]); {
		case c == 0:
			sum += t.weights[a.Interests[i]]
			i++
			j++
		case c < 0:
			i++
		default:
			j++
		}
	}
	return sum
}
