package optimum

import "slices"

// node is a vertex or a blossom: an odd set of vertices that the search takes
// for one, all of them matched among themselves but for the base.
type node struct {
	parent   int32 // the blossom that holds it, or none
	base     int32
	vertices []int32

	// A blossom is a cycle of an odd number of children. The first holds the
	// base; from it on, links[i] joins children[i] to the one after, and every
	// second link, links[1], links[3], …, is in the matching.
	children []int32
	links    []link

	// z is a blossom's price; as with vertices, z − 2·moved is kept while the
	// blossom is outermost and outer, z + 2·moved while it is so and inner.
	// Of a vertex it means nothing.
	z int64

	// While the node is outermost and labelled: the edge by which the search
	// came, from a vertex outside, which the root has not.
	label    label
	from, to int32
	mark     int // the last round in which ancestor came by
}

// link is an edge between a vertex in one child and a vertex in the next.
type link struct{ from, to int32 }

func (l link) reversed() link { return link{l.to, l.from} }

func (s *solver) isBlossom(b int32) bool { return int(b) >= len(s.vertices) }

// up is the node from which the search came to b, or none for the root.
func (s *solver) up(b int32) int32 {
	if from := s.nodes[b].from; from != none {
		return s.vertices[from].top
	}
	return none
}

// shrink makes a blossom of the cycle that the tight edge u–v between two outer
// nodes closes.
func (s *solver) shrink(u, v int32) {
	common := s.ancestor(s.vertices[u].top, s.vertices[v].top)
	children, links := []int32{common}, []link(nil)
	for b := s.vertices[u].top; b != common; b = s.up(b) {
		children = append(children, b)
		links = append(links, link{s.nodes[b].from, s.nodes[b].to})
	}
	slices.Reverse(children[1:])
	slices.Reverse(links)
	links = append(links, link{u, v})
	for b := s.vertices[v].top; b != common; b = s.up(b) {
		children = append(children, b)
		links = append(links, link{s.nodes[b].to, s.nodes[b].from})
	}

	blossom := s.newNode()
	var vertices, joined []int32
	for _, b := range children {
		n := &s.nodes[b]
		vertices = append(vertices, n.vertices...)
		if n.label == inner {
			joined = append(joined, n.vertices...)
			n.z -= 2 * s.moved
		} else {
			n.z += 2 * s.moved
		}
		n.label, n.parent = unseen, blossom
	}
	root := s.nodes[common]
	s.nodes[blossom] = node{
		parent: none, base: root.base, vertices: vertices, children: children, links: links,
		z: -2 * s.moved,
	}
	s.setLabel(blossom, outer, root.from, root.to)
	for _, v := range vertices {
		s.vertices[v].top = blossom
	}
	for _, v := range joined {
		s.becomeOuter(v, 2*s.moved)
	}
	for _, v := range joined {
		s.scan(v)
	}
}

// ancestor is the last node on both ways from the root to a and to b.
func (s *solver) ancestor(a, b int32) int32 {
	s.round++
	for {
		if a != none {
			if s.nodes[a].mark == s.round {
				return a
			}
			s.nodes[a].mark = s.round
			a = s.up(a)
		}
		a, b = b, a
	}
}

// newNode finds a place for a blossom.
func (s *solver) newNode() int32 {
	if last := len(s.spare) - 1; last >= 0 {
		b := s.spare[last]
		s.spare = s.spare[:last]
		return b
	}
	s.nodes = append(s.nodes, node{})
	return int32(len(s.nodes) - 1)
}

// expand puts the children of an inner blossom without a price in its place.
// The search's way through it, from the child where it came in to the base,
// stays in the tree; the other children leave it.
func (s *solver) expand(blossom int32) {
	n := s.nodes[blossom]
	s.unlabelNode(blossom)
	for _, child := range n.children {
		s.nodes[child].parent = none
		for _, v := range s.nodes[child].vertices {
			s.vertices[v].top = child
		}
	}
	s.nodes[blossom] = node{parent: none}
	s.spare = append(s.spare, blossom)

	entrance := s.vertices[n.to].top
	way := n.toBase(slices.Index(n.children, entrance))
	s.labelInner(entrance, n.from, n.to)
	var joined []link
	for i := 0; i < len(way); i += 2 {
		joined = append(joined, way[i])
		s.labelInner(s.vertices[way[i+1].to].top, way[i+1].from, way[i+1].to)
	}
	for _, l := range joined {
		s.labelOuter(s.vertices[l.to].top, l.from, l.to)
	}
	for _, v := range n.vertices {
		if s.vertices[v].label == unseen && s.vertices[v].reach != unreached {
			s.scheduleReach(v)
		}
	}
}

// toBase lists the links from child i of a blossom to the first, on the side
// where the first of them is in the matching. Their number is even.
func (n *node) toBase(i int) []link {
	if i%2 == 1 {
		return slices.Clone(n.links[i:])
	}
	way := slices.Clone(n.links[:i])
	slices.Reverse(way)
	for i := range way {
		way[i] = way[i].reversed()
	}
	return way
}
