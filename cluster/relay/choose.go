package relay

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// full is the load from which on a relay gets no session that could go elsewhere.
const full = 0.9

// Relay is one that is alive.
type Relay struct {
	Name     string // of its node
	Region   string
	Load     float64  // 0 to 1
	Draining bool     // is to get nobody new
	Refuses  bool     // and takes no new allocations
	Closed   bool     // and is about to close those it has: who is there is to leave
	URLs     []string // STUN and TURN URLs for clients; empty: it has none that they could use
}

// chooseLocked returns the relay for a session: that of this node, unless it is draining or
// full; else one of two that are drawn in this region, or if there is none elsewhere, the
// one with less to do. So not all nodes come to the same one on one second's word of its
// load (the power of two choices, Mitzenmacher 2001). Where all are full it is the one with
// the least to do, and one that is draining only where all are, but for one that refuses. Nil:
// there is none.
func (h *Home) chooseLocked(relays []Relay) *place {
	own := find(relays, h.opts.Node)
	if h.opts.Local != nil && !own.Draining && own.Load < full {
		return h.placeLocked(own)
	}
	usable := slices.DeleteFunc(slices.Clone(relays), func(r Relay) bool { return len(r.URLs) == 0 || r.Refuses || r.Name == h.opts.Node })
	if h.opts.Local != nil && !own.Refuses {
		usable = append(usable, own)
	}
	for _, bad := range []func(Relay) bool{
		func(r Relay) bool { return r.Draining || r.Load >= full || r.Region != h.opts.Region },
		func(r Relay) bool { return r.Draining || r.Load >= full },
	} {
		if some := slices.DeleteFunc(slices.Clone(usable), bad); len(some) > 0 {
			return h.placeLocked(drawTwo(some))
		}
	}
	if len(usable) == 0 {
		return nil
	}
	return h.placeLocked(slices.MinFunc(usable, byWork))
}

// drawTwo draws two relays, and returns the one with less to do.
func drawTwo(some []Relay) Relay {
	if len(some) == 1 {
		return some[0]
	}
	one, two := rand.IntN(len(some)), rand.IntN(len(some)-1)
	if two >= one {
		two++
	}
	return slices.MinFunc([]Relay{some[one], some[two]}, byWork)
}

// byWork puts those that take allocations first, and of them those with less to do.
func byWork(a, b Relay) int {
	if a.Draining != b.Draining {
		if a.Draining {
			return 1
		}
		return -1
	}
	return cmp.Compare(a.Load, b.Load)
}

// find returns what is listed of a relay; of one that is not, its name.
func find(relays []Relay, name string) Relay {
	if at := slices.IndexFunc(relays, func(r Relay) bool { return r.Name == name }); at >= 0 {
		return relays[at]
	}
	return Relay{Name: name}
}

func lists(relays []Relay, name string) bool {
	return slices.ContainsFunc(relays, func(r Relay) bool { return r.Name == name })
}

// alive reports whether a relay is, and serves. This node's is alive.
func (p *place) alive(relays []Relay) bool {
	return p != nil && (p.local || lists(relays, p.name)) && !find(relays, p.name).Closed
}

// takes reports whether a relay is alive and takes allocations.
func (p *place) takes(relays []Relay) bool {
	return p.alive(relays) && !find(relays, p.name).Draining
}

// namedLocked returns the relay of this name, nil if it is not alive.
func (h *Home) namedLocked(relays []Relay, name string) *place {
	if r := find(relays, name); !r.Closed && (len(r.URLs) > 0 || h.opts.Local != nil && name == h.opts.Node) {
		return h.placeLocked(r)
	}
	return nil
}

// meetLocked returns the relay for a pair: one where one of the two is, if it takes
// allocations; of two this node's, unless it is full, and then the one with less to do.
// Else it is one that is chosen for both.
func (h *Home) meetLocked(one, two *visitor) *place {
	relays := h.opts.Relays()
	a, b := one.at, two.at
	switch takesA, takesB := a.takes(relays), b.takes(relays); {
	case takesA && takesB && a != b:
		if b.before(a, relays) {
			return b
		}
		return a
	case takesA:
		return a
	case takesB:
		return b
	}
	return h.chooseLocked(relays)
}

// before reports whether a pair should rather be at p than at q.
func (p *place) before(q *place, relays []Relay) bool {
	mine, other := find(relays, p.name).Load, find(relays, q.name).Load
	switch {
	case p.local && mine < full:
		return true
	case q.local && other < full:
		return false
	}
	return mine < other
}

// placeLocked returns what is known of a relay that is listed.
func (h *Home) placeLocked(r Relay) *place {
	p := h.places[r.Name]
	if p == nil {
		p = &place{
			name: r.Name, local: h.opts.Local != nil && r.Name == h.opts.Node,
			keys: h.opts.Keys(r.Name), book: newBook[*visitor, *couple](),
		}
		h.places[r.Name] = p
	}
	p.urls = r.URLs
	return p
}
