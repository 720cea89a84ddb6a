package match

import (
	"math/rand/v2"
	"testing"
)

// Whoever comes and goes, everybody who is there has one turn in each round.
func TestRoundsReachEverybodyOnce(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var r rounds
	here := map[*socket]bool{}
	for range 20_000 {
		if len(here) == 0 || random.IntN(3) > 0 {
			k := new(socket)
			r.add(k)
			here[k] = true
			continue
		}
		for k := range here {
			r.remove(k)
			r.remove(k) // once more does nothing
			delete(here, k)
			break
		}
	}
	turns, busiest := map[*socket]int{}, 0
	for tick := range int64(roundSlots) {
		before := len(turns)
		r.each(tick, func(k *socket) { turns[k]++ })
		busiest = max(busiest, len(turns)-before)
	}
	if len(turns) != len(here) {
		t.Errorf("%d had turns, %d are here", len(turns), len(here))
	}
	for k, n := range turns {
		if n != 1 || !here[k] {
			t.Fatalf("%d turns of one who is here: %v", n, here[k])
		}
	}
	if even := len(here) / roundSlots; busiest > 4*even {
		t.Errorf("%d turns in one tick, of %d on average", busiest, even)
	}
	for k := range here {
		r.remove(k)
	}
	if tick, ok := r.following(); ok {
		t.Errorf("tick %d still has something to do", tick)
	}
}

func TestRoundsFollowing(t *testing.T) {
	var r rounds
	k := new(socket)
	r.next, r.done = 10, 5_000_000 // slot 10; that is a whole number of rounds
	r.add(k)
	for _, want := range []int64{5_000_010, 5_001_010, 5_002_010} {
		tick, ok := r.following()
		if !ok || tick != want {
			t.Errorf("after %d: %d, %v; want %d", r.done, tick, ok, want)
		}
		r.done = tick
	}
}
