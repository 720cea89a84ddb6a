package main

import (
	"slices"
	"testing"
	"time"
)

// Whatever plays a trace pairs tickets that are there, once each, and nobody does better
// than the optimum.
func TestPlay(t *testing.T) {
	const patience = 10 * time.Second
	trace := newTrace(standard(1500, 10))
	markAlone(trace, patience)
	optimum := best(trace, patience)
	for i, m := range makers {
		pairs := play(trace, m.make(trace, patience))
		seen := make(map[int]bool)
		for _, p := range pairs {
			a, b := trace.arrivals[p.a], trace.arrivals[p.b]
			if seen[p.a] || seen[p.b] {
				t.Fatalf("%s: a ticket was paired twice", m.name)
			}
			seen[p.a], seen[p.b] = true, true
			if !mayMeet(a.visitor, b.visitor) || p.at < max(a.at, b.at) || p.at > min(a.leaves, b.leaves) {
				t.Fatalf("%s: %+v and %+v were paired at %v", m.name, a, b, p.at)
			}
		}
		q := judge(trace, pairs, optimum)
		if q.q <= 0 || q.q > 1.1 || q.pairs < 600 { // more than 1 is possible: it may pair after the patience
			t.Errorf("%s: %+v", m.name, q)
		}
		if again := play(trace, makers[i].make(trace, patience)); !slices.Equal(again, pairs) {
			t.Errorf("%s: the same trace gave other pairs", m.name)
		}
	}
}

// The pool is worth its while: on the trace that the figures are about it does better than
// taking the best at once, by far better than first come, first served.
func TestQuality(t *testing.T) {
	const patience = 30 * time.Second
	trace := newTrace(standard(6000, 50))
	markAlone(trace, patience)
	optimum := best(trace, patience)
	var q [3]float64
	for i := range makers {
		q[i] = measure(trace, i, patience, optimum).q
	}
	t.Logf("Q: first come, first served %.3f, greedy %.3f, joingyd %.3f", q[0], q[1], q[2])
	if q[2] < 0.82 || q[2] < q[1]+0.1 || q[1] < 2*q[0] {
		t.Errorf("Q = %.3f", q)
	}
}
