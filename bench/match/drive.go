package main

import (
	"container/heap"
	"slices"
	"time"

	"github.com/joingyd/joingyd/bench/crowd"
	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/match/pool"
)

// matchmaker is what a trace is played to. Tickets are named by their numbers in the
// trace.
type matchmaker interface {
	// arrive hands over a ticket; it may be paired at once.
	arrive(ticket int, recent []ident.Session, now time.Duration) (partner int, ok bool)
	// leave takes a ticket back.
	leave(ticket int, now time.Duration)
	// next returns when the matchmaker wants to be woken.
	next() (at time.Duration, ok bool)
	// wake lets it make pairs that are due.
	wake(now time.Duration) [][2]int
}

// met is a pair that was made.
type met struct {
	a, b int
	at   time.Duration
}

// departure is a ticket and when it leaves; a heap of them.
type departure struct {
	at     time.Duration
	ticket int
}

type departures []departure

func (d departures) Len() int           { return len(d) }
func (d departures) Less(i, j int) bool { return d[i].at < d[j].at }
func (d departures) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }
func (d *departures) Push(x any)        { *d = append(*d, x.(departure)) }
func (d *departures) Pop() any {
	last := (*d)[len(*d)-1]
	*d = (*d)[:len(*d)-1]
	return last
}

// recentPartners is how many partners a visitor is kept from.
const recentPartners = 20

// play plays the trace to m, and returns the pairs in the order in which they were made.
func play(t *trace, m matchmaker) (pairs []met) {
	recent := make(map[*crowd.Visitor][]ident.Session)
	gone := make([]bool, len(t.arrivals))
	var leaving departures
	pair := func(a, b int, at time.Duration) {
		pairs = append(pairs, met{a, b, at})
		gone[a], gone[b] = true, true
		va, vb := t.arrivals[a].visitor, t.arrivals[b].visitor
		recent[va] = remember(recent[va], vb.ID)
		recent[vb] = remember(recent[vb], va.ID)
	}
	// until lets everything happen that comes before now.
	until := func(now time.Duration) {
		for {
			wakeAt, wakes := m.next()
			wakes = wakes && wakeAt <= now
			leaves := len(leaving) > 0 && leaving[0].at <= now
			switch {
			case wakes && (!leaves || wakeAt <= leaving[0].at):
				for _, p := range m.wake(wakeAt) {
					pair(p[0], p[1], wakeAt)
				}
			case leaves:
				d := heap.Pop(&leaving).(departure)
				if !gone[d.ticket] {
					gone[d.ticket] = true
					m.leave(d.ticket, d.at)
				}
			default:
				return
			}
		}
	}
	for i, a := range t.arrivals {
		until(a.at)
		if partner, ok := m.arrive(i, recent[a.visitor], a.at); ok {
			pair(i, partner, a.at)
			continue
		}
		heap.Push(&leaving, departure{a.leaves, i})
	}
	for len(leaving) > 0 {
		until(leaving[0].at)
	}
	return pairs
}

func remember(list []ident.Session, id ident.Session) []ident.Session {
	if len(list) == recentPartners {
		list = list[1:]
	}
	return append(slices.Clip(list), id) // a ticket may hold the old one
}

// ours is the daemon's pool.
type ours struct {
	t        *trace
	patience time.Duration
	pool     *pool.Pool
	tickets  map[int]*pool.Ticket
	numbers  map[*pool.Ticket]int
}

var epoch = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

func newOurs(t *trace, patience time.Duration) *ours {
	return &ours{
		t: t, patience: patience, pool: pool.New(pool.Options{Patience: patience, AnyLanguage: false, Seed: t.seed}),
		tickets: make(map[int]*pool.Ticket), numbers: make(map[*pool.Ticket]int),
	}
}

func (o *ours) arrive(i int, recent []ident.Session, now time.Duration) (int, bool) {
	v := o.t.arrivals[i].visitor
	t := &pool.Ticket{
		Session: v.ID, Mode: v.Mode, Languages: v.Languages, Interests: v.Named, Since: epoch.Add(now), Recent: recent,
	}
	if partner := o.pool.Add(t, epoch.Add(now)); partner != nil {
		return o.forget(partner), true
	}
	o.tickets[i], o.numbers[t] = t, i
	return 0, false
}

func (o *ours) leave(i int, now time.Duration) {
	o.pool.Remove(o.tickets[i], epoch.Add(now))
	o.forget(o.tickets[i])
}

func (o *ours) next() (time.Duration, bool) {
	at, ok := o.pool.Next()
	return at.Sub(epoch), ok
}

func (o *ours) wake(now time.Duration) (pairs [][2]int) {
	for _, p := range o.pool.Expire(epoch.Add(now)) {
		pairs = append(pairs, [2]int{o.forget(p.A), o.forget(p.B)})
	}
	return pairs
}

func (o *ours) forget(t *pool.Ticket) int {
	i := o.numbers[t]
	delete(o.numbers, t)
	delete(o.tickets, i)
	return i
}
