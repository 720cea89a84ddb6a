package optimum

// none stands for no vertex or no node.
const none int32 = -1

// Matching finds a matching of the greatest weight in a graph of n vertices,
// which need not leave few vertices free. It returns the sum of the weights of
// its edges, and the vertex that each vertex is matched with, or −1. Edges that
// weigh 0 or less are ignored. Four times the sum of all vertices' heaviest
// edges must fit in an int64. It panics if an edge names a vertex that is not
// below n.
//
// It takes O(n·(m·log n + n²)) time at worst for m edges, on graphs of tickets
// far less, and some 30 bytes an edge besides the edges themselves.
func Matching(n int, edges []Edge) (weight int64, mate []int32) {
	g := newGraph(n, edges)
	s := newSolver(g, auctionPrices(g))
	s.solve()
	mate = make([]int32, n)
	for v := range s.vertices {
		mate[v] = s.vertices[v].mate
	}
	return g.weigh(mate), mate
}

// weigh sums the weights of a matching's edges.
func (g *graph) weigh(mate []int32) (sum int64) {
	for a, b := range mate {
		if int32(a) > b { // also if b is none
			continue
		}
		heaviest := int64(0)
		to, weight := g.arcs(int32(a))
		for i := range to {
			if to[i] == b {
				heaviest = max(heaviest, weight[i])
			}
		}
		sum += heaviest
	}
	return sum
}

// solver is a matching on its way to the best.
type solver struct {
	graph    *graph
	vertices []vertex
	nodes    []node // vertices, then blossoms
	spare    []int32
	ids      []int32 // 0, 1, 2, …: node v < n holds ids[v:v+1]

	// One search, see search.go.
	moved   int64 // by how much prices have moved
	events  heap
	tree    []int32 // nodes that were labelled
	reached []int32 // vertices with a reach
	round   int     // of marking nodes
	// The search ends at the latest when prices have moved by limit: then
	// limitFrom can be matched with limitTo, or be left free if that is none.
	limit              int64
	limitFrom, limitTo int32
}

type label uint8

const (
	unseen label = iota
	outer        // an even number of edges from the root: prices fall
	inner        // an odd number: prices rise
)

// vertex is what the search asks of a vertex, on one cache line.
type vertex struct {
	// price is u(v) if unseen, u(v) + moved if outer, u(v) − moved if inner:
	// what does not change while prices move.
	price int64
	// reach is the least of price − 2·weight over edges from outer vertices,
	// and via the other end. The edge's slack is u(v) + reach − moved.
	reach int64
	via   int32
	mate  int32
	top   int32 // the outermost node that holds the vertex
	label label // top's
}

// newSolver starts with prices that pay for every edge, which it keeps and
// changes, and matches along tight edges as they come.
func newSolver(g *graph, price []int64) *solver {
	n := g.vertices()
	s := &solver{graph: g, vertices: make([]vertex, n), nodes: make([]node, n, n+n/2), ids: make([]int32, n)}
	for v := range s.vertices {
		s.ids[v] = int32(v)
		s.vertices[v] = vertex{price: price[v], reach: unreached, via: none, mate: none, top: int32(v)}
		s.nodes[v] = node{parent: none, base: int32(v), from: none, to: none, vertices: s.ids[v : v+1]}
	}
	for v := range s.vertices {
		to, weight := g.arcs(int32(v))
		for i := 0; i < len(to) && s.vertices[v].mate == none; i++ {
			if w := &s.vertices[to[i]]; w.mate == none && price[v]+price[to[i]] == 2*weight[i] {
				s.vertices[v].mate, w.mate = to[i], int32(v)
			}
		}
	}
	return s
}

// solve matches, one by one, the free vertices that have a price.
func (s *solver) solve() {
	for v := range s.vertices {
		if s.vertices[v].mate == none && s.vertices[v].price > 0 {
			s.search(int32(v))
		}
	}
}
