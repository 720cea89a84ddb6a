package optimum

import (
	"math/rand/v2"
	"testing"
)

func TestUpperBoundHolds(t *testing.T) {
	for _, c := range hard {
		checkBound(t, c.n, c.edges, c.want)
	}
	for seed := range uint64(5000) {
		r := rand.New(rand.NewPCG(seed, 5))
		n := 1 + r.IntN(12)
		edges := randomEdges(r, n, r.IntN(2*n*n), []int64{2, 10, 1000, 1 << 40}[r.IntN(4)])
		checkBound(t, n, edges, heaviest(n, edges))
	}
}

// checkBound compares the bound with the best weight, and checks that prices
// pay for every edge: a bound may hold by luck.
func checkBound(t *testing.T, n int, edges []Edge, best int64) {
	t.Helper()
	if got := upperBound(n, edges); got < best {
		t.Errorf("bound is %d, a matching weighs %d: %d %v", got, best, n, edges)
	}
	price := auctionPrices(newGraph(n, edges))
	for v := range price {
		if price[v] < 0 {
			t.Errorf("vertex %d has the price %d", v, price[v])
		}
	}
	for _, e := range edges {
		if e.A != e.B && price[e.A]+price[e.B] < 2*e.Weight {
			t.Errorf("%v is paid with %d and %d, halves", e, price[e.A], price[e.B])
		}
	}
}

// Without odd cycles, nothing but the raise is between the bound and the best.
func TestUpperBoundOfBipartiteGraphs(t *testing.T) {
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 6))
		n := 2 + r.IntN(300)
		edges := randomEdges(r, n, r.IntN(10*n), 1+r.Int64N(100_000))
		for i := range edges {
			edges[i].A, edges[i].B = edges[i].A/2*2, (edges[i].B/2*2+1)%int32(n/2*2)
		}
		best, _ := Matching(n, edges)
		got, most := upperBound(n, edges), best+int64(n)*raise(newGraph(n, edges))/2
		if got < best || got > most {
			t.Errorf("seed %d: bound is %d, want from %d to %d", seed, got, best, most)
		}
	}
}

func TestUpperBoundOfTicketsIsTight(t *testing.T) {
	for _, rate := range []float64{1, 10, 100} {
		edges := pairs(tickets(2, 2000, rate))
		best, _ := Matching(2000, edges)
		bound := upperBound(2000, edges)
		over := 100 * float64(bound-best) / float64(best)
		t.Logf("figure: %v tickets/s, %d edges: bound is %.2f %% over the best", rate, len(edges), over)
		if over < 0 || over > 2 {
			t.Errorf("bound is %d, the best %d", bound, best)
		}
	}
}

// upperBound is a weight that no matching exceeds: what the prices that the exact search
// starts from can prove.
func upperBound(n int, edges []Edge) int64 {
	return sum(auctionPrices(newGraph(n, edges))) / 2
}
