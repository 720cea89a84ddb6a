package optimum

import "math"

const unreached = math.MaxInt64 / 2

// search grows a tree of tight edges from the free vertex root, alternately
// not in and in the matching, until it comes upon another free vertex, or an
// outer one without a price. It then swaps the edges on the path there. When no
// tight edge leads on, prices move: those of outer vertices fall, those of
// inner ones rise, until one does.
//
// A vertex that is free without a price stays so until it is matched, and
// matched vertices stay matched or come to be free without a price. So each
// search settles its root for good.
func (s *solver) search(root int32) {
	s.moved, s.limit = 0, unreached
	s.events, s.tree, s.reached = s.events[:0], s.tree[:0], s.reached[:0]
	s.labelOuter(s.vertices[root].top, none, none)
	for len(s.events) > 0 {
		e := s.events.pop()
		if e.at >= s.limit {
			break
		}
		s.moved = e.at
		switch e.a {
		case reaches:
			v := &s.vertices[e.b]
			if v.label == unseen && v.reach+v.price == e.at {
				s.grow(v.via, e.b)
			}
		case expands:
			if b := &s.nodes[e.b]; b.parent == none && b.label == inner && b.z == 2*e.at {
				s.expand(e.b)
			}
		default:
			if s.vertices[e.a].top != s.vertices[e.b].top {
				s.shrink(e.a, e.b)
			}
		}
	}
	s.moved = s.limit
	s.augment()
	s.unlabel()
}

// grow adds the unseen node of v by the tight edge from the outer vertex u, and
// the node that it is matched with.
func (s *solver) grow(u, v int32) {
	b := s.vertices[v].top
	s.labelInner(b, u, v)
	base := s.nodes[b].base
	mate := s.vertices[base].mate
	s.labelOuter(s.vertices[mate].top, base, mate)
}

// labelInner labels a node that was unseen.
func (s *solver) labelInner(b, from, to int32) {
	s.setLabel(b, inner, from, to)
	for _, v := range s.nodes[b].vertices {
		s.vertices[v].price -= s.moved
		s.vertices[v].label = inner
	}
	s.nodes[b].z += 2 * s.moved
	if s.isBlossom(b) {
		s.schedule(event{at: s.nodes[b].z / 2, a: expands, b: b})
	}
}

// labelOuter labels a node that was unseen, and looks at its edges.
func (s *solver) labelOuter(b, from, to int32) {
	s.setLabel(b, outer, from, to)
	s.nodes[b].z -= 2 * s.moved
	for _, v := range s.nodes[b].vertices {
		s.becomeOuter(v, s.moved)
	}
	for _, v := range s.nodes[b].vertices {
		s.scan(v)
	}
}

func (s *solver) setLabel(b int32, l label, from, to int32) {
	s.nodes[b].label, s.nodes[b].from, s.nodes[b].to = l, from, to
	s.tree = append(s.tree, b)
}

// becomeOuter labels a vertex, whose price as stored then rises by add.
func (s *solver) becomeOuter(v int32, add int64) {
	s.vertices[v].price += add
	s.vertices[v].label = outer
	if price := s.vertices[v].price; price < s.limit {
		s.limit, s.limitFrom, s.limitTo = price, v, none
	}
}

// scan schedules what can happen by the edges of the outer vertex u.
func (s *solver) scan(u int32) {
	price, top := s.vertices[u].price, s.vertices[u].top
	to, weight := s.graph.arcs(u)
	for i, neighbour := range to {
		v := &s.vertices[neighbour]
		if v.top == top {
			continue
		}
		reach := price - 2*weight[i]
		if v.label == outer {
			s.schedule(event{at: (reach + v.price) / 2, a: u, b: neighbour})
			continue
		}
		if reach >= v.reach {
			continue
		}
		if v.reach == unreached {
			s.reached = append(s.reached, neighbour)
		}
		v.reach, v.via = reach, u
		if v.label == unseen {
			s.scheduleReach(neighbour)
		}
	}
}

// scheduleReach schedules that the best edge to the unseen vertex v becomes
// tight. If v's node has no mate, the search ends there.
func (s *solver) scheduleReach(v int32) {
	at := s.vertices[v].reach + s.vertices[v].price
	if base := s.nodes[s.vertices[v].top].base; s.vertices[base].mate != none {
		s.schedule(event{at: at, a: reaches, b: v})
	} else if at < s.limit {
		s.limit, s.limitFrom, s.limitTo = at, s.vertices[v].via, v
	}
}

// schedule keeps an event unless the search ends before it.
func (s *solver) schedule(e event) {
	if e.at < s.limit {
		s.events.push(e)
	}
}

// unlabel ends a search: prices come to be plain again.
func (s *solver) unlabel() {
	for _, b := range s.tree {
		s.unlabelNode(b)
	}
	for _, v := range s.reached {
		s.vertices[v].reach, s.vertices[v].via = unreached, none
	}
}

// unlabelNode makes a node unseen, and its price and its vertices' plain.
func (s *solver) unlabelNode(b int32) {
	n := &s.nodes[b]
	if n.label == unseen {
		return
	}
	fallen := s.moved
	if n.label == inner {
		fallen = -s.moved
	}
	n.z += 2 * fallen
	n.label, n.from, n.to = unseen, none, none
	for _, v := range n.vertices {
		s.vertices[v].price -= fallen
		s.vertices[v].label = unseen
	}
}
