package bus

import (
	"math/rand/v2"
	"testing"
)

func TestStreamTellsWhatWasLostOrHeardTwice(t *testing.T) {
	type heard struct {
		from  Incarnation
		first uint64
		count int
		want  taken
	}
	eve := Incarnation{3}
	tests := map[string][]heard{
		"in order":             {{ada, 1, 2, taken{fresh: true, gap: true}}, {ada, 3, 1, taken{}}, {ada, 4, 3, taken{}}},
		"begins in the middle": {{ada, 100, 2, taken{fresh: true, gap: true}}, {ada, 102, 1, taken{}}},
		"one is lost":          {{ada, 1, 1, taken{fresh: true, gap: true}}, {ada, 3, 1, taken{gap: true}}, {ada, 4, 1, taken{}}},
		"comes twice":          {{ada, 1, 2, taken{fresh: true, gap: true}}, {ada, 1, 2, taken{skip: 2}}, {ada, 3, 1, taken{}}},
		"comes too late":       {{ada, 1, 1, taken{fresh: true, gap: true}}, {ada, 3, 1, taken{gap: true}}, {ada, 2, 1, taken{skip: 1}}},
		"half known":           {{ada, 1, 2, taken{fresh: true, gap: true}}, {ada, 2, 3, taken{skip: 1}}, {ada, 5, 1, taken{}}},
		"mark: nothing lost":   {{ada, 1, 2, taken{fresh: true, gap: true}}, {ada, 3, 0, taken{}}, {ada, 3, 1, taken{}}},
		"mark: the last lost":  {{ada, 1, 2, taken{fresh: true, gap: true}}, {ada, 4, 0, taken{gap: true}}, {ada, 4, 1, taken{}}},
		"mark: old":            {{ada, 1, 5, taken{fresh: true, gap: true}}, {ada, 4, 0, taken{}}, {ada, 6, 1, taken{}}},
		"mark first":           {{ada, 4, 0, taken{fresh: true, gap: true}}, {ada, 4, 1, taken{}}},
		"started anew": {
			{ada, 1, 5, taken{fresh: true, gap: true}}, {bob, 1, 1, taken{fresh: true, gap: true}},
			{ada, 6, 2, taken{over: true, skip: 2}}, {bob, 2, 1, taken{}},
			{eve, 1, 1, taken{fresh: true, gap: true}}, {ada, 8, 1, taken{over: true, skip: 1}}, {bob, 3, 1, taken{over: true, skip: 1}},
		},
	}
	for name, list := range tests {
		var s stream
		for i, h := range list {
			if got := s.take(h.from, h.first, h.count); got != h.want {
				t.Errorf("%s: %d: %+v, want %+v", name, i, got, h.want)
			}
		}
	}
}

func TestStreamRemembersABoundedNumberOfProcesses(t *testing.T) {
	var s stream
	nth := func(i int) Incarnation { return Incarnation{0: byte(i), 1: byte(i >> 8), 2: 1} }
	for i := range 3 * remembered {
		s.take(nth(i), 1, 1)
	}
	if len(s.over) != remembered || s.over[remembered-1] != nth(3*remembered-2) {
		t.Errorf("%d are remembered: %v", len(s.over), s.over)
	}
}

// Whatever a stream is given, what it lets through goes up by one, or after a gap by more.
func TestStreamKeepsItsPromise(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 0))
		var s stream
		last := uint64(0)
		for range 200 {
			first, count := 1+r.Uint64N(60), r.IntN(4)
			got := s.take(ada, first, count)
			for n := first + uint64(got.skip); n < first+uint64(count); n++ {
				if n <= last || n > last+1 && !got.gap && last > 0 {
					t.Fatalf("seed %d: %d after %d, gap is %v", seed, n, last, got.gap)
				}
				last, got.gap = n, false
			}
			if got.gap {
				last = max(last, first-1)
			}
		}
	}
}
