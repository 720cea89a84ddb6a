package optimum

import "fmt"

// Edge joins the vertices A and B, which count from 0. The order of A and B
// does not matter, and of parallel edges the heaviest counts.
type Edge struct {
	A, B   int32
	Weight int64
}

// graph is an adjacency list in one piece: the arcs of v are at the indices
// first[v] to first[v+1] of to and weight.
type graph struct {
	first  []int
	to     []int32
	weight []int64
}

// newGraph lists each edge under both its ends. Loops and edges that weigh
// nothing or less are left out: no best matching needs them. It panics if an
// edge names a vertex that is not below n.
func newGraph(n int, edges []Edge) *graph {
	g := &graph{first: make([]int, n+1)}
	for _, e := range edges {
		if e.A < 0 || e.B < 0 || int(e.A) >= n || int(e.B) >= n {
			panic(fmt.Sprintf("optimum: edge %d–%d in a graph of %d vertices", e.A, e.B, n))
		}
		if e.counts() {
			g.first[e.A]++
			g.first[e.B]++
		}
	}
	arcs := 0
	for v := range g.first {
		arcs += g.first[v]
		g.first[v] = arcs // the end of v's arcs, moved to their start below
	}
	g.to, g.weight = make([]int32, arcs), make([]int64, arcs)
	for _, e := range edges {
		if e.counts() {
			g.add(e.A, e.B, e.Weight)
			g.add(e.B, e.A, e.Weight)
		}
	}
	return g
}

func (e Edge) counts() bool { return e.Weight > 0 && e.A != e.B }

func (g *graph) add(from, to int32, weight int64) {
	g.first[from]--
	g.to[g.first[from]], g.weight[g.first[from]] = to, weight
}

func (g *graph) vertices() int { return len(g.first) - 1 }

// arcs are the neighbours of v and what the edges to them weigh.
func (g *graph) arcs(v int32) (to []int32, weight []int64) {
	start, end := g.first[v], g.first[v+1]
	return g.to[start:end], g.weight[start:end]
}
