package main

import (
	"slices"
	"time"

	"github.com/joingyd/joingyd/ident"
)

// plain is what simple matchmakers do: it keeps a list, oldest first, and goes through all
// of it.
//
//	first come, first served: a newcomer gets the oldest it may meet, whatever the interests
//	greedy:                   a newcomer gets the best score there is; with none in common it
//	                          waits, and takes the oldest when its patience ends
type plain struct {
	t        *trace
	greedy   bool
	patience time.Duration
	waiting  []int // oldest first
	recent   map[int][]ident.Session
	asked    map[int]bool // those of waiting whose patience has ended
}

func newPlain(t *trace, greedy bool, patience time.Duration) *plain {
	return &plain{t: t, greedy: greedy, patience: patience, recent: make(map[int][]ident.Session), asked: make(map[int]bool)}
}

func (p *plain) arrive(i int, recent []ident.Session, now time.Duration) (int, bool) {
	p.recent[i] = recent
	if partner, ok := p.find(i, now, false); ok {
		p.drop(partner)
		return partner, true
	}
	p.waiting = append(p.waiting, i)
	return 0, false
}

// find returns the best that i may meet.
func (p *plain) find(i int, now time.Duration, anybody bool) (best int, ok bool) {
	a := &p.t.arrivals[i]
	most := 0.0
	for _, j := range p.waiting {
		b := &p.t.arrivals[j]
		if i == j || !mayMeet(a.visitor, b.visitor) || slices.Contains(p.recent[i], b.visitor.ID) || slices.Contains(p.recent[j], a.visitor.ID) {
			continue
		}
		if !p.greedy {
			return j, true
		}
		score := p.t.weight(a.visitor, b.visitor)
		overdue := anybody || now-b.at >= p.patience
		if score > most || !ok && overdue {
			best, most, ok = j, score, true
		}
	}
	return best, ok
}

func (p *plain) leave(i int, _ time.Duration) { p.drop(i) }

// next returns when the patience of the first who still has some ends.
func (p *plain) next() (time.Duration, bool) {
	if !p.greedy {
		return 0, false
	}
	for _, i := range p.waiting {
		if !p.asked[i] {
			return p.t.arrivals[i].at + p.patience, true
		}
	}
	return 0, false
}

func (p *plain) wake(now time.Duration) (pairs [][2]int) {
	for _, i := range slices.Clone(p.waiting) {
		if _, waits := p.recent[i]; !waits || p.asked[i] || p.t.arrivals[i].at+p.patience > now {
			continue
		}
		p.asked[i] = true
		if partner, ok := p.find(i, now, true); ok {
			p.drop(i)
			p.drop(partner)
			pairs = append(pairs, [2]int{i, partner})
		}
	}
	return pairs
}

func (p *plain) drop(i int) {
	for at, j := range p.waiting {
		if i == j {
			p.waiting = append(p.waiting[:at], p.waiting[at+1:]...)
			break
		}
	}
	delete(p.recent, i)
	delete(p.asked, i)
}
