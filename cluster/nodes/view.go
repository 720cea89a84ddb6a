package nodes

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// EventKind is what happened to a node.
type EventKind int

// What can happen. A node that starts anew under its name has left and joined.
const (
	Joined  EventKind = iota + 1
	Left              // on its own word, or three seconds without a sign
	Changed           // it drains or no longer does, or is another version
)

// String returns the kind in a word.
func (k EventKind) String() string {
	switch k {
	case Joined:
		return "joined"
	case Left:
		return "left"
	case Changed:
		return "changed"
	default:
		return "none"
	}
}

// Event is what happened to another node.
type Event struct {
	Kind EventKind
	Node Node
}

// seen is a node as a reader has it.
type seen struct {
	node    Node
	counter uint64
	moved   time.Time // when the counter was last seen to move
	alive   bool
}

// view is what a reader knows of the other nodes. It has no clock and no lock of its own.
type view struct {
	pace  pace
	nodes map[string]*seen
	read  time.Time // of the last read; zero: none yet
}

func newView(p pace) *view { return &view{pace: p, nodes: map[string]*seen{}} }

// observe takes over what a reader read at now: the records of all others, by name. It
// returns what has happened, in the order of names.
func (v *view) observe(now time.Time, records map[string]record) (events []Event) {
	if gap := now.Sub(v.read); !v.read.IsZero() && gap > 2*v.pace.beat {
		for _, s := range v.nodes { // nobody could be read, nor perhaps write: all have their time again
			s.moved = now
		}
	}
	v.read = now
	names := slices.Sorted(maps.Keys(records))
	for _, name := range names {
		events = append(events, v.record(now, records[name])...)
	}
	for _, name := range slices.Sorted(maps.Keys(v.nodes)) {
		s := v.nodes[name]
		if s.alive && now.Sub(s.moved) >= v.pace.silence {
			s.alive = false
			events = append(events, Event{Left, s.node})
		}
		if _, there := records[name]; !there && !s.alive {
			delete(v.nodes, name)
		}
	}
	return events
}

// record takes over one record.
func (v *view) record(now time.Time, r record) (events []Event) {
	s, known := v.nodes[r.Name]
	if known && s.node.Incarnation == r.Incarnation && s.counter == r.Counter {
		return nil
	}
	if known && s.alive && (s.node.Incarnation != r.Incarnation || r.Left) {
		s.alive = false
		events = append(events, Event{Left, s.node})
	}
	if !known {
		s = &seen{}
		v.nodes[r.Name] = s
	}
	before := s.node
	s.node, s.counter, s.moved = r.Node, r.Counter, now
	switch {
	case r.Left:
	case !s.alive:
		s.alive = true
		events = append(events, Event{Joined, r.Node})
	case r.Node.changed(before):
		events = append(events, Event{Changed, r.Node})
	}
	return events
}

// clear forgets everybody.
func (v *view) clear() (events []Event) {
	for _, n := range v.alive() {
		events = append(events, Event{Left, n})
	}
	clear(v.nodes)
	v.read = time.Time{}
	return events
}

// alive lists who is alive, by name.
func (v *view) alive() (list []Node) {
	for _, s := range v.nodes {
		if s.alive {
			list = append(list, s.node)
		}
	}
	slices.SortFunc(list, func(a, b Node) int { return strings.Compare(a.Name, b.Name) })
	return list
}
