package optimum

import "testing"

// verify proves by the solver's prices that its matching is the best: they pay
// for every edge, and cost exactly twice what the matching weighs.
func verify(t *testing.T, s *solver, edges []Edge) (weight int64) {
	t.Helper()
	mate := make([]int32, len(s.vertices))
	var cost int64
	for v := range s.vertices {
		vertex := &s.vertices[v]
		mate[v] = vertex.mate
		cost += vertex.price
		if vertex.price < 0 {
			t.Errorf("vertex %d has the price %d", v, vertex.price)
		}
		if m := vertex.mate; m != none && s.vertices[m].mate != int32(v) {
			t.Errorf("%d is matched with %d, which is matched with %d", v, m, s.vertices[m].mate)
		}
	}
	for b := len(s.vertices); b < len(s.nodes); b++ {
		n := &s.nodes[b]
		if n.vertices == nil {
			continue // not in use
		}
		if n.z < 0 {
			t.Errorf("blossom %v has the price %d", n.vertices, n.z)
		}
		if len(n.vertices)%2 == 0 {
			t.Errorf("blossom %v is not odd", n.vertices)
		}
		cost += n.z * int64(len(n.vertices)-1) / 2
	}
	for _, e := range edges {
		if e.A == e.B {
			continue
		}
		if paid := s.vertices[e.A].price + s.vertices[e.B].price + s.common(e.A, e.B); paid < 2*e.Weight {
			t.Errorf("%v is paid with %d, half", e, paid)
		}
	}
	weight = weigh(t, mate, edges)
	if cost != 2*weight {
		t.Errorf("matching weighs %d, half of its prices is %d/2", weight, cost)
	}
	return weight
}

// common sums the prices of the blossoms that hold both a and b.
func (s *solver) common(a, b int32) (sum int64) {
	holds := make(map[int32]bool)
	for n := s.nodes[a].parent; n != none; n = s.nodes[n].parent {
		holds[n] = true
	}
	for n := s.nodes[b].parent; n != none; n = s.nodes[n].parent {
		if holds[n] {
			sum += s.nodes[n].z
		}
	}
	return sum
}

// weigh sums the heaviest edges between mates, and fails if there is none.
func weigh(t *testing.T, mate []int32, edges []Edge) (sum int64) {
	t.Helper()
	heaviest := make(map[int32]int64)
	for _, e := range edges {
		if mate[e.A] == e.B {
			a := min(e.A, e.B)
			heaviest[a] = max(heaviest[a], e.Weight)
		}
	}
	for a, b := range mate {
		if int32(a) > b {
			continue
		}
		if heaviest[int32(a)] <= 0 {
			t.Errorf("%d is matched with %d, without an edge", a, b)
		}
		sum += heaviest[int32(a)]
	}
	return sum
}
