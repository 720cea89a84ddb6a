package optimum

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// hard are graphs that call for each move of the algorithm. want is the best weight.
var hard = []struct {
	name  string
	n     int
	edges []Edge
	want  int64
}{
	{"nothing", 0, nil, 0},
	{"no edges", 3, nil, 0},
	{"one edge", 2, []Edge{{0, 1, 1}}, 1},
	{"weightless", 4, []Edge{{0, 1, 0}, {1, 2, -3}, {2, 3, -1}}, 0},
	{"loop", 2, []Edge{{0, 0, 9}, {0, 1, 2}}, 2},
	{"parallel edges", 3, []Edge{{0, 1, 2}, {1, 0, 7}, {0, 1, 3}, {1, 2, 6}}, 7},
	{"heavy middle leaves both ends free", 4, []Edge{{0, 1, 5}, {1, 2, 11}, {2, 3, 5}}, 11},
	{"light middle", 4, []Edge{{0, 1, 5}, {1, 2, 9}, {2, 3, 5}}, 10},
	{"triangle", 3, []Edge{{0, 1, 5}, {1, 2, 5}, {2, 0, 5}}, 5},
	{"outer blossom on the way", 4, []Edge{{0, 1, 8}, {0, 2, 9}, {1, 2, 10}, {2, 3, 7}}, 15},
	{"outer blossom with two ways out", 6, []Edge{{0, 1, 8}, {0, 2, 9}, {1, 2, 10}, {2, 3, 7}, {0, 5, 5}, {3, 4, 6}}, 21},
	{"outer blossom comes to be inner", 6, []Edge{{0, 1, 9}, {0, 2, 8}, {1, 2, 10}, {0, 3, 5}, {3, 4, 4}, {0, 5, 3}}, 17},
	{"nested outer blossoms", 6, []Edge{{0, 1, 9}, {0, 2, 9}, {1, 2, 10}, {1, 3, 8}, {2, 4, 8}, {3, 4, 10}, {4, 5, 6}}, 23},
	{"outer blossom inside another, relabelled", 8, []Edge{
		{0, 1, 10}, {0, 6, 10}, {1, 2, 12}, {2, 3, 20}, {2, 4, 20}, {3, 4, 25}, {4, 5, 10}, {5, 6, 10}, {6, 7, 8}}, 48},
	{"nested outer blossoms, inner expanded", 8, []Edge{
		{0, 1, 8}, {0, 2, 8}, {1, 2, 10}, {1, 3, 12}, {2, 4, 12}, {3, 4, 14}, {3, 5, 12}, {4, 6, 12}, {5, 6, 14}, {6, 7, 12}}, 44},
	{"blossom comes to be inner and expands", 8, []Edge{
		{0, 1, 23}, {0, 4, 22}, {0, 5, 15}, {1, 2, 25}, {2, 3, 22}, {3, 4, 25}, {3, 7, 14}, {4, 6, 13}}, 67},
	{"nested blossom comes to be inner and expands", 8, []Edge{
		{0, 1, 19}, {0, 2, 20}, {0, 7, 8}, {1, 2, 25}, {1, 3, 18}, {2, 4, 18}, {3, 4, 13}, {3, 6, 7}, {4, 5, 7}}, 47},
	{"inner blossom expands, its base on the way", 10, []Edge{
		{0, 1, 45}, {0, 4, 45}, {1, 2, 50}, {2, 3, 45}, {3, 4, 50}, {0, 5, 30}, {2, 8, 35}, {3, 7, 35}, {4, 6, 26}, {8, 9, 5}}, 146},
	{"the same, the other way round", 10, []Edge{
		{0, 1, 45}, {0, 4, 45}, {1, 2, 50}, {2, 3, 45}, {3, 4, 50}, {0, 5, 30}, {2, 8, 35}, {3, 7, 26}, {4, 6, 40}, {8, 9, 5}}, 151},
	{"tight edge to a child while the blossom is inner", 10, []Edge{
		{0, 1, 45}, {0, 4, 45}, {1, 2, 50}, {2, 3, 45}, {3, 4, 50}, {0, 5, 30}, {2, 8, 35}, {3, 7, 28}, {4, 6, 26}, {8, 9, 5}}, 139},
	{"inner blossom holds a blossom, which stays", 12, []Edge{
		{0, 1, 45}, {0, 6, 45}, {1, 2, 50}, {2, 3, 45}, {3, 4, 95}, {3, 5, 94}, {4, 5, 94}, {5, 6, 50}, {0, 7, 30}, {2, 10, 35}, {4, 8, 36}, {6, 9, 26}, {10, 11, 5}}, 241},
}

func TestHardGraphs(t *testing.T) {
	for _, c := range hard {
		t.Run(c.name, func(t *testing.T) {
			if got := heaviest(c.n, c.edges); got != c.want {
				t.Fatalf("of all matchings the best weighs %d, the table says %d", got, c.want)
			}
			for round := range 50 {
				r := rand.New(rand.NewPCG(uint64(round), 1))
				solveAll(t, r, c.n, shuffled(r, c.n, c.edges), c.want)
			}
		})
	}
}

