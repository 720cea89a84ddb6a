package pool

import (
	"cmp"
	"math"
	"slices"
	"time"
)

const (
	// worthSteps is the number of equal parts that patience is cut into.
	worthSteps = 8
	// worthInterests is how many interests, the rarest, an estimate is made from.
	worthInterests = 6
	// mostAsked is somewhat less than half: what interests are worth changes between two
	// arrivals.
	mostAsked = 0.45
)

// worth is what a ticket asks of a pair, in nats, after each step of its patience: its
// part of the best score that it may still expect of those who arrive before patience
// ends. It falls to 0, and is near 0 from the start where nobody is likely to come, so
// that a quiet site pairs at once and a busy one picks.
//
// It is a reservation price: two tickets are paired when their score covers what both
// ask, as the dual prices of a maximum-weight matching would have it (u + v ≤ w for the
// edges that are taken).
type worth [worthSteps + 1]float32

// newWorth estimates for interests (rarest first) of one who meets perSecond arrivals, and
// keeps so much of what a pair is worth. Interests are taken to be independent: partners with
// two of them come at the rate times both shares.
//
// With the kinds of partner ordered by score s₁ ≥ s₂ ≥ …, coming at rates λ₁, λ₂, …, the
// best score within a time r is expected to be Σᵢ sᵢ (1 − e^(−λᵢr)) Π_{j<i} e^(−λⱼr).
//
// It is at most mostAsked of what all its interests are worth, so that two who have everything
// in common are paired whatever they expect.
func newWorth(entries []*entry, perSecond, keep float64, patience time.Duration) (w worth) {
	most := 0.0
	for _, e := range entries {
		most += mostAsked * e.idf
	}
	entries = entries[:min(len(entries), worthInterests)]
	type kind struct {
		score  float64
		missed float64 // the chance that none comes within a step
		none   float64 // … within the steps so far
	}
	var buffer [1 << worthInterests]kind
	kinds := buffer[:0]
	step := patience.Seconds() / worthSteps
	for mask := 1; mask < 1<<len(entries); mask++ {
		k := kind{none: 1}
		rate := perSecond
		for i, e := range entries {
			if mask>>i&1 == 1 {
				k.score += e.idf
				rate *= e.share
			}
		}
		k.missed = math.Exp(-rate * step)
		kinds = append(kinds, k)
	}
	slices.SortFunc(kinds, func(a, b kind) int { return cmp.Compare(b.score, a.score) })
	for left := 1; left <= worthSteps; left++ {
		better, expected := 1.0, 0.0 // better: the chance that nobody better comes
		for i := range kinds {
			k := &kinds[i]
			k.none *= k.missed
			expected += k.score * (1 - k.none) * better
			better *= k.none
		}
		w[worthSteps-left] = float32(min(keep*expected, most))
	}
	return w
}

// after returns what is asked after a wait.
func (w *worth) after(wait, patience time.Duration) float64 {
	if wait >= patience {
		return 0
	}
	at := float64(max(wait, 0)) / float64(patience) * worthSteps
	step := min(int(at), worthSteps-1)
	part := at - float64(step)
	return float64(w[step])*(1-part) + float64(w[step+1])*part
}

const (
	// mostKept is the part of a pair's worth that either side asks for if nobody ever
	// leaves the line. Two halves would be all of it; that each finds what it is told to
	// expect is rarer than either alone.
	mostKept = 0.6
	// leastKept is the part if everybody is about to leave.
	leastKept = 0.25
	// caution is how much less is asked for the more leave within a patience: who waits
	// for better may lose whoever is there. Found with bench/match, where the three differ
	// little within a fifth.
	caution = 0.5

	leavingAge = 1 << 13 // tickets, after which the counts are halved
)

// leaving estimates how many leave the line before they are paired.
type leaving struct {
	tickets float64
	left    float64 // of them, unpaired
	waited  float64 // by them, seconds
}

func (l *leaving) count(left bool, waited time.Duration) {
	if l.tickets >= leavingAge {
		l.tickets, l.left, l.waited = l.tickets/2, l.left/2, l.waited/2
	}
	l.tickets++
	if left {
		l.left++
	}
	l.waited += waited.Seconds()
}

// kept returns the part of a pair's worth to ask for.
func (l *leaving) kept(patience time.Duration) float64 {
	hazard := l.left / (l.waited + patience.Seconds() + 1) // leavers a second
	return max(mostKept*math.Exp(-caution*hazard*patience.Seconds()), leastKept)
}
