package match

import (
	"container/heap"
	"container/list"
	"slices"
	"time"

	"github.com/joingyd/joingyd/ident"
)

// Mode is what a chat is made of. Only equal modes are paired.
type Mode string

// The modes.
const (
	Video Mode = "video"
	Text  Mode = "text"
)

// maxVisits bounds the tickets looked at for each interest and in each queue, so
// that an arrival costs the same however many wait.
const maxVisits = 32

// ticket is a session waiting to be paired.
type ticket struct {
	session   ident.Session
	mode      Mode
	interests []interest
	since     time.Time     // when the visitor began to wait
	last      ident.Session // last partner: only if nobody else waits
	blocked   []ident.Session

	gate     *gate                        // nil while not in a pool
	elements map[*list.List]*list.Element // its places in the gate's queues
	deadline int                          // its place in pool.deadlines, -1 if none
}

// gate holds the tickets of one mode, each queue oldest first.
type gate struct {
	all        *list.List            // every ticket
	willing    *list.List            // those that take anybody
	byInterest map[string]*list.List // by folded interest; no empty queues
}

// pool pairs tickets. It is a pure data structure: time comes from outside, and
// the same calls give the same pairs. It is not safe for concurrent use.
//
// A newcomer takes the waiting ticket with the most common interests, the
// oldest of those. With none in common it takes the oldest that takes anybody; a
// ticket takes anybody from the start if it names no interests, else after
// patience. At that moment it looks for a partner by itself, so nobody depends
// on a newcomer; only then it takes its last partner again.
type pool struct {
	patience  time.Duration
	gates     map[Mode]*gate
	deadlines deadlines
}

func newPool(patience time.Duration) *pool {
	return &pool{patience: patience, gates: map[Mode]*gate{Video: newGate(), Text: newGate()}}
}

func newGate() *gate {
	return &gate{all: list.New(), willing: list.New(), byInterest: make(map[string]*list.List)}
}

// add finds a partner for t and takes it out of the pool, or puts t in and
// returns nil.
func (p *pool) add(t *ticket, now time.Time) *ticket {
	g := p.gates[t.mode]
	willing := len(t.interests) == 0 || !now.Before(t.since.Add(p.patience))
	partner := g.byCommonInterest(t)
	if partner == nil {
		partner = oldest(g.willing, t, false)
	}
	if partner == nil && willing {
		partner = oldest(g.all, t, false)
	}
	if partner != nil {
		p.remove(partner)
		return partner
	}
	p.insert(g, t, willing)
	return nil
}

// expire lets the tickets whose patience has ended by now look for anybody, and
// returns the pairs made, the ticket that looked first. All of them are out of
// the pool then.
func (p *pool) expire(now time.Time) (pairs [][2]*ticket) {
	for len(p.deadlines) > 0 && !p.deadlines[0].since.Add(p.patience).After(now) {
		t := heap.Pop(&p.deadlines).(*ticket)
		partner := oldest(t.gate.all, t, false)
		if partner == nil {
			partner = oldest(t.gate.all, t, true)
		}
		if partner != nil {
			p.remove(partner)
			p.remove(t)
			pairs = append(pairs, [2]*ticket{t, partner})
			continue
		}
		if t.elements[t.gate.willing] == nil {
			t.elements[t.gate.willing] = insertByAge(t.gate.willing, t)
		}
	}
	return pairs
}

// next returns when expire has something to do.
func (p *pool) next() (at time.Time, ok bool) {
	if len(p.deadlines) == 0 {
		return time.Time{}, false
	}
	return p.deadlines[0].since.Add(p.patience), true
}

// len returns how many tickets wait.
func (p *pool) len() int {
	n := 0
	for _, g := range p.gates {
		n += g.all.Len()
	}
	return n
}

func (p *pool) insert(g *gate, t *ticket, willing bool) {
	t.gate = g
	t.elements = map[*list.List]*list.Element{g.all: insertByAge(g.all, t)}
	if willing {
		t.elements[g.willing] = insertByAge(g.willing, t)
	}
	for _, i := range t.interests {
		queue := g.byInterest[i.folded]
		if queue == nil {
			queue = list.New()
			g.byInterest[i.folded] = queue
		}
		t.elements[queue] = insertByAge(queue, t)
	}
	heap.Push(&p.deadlines, t)
}

// remove takes t out of the pool. Removing a ticket that is not in it does
// nothing.
func (p *pool) remove(t *ticket) {
	if t.gate == nil {
		return
	}
	for queue, element := range t.elements {
		queue.Remove(element)
	}
	for _, i := range t.interests {
		if queue := t.gate.byInterest[i.folded]; queue != nil && queue.Len() == 0 {
			delete(t.gate.byInterest, i.folded)
		}
	}
	if t.deadline >= 0 {
		heap.Remove(&p.deadlines, t.deadline)
	}
	t.gate, t.elements = nil, nil
}

// byCommonInterest returns the oldest of the tickets with the most interests in
// common with t, visiting the rarest interests first.
func (g *gate) byCommonInterest(t *ticket) (best *ticket) {
	var queues []*list.List
	for _, i := range t.interests {
		if queue := g.byInterest[i.folded]; queue != nil {
			queues = append(queues, queue)
		}
	}
	slices.SortStableFunc(queues, func(a, b *list.List) int { return a.Len() - b.Len() })
	most := 0
	for _, queue := range queues {
		visits := 0
		for e := queue.Front(); e != nil && visits < maxVisits; e = e.Next() {
			visits++
			other := e.Value.(*ticket)
			if !compatible(t, other, false) {
				continue
			}
			n := len(common(t.interests, other.interests))
			if n > most || n == most && other.since.Before(best.since) {
				best, most = other, n
			}
		}
	}
	return best
}

// oldest returns the oldest ticket in queue that t may meet.
func oldest(queue *list.List, t *ticket, lastPartner bool) *ticket {
	visits := 0
	for e := queue.Front(); e != nil && visits < maxVisits; e = e.Next() {
		visits++
		if other := e.Value.(*ticket); compatible(t, other, lastPartner) {
			return other
		}
	}
	return nil
}

// compatible reports whether a and b may meet.
func compatible(a, b *ticket, lastPartner bool) bool {
	if a.session == b.session || slices.Contains(a.blocked, b.session) || slices.Contains(b.blocked, a.session) {
		return false
	}
	return lastPartner || a.last != b.session && b.last != a.session
}

// insertByAge keeps the queue oldest first. Nearly every ticket is the youngest.
func insertByAge(queue *list.List, t *ticket) *list.Element {
	for e := queue.Back(); e != nil; e = e.Prev() {
		if !e.Value.(*ticket).since.After(t.since) {
			return queue.InsertAfter(t, e)
		}
	}
	return queue.PushFront(t)
}

// deadlines is a heap (container/heap) by since: patience is the same for all.
type deadlines []*ticket

func (d deadlines) Len() int           { return len(d) }
func (d deadlines) Less(i, j int) bool { return d[i].since.Before(d[j].since) }
func (d deadlines) Swap(i, j int) {
	d[i], d[j] = d[j], d[i]
	d[i].deadline, d[j].deadline = i, j
}

// Push implements heap.Interface.
func (d *deadlines) Push(t any) {
	t.(*ticket).deadline = len(*d)
	*d = append(*d, t.(*ticket))
}

// Pop implements heap.Interface.
func (d *deadlines) Pop() any {
	last := len(*d) - 1
	t := (*d)[last]
	(*d)[last] = nil
	*d = (*d)[:last]
	t.deadline = -1
	return t
}