// shuffled gives the vertices other numbers and the edges another order.
func shuffled(r *rand.Rand, n int, edges []Edge) []Edge {
	names := r.Perm(n)
	edges = slices.Clone(edges)
	for i, e := range edges {
		edges[i] = Edge{int32(names[e.A]), int32(names[e.B]), e.Weight}
	}
	r.Shuffle(len(edges), func(i, j int) { edges[i], edges[j] = edges[j], edges[i] })
	return edges
}

// solveAll compares Matching with what is wanted, and proves what the solver
// finds from different prices to start with: good ones hide its harder moves.
func solveAll(t *testing.T, r *rand.Rand, n int, edges []Edge, want int64) {
	t.Helper()
	weight, mate := Matching(n, edges)
	if got := weigh(t, mate, edges); got != weight {
		t.Errorf("Matching reports %d and matches %d", weight, got)
	}
	if weight != want {
		t.Errorf("Matching: got %d, want %d", weight, want)
	}
	g := newGraph(n, edges)
	for name, price := range map[string][]int64{"auction": auctionPrices(g), "equal": equalPrices(n, edges), "random": randomPrices(r, g)} {
		s := newSolver(g, price)
		s.solve()
		if got := verify(t, s, edges); got != want {
			t.Errorf("%s prices: got %d, want %d", name, got, want)
		}
	}
	if t.Failed() {
		t.Fatalf("graph: %d %v", n, edges)
	}
}

// equalPrices are the textbook's start: the whole matching is left to searches.
func equalPrices(n int, edges []Edge) []int64 {
	price := make([]int64, n)
	for _, e := range edges {
		for v := range price {
			price[v] = max(price[v], e.Weight)
		}
	}
	return price
}

// randomPrices are as low as what others pay lets them be.
func randomPrices(r *rand.Rand, g *graph) []int64 {
	price := make([]int64, g.vertices())
	for _, v := range r.Perm(len(price)) {
		to, weight := g.arcs(int32(v))
		for i := range to {
			price[v] = max(price[v], 2*weight[i]-price[to[i]])
		}
		if r.IntN(3) == 0 {
			price[v] += r.Int64N(5)
		}
	}
	return price
}

// heaviest tries all matchings.
func heaviest(n int, edges []Edge) int64 {
	weight := make([][]int64, n)
	for v := range weight {
		weight[v] = make([]int64, n)
	}
	for _, e := range edges {
		if e.A != e.B {
			weight[e.A][e.B] = max(weight[e.A][e.B], e.Weight)
			weight[e.B][e.A] = weight[e.A][e.B]
		}
	}
	best := make([]int64, 1<<n) // by the set of vertices to match
	for set := 1; set < 1<<n; set++ {
		a := 0
		for set>>a&1 == 0 {
			a++
		}
		rest := set &^ (1 << a)
		best[set] = best[rest]
		for b := a + 1; b < n; b++ {
			if set>>b&1 == 1 {
				best[set] = max(best[set], best[rest&^(1<<b)]+weight[a][b])
			}
		}
	}
	return best[1<<n-1]
}

func TestSmallRandomGraphs(t *testing.T) {
	for seed := range uint64(10_000) {
		r := rand.New(rand.NewPCG(seed, 2))
		n := 1 + r.IntN(12)
		edges := randomEdges(r, n, r.IntN(n*(n-1)/2+1), []int64{2, 4, 10, 100, 1 << 40}[r.IntN(5)])
		solveAll(t, r, n, edges, heaviest(n, edges))
	}
}

func randomEdges(r *rand.Rand, n, m int, maxWeight int64) []Edge {
	edges := make([]Edge, m)
	for i := range edges {
		edges[i] = Edge{int32(r.IntN(n)), int32(r.IntN(n)), 1 + r.Int64N(maxWeight)}
	}
	return edges
}

// Beyond what all matchings can be tried for, prices prove the result.
func TestRandomGraphsAreProved(t *testing.T) {
	for _, c := range []struct {
		n, m      int
		maxWeight int64
	}{
		{40, 80, 3}, {40, 200, 20}, {100, 150, 1}, {100, 400, 10}, {300, 500, 1000}, {2000, 3000, 20}, {2000, 6000, 1 << 30},
	} {
		t.Run(fmt.Sprintf("%d vertices, %d edges, to %d", c.n, c.m, c.maxWeight), func(t *testing.T) {
			for seed := range uint64(1 + 10_000/c.n) {
				r := rand.New(rand.NewPCG(seed, 3))
				edges := randomEdges(r, c.n, c.m, c.maxWeight)
				g := newGraph(c.n, edges)
				var weights []int64
				for _, price := range [][]int64{auctionPrices(g), equalPrices(c.n, edges), randomPrices(r, g)} {
					s := newSolver(g, price)
					s.solve()
					weights = append(weights, verify(t, s, edges))
				}
				if weights[0] != weights[1] || weights[0] != weights[2] {
					t.Errorf("seed %d: different starts find %v", seed, weights)
				}
			}
		})
	}
}

func TestMatchingRefusesUnknownVertices(t *testing.T) {
	for _, e := range []Edge{{0, 3, 1}, {-1, 0, 1}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%v in a graph of 3 vertices: no panic", e)
				}
			}()
			Matching(3, []Edge{e})
		}()
	}
}
