package main

import (
	"math"
	"slices"
	"time"

	"github.com/joingyd/joingyd/bench/crowd"
	"github.com/joingyd/joingyd/bench/match/optimum"
)

// scale makes integers of weights for the optimum.
const scale = 1000

// best is what the offline optimum reaches: the heaviest matching of tickets that could
// have met, each within the patience or until it leaves.
func best(t *trace, patience time.Duration) (weight float64) {
	var edges []optimum.Edge
	for i := range t.arrivals {
		a := &t.arrivals[i]
		end := min(a.leaves, a.at+patience)
		for j := i + 1; j < len(t.arrivals) && t.arrivals[j].at <= end; j++ {
			if b := &t.arrivals[j]; mayMeet(a.visitor, b.visitor) {
				if w := t.weight(a.visitor, b.visitor); w > 0 {
					edges = append(edges, optimum.Edge{A: int32(i), B: int32(j), Weight: int64(math.Round(w * scale))})
				}
			}
		}
	}
	sum, _ := optimum.Matching(len(t.arrivals), edges)
	return float64(sum) / scale
}

// markAlone marks the tickets whose gates hold no candidate within their patience, were
// each candidate to stay for its own: nobody could have served them in time.
func markAlone(t *trace, patience time.Duration) {
	for i := range t.arrivals {
		t.arrivals[i].alone = true
	}
	for i := range t.arrivals {
		a := &t.arrivals[i]
		for j := i + 1; j < len(t.arrivals) && t.arrivals[j].at <= min(a.leaves, a.at+patience); j++ {
			if b := &t.arrivals[j]; (a.alone || b.alone) && mayMeet(a.visitor, b.visitor) {
				a.alone, b.alone = false, false
			}
		}
	}
}

// quality is how a matchmaker did.
type quality struct {
	weight  float64 // of the pairs made
	q       float64 // of the optimum's
	pairs   int
	common  float64 // share of the pairs with a common interest
	repeats int     // pairs of two who had met before
	left    float64 // share of the tickets that left before they were paired
	wait    waits   // of all, those who left included
	deciles [10]waits
}

// waits are quantiles.
type waits struct{ p50, p99, max time.Duration }

func newWaits(list []time.Duration) waits {
	if len(list) == 0 {
		return waits{}
	}
	slices.Sort(list)
	return waits{list[len(list)/2], list[len(list)*99/100], list[len(list)-1]}
}

// judge measures what was made of the trace. A wait that ended in nothing counts as long as
// it lasted.
func judge(t *trace, pairs []met, optimum float64) (q quality) {
	ended := make([]time.Duration, len(t.arrivals))
	for i, a := range t.arrivals {
		ended[i] = a.leaves
	}
	q.left = 1 - 2*float64(len(pairs))/float64(len(t.arrivals))
	q.pairs = len(pairs)
	before := make(map[[2]*crowd.Visitor]bool)
	for _, p := range pairs {
		a, b := t.arrivals[p.a].visitor, t.arrivals[p.b].visitor
		w := t.weight(a, b)
		q.weight += w
		if w > 0 {
			q.common++
		}
		if before[[2]*crowd.Visitor{a, b}] {
			q.repeats++
		}
		before[[2]*crowd.Visitor{a, b}], before[[2]*crowd.Visitor{b, a}] = true, true
		ended[p.a], ended[p.b] = p.at, p.at
	}
	q.common /= float64(len(pairs))
	q.q = q.weight / optimum

	var counted []int
	for i, a := range t.arrivals {
		if !a.alone {
			counted = append(counted, i)
		}
	}
	wait := func(list []int) waits {
		var ws []time.Duration
		for _, i := range list {
			ws = append(ws, ended[i]-t.arrivals[i].at)
		}
		return newWaits(ws)
	}
	q.wait = wait(counted)
	slices.SortStableFunc(counted, func(i, j int) int {
		return int(math.Copysign(1, t.arrivals[j].interest-t.arrivals[i].interest)) // rarest first
	})
	for d := range q.deciles {
		q.deciles[d] = wait(counted[len(counted)*d/10 : len(counted)*(d+1)/10])
	}
	return q
}
