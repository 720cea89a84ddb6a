package main

import (
	"testing"
	"time"
)

func TestCostsBetweenMeasurements(t *testing.T) {
	c := costs{waiting: []float64{1000, 10_000, 100_000}, script: []time.Duration{50, 70, 130}}
	for _, test := range []struct {
		waiting float64
		want    time.Duration
	}{{10, 50}, {1000, 50}, {3162.3, 60}, {10_000, 70}, {31_623, 100}, {1e6, 130}} {
		if got := c.at(test.waiting); got < test.want-1 || got > test.want+1 {
			t.Errorf("at %v: %v, want %v", test.waiting, got, test.want)
		}
	}
}

// A simulated site has about as many waiting as it is to have, and shards cost some worth.
func TestWorld(t *testing.T) {
	worth := func(shards int) float64 {
		w := newWorld(500, shards)
		w.run(3 * patience.Seconds())
		if n := w.waiting(); n < 300 || n > 700 {
			t.Errorf("%d wait in %d shards, want some 500", n, shards)
		}
		if w.searches() < uint64(w.arrivals) || w.matches < w.arrivals/3 || w.gates < w.arrivals {
			t.Errorf("%d searches of %d arrivals, %d gates, %d matches", w.searches(), w.arrivals, w.gates, w.matches)
		}
		return w.worth / float64(w.matches)
	}
	if one, eight := worth(1), worth(8); eight >= one || eight < one/3 {
		t.Errorf("a pair is worth %.2f in one pool, %.2f in eight shards", one, eight)
	}
}
