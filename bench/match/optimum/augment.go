package optimum

import "slices"

// augment swaps, on the way from the root to where the search ended, the edges
// in the matching with those that are not.
func (s *solver) augment() {
	u, v := s.limitFrom, s.limitTo
	s.vertices[u].mate = v
	if v != none {
		s.rebase(s.vertices[v].top, v)
		s.vertices[v].mate = u
	}
	for {
		b := s.vertices[u].top
		s.rebase(b, u)
		before := s.up(b)
		if before == none {
			return
		}
		l := link{s.nodes[before].from, s.nodes[before].to}
		s.rebase(before, l.to)
		s.match(l)
		u = l.from
	}
}

func (s *solver) match(l link) {
	s.vertices[l.from].mate, s.vertices[l.to].mate = l.to, l.from
}

// rebase makes v the base of b, which holds it: all other vertices of b come to
// be matched among themselves. The caller matches v.
func (s *solver) rebase(b, v int32) {
	n := &s.nodes[b]
	if n.base == v {
		return
	}
	n.base = v
	child := s.childOf(b, v)
	s.rebase(child, v)
	i := slices.Index(n.children, child)
	way := n.toBase(i)
	for j := 1; j < len(way); j += 2 {
		for _, end := range []int32{way[j].from, way[j].to} {
			s.rebase(s.childOf(b, end), end)
		}
		s.match(way[j])
	}
	n.children = append(n.children[i:len(n.children):len(n.children)], n.children[:i]...)
	n.links = append(n.links[i:len(n.links):len(n.links)], n.links[:i]...)
}

// childOf is the child of the blossom b that holds v.
func (s *solver) childOf(b, v int32) int32 {
	for s.nodes[v].parent != b {
		v = s.nodes[v].parent
	}
	return v
}
