package pool

import (
	"cmp"
	"slices"
	"time"
)

// Options of a Pool.
type Options struct {
	// Patience is how long a visitor with interests waits before anybody will do.
	Patience time.Duration
	// AnyLanguage lets two whose patience has ended meet without a common language.
	AnyLanguage bool
	// Seed goes into the places where interests are counted. The same seed, tickets
	// and times give the same pairs.
	Seed uint64
}

// Pool pairs tickets. Make one with New. It is not safe for concurrent use.
type Pool struct {
	opts    Options
	epoch   time.Time // of the first call; times are kept as what has passed since
	gates   map[gateKey]*gate
	entries map[string]*entry // by folded interest
	freeIDs []interestID      // that entries had who are gone
	relaxed map[Mode]*queue   // whose patience has ended, of every language
	rarity  rarity
	leaving leaving
	wheel   wheel
	waiting int
	share   float64 // of the site's arrivals that come here

	search   uint64 // number of the round of a search under way
	searches uint64 // that were made
	visits   int    // the most tickets that a search has looked at
}

// New makes an empty pool.
func New(opts Options) *Pool {
	return &Pool{
		opts:    opts,
		gates:   make(map[gateKey]*gate),
		entries: make(map[string]*entry),
		relaxed: make(map[Mode]*queue),
		rarity:  rarity{seed: opts.Seed},
		wheel:   wheel{tick: max(opts.Patience/64, time.Millisecond)},
		share:   1,
	}
}

// Pair is two tickets that met: A found B.
type Pair struct{ A, B *Ticket }

// Add counts t as a newcomer and finds a partner for it, which it takes out of the
// pool, or puts t in and returns nil.
func (p *Pool) Add(t *Ticket, now time.Time) (partner *Ticket) {
	at, gates := p.at(now), p.gatesOf(t)
	for _, g := range gates {
		g.arrivals.arrive(at)
	}
	p.value(t, gates, at)
	return p.enter(t, gates, at)
}

// value takes note of what t names, and of what it asks for that.
func (p *Pool) value(t *Ticket, gates []*gate, at time.Duration) {
	t.since = min(p.at(t.Since), at)
	p.intern(t)
	p.rarity.arrive(t.entries)
	sortByShare(t)
	perSecond := 0.0
	for _, g := range gates {
		perSecond = max(perSecond, g.arrivals.perSecond(at))
	}
	t.worth = newWorth(t.entries, perSecond/p.share, p.leaving.kept(p.opts.Patience), p.opts.Patience)
}

// Return is Add for a ticket that was in the pool before: it keeps its place in the
// line and is no arrival.
func (p *Pool) Return(t *Ticket, now time.Time) (partner *Ticket) {
	p.intern(t)
	p.rarity.estimate(t.entries)
	sortByShare(t)
	return p.enter(t, p.gatesOf(t), p.at(now))
}

// Remove takes t out, whose visitor has left the line. Where t is not in the pool it
// does nothing.
func (p *Pool) Remove(t *Ticket, now time.Time) {
	if t.gates != nil {
		at := p.at(now)
		p.leaving.count(true, at-t.since)
		p.take(t)
	}
}

// Paired takes t out, which has found a partner elsewhere. Where t is not in the pool it does
// nothing.
func (p *Pool) Paired(t *Ticket, now time.Time) {
	if t.gates != nil {
		p.leaving.count(false, p.at(now)-t.since)
		p.take(t)
	}
}

// take takes t out.
func (p *Pool) take(t *Ticket) {
	p.wheel.clear(t)
	if t.relaxed != nowhere {
		p.relaxed[t.Mode].remove(&t.relaxed)
	}
	for i, g := range t.gates {
		numbers := t.numbersIn(i)
		g.all.remove(&numbers[0])
		g.open.remove(&numbers[1])
		for j := range t.entries {
			q := g.byInterest[t.interests[j]]
			if q.remove(&numbers[2+j]); q.len == 0 {
				delete(g.byInterest, t.interests[j])
			}
		}
	}
	p.release(t)
	p.waiting--
}

// Expire lets the tickets that are due by now search again, and returns the pairs that
// they made. All of them are out of the pool then.
func (p *Pool) Expire(now time.Time) (pairs []Pair) {
	at := p.at(now)
	for t := p.wheel.take(at); t != nil; t = p.wheel.take(at) {
		partner, again := p.find(t, t.gates, at)
		if partner != nil {
			p.countPair(t, partner, at)
			p.take(partner)
			p.take(t)
			pairs = append(pairs, Pair{t, partner})
			continue
		}
		p.relax(t, at)
		p.wheel.set(t, max(again, at+p.wheel.tick))
	}
	return pairs
}

func (p *Pool) countPair(a, b *Ticket, at time.Duration) {
	p.leaving.count(false, at-a.since)
	p.leaving.count(false, at-b.since)
}

// Next returns when Expire has something to do.
func (p *Pool) Next() (at time.Time, ok bool) {
	tick, ok := p.wheel.next()
	return p.epoch.Add(time.Duration(tick) * p.wheel.tick), ok
}

// Searches returns how many searches were made: one by each arrival, and those that tickets
// made while they waited.
func (p *Pool) Searches() uint64 { return p.searches }

// Len returns how many tickets wait.
func (p *Pool) Len() int { return p.waiting }

// at puts a time on the pool's clock.
func (p *Pool) at(now time.Time) time.Duration {
	if p.epoch.IsZero() {
		p.epoch = now
	}
	return max(now.Sub(p.epoch), 0)
}

// enter searches for t, and puts it in if nobody is found.
func (p *Pool) enter(t *Ticket, gates []*gate, at time.Duration) *Ticket {
	partner, again := p.find(t, gates, at)
	if partner != nil {
		p.countPair(t, partner, at)
		p.take(partner)
		p.release(t)
		return partner
	}
	p.insert(t, gates, at)
	if p.waiting == 1 {
		p.wheel.done = max(p.wheel.done, int64(at/p.wheel.tick))
	}
	p.wheel.set(t, max(again, at+p.wheel.tick))
	return nil
}

func (p *Pool) insert(t *Ticket, gates []*gate, at time.Duration) {
	t.gates = gates
	t.numbers = make([]int, len(gates)*(2+len(t.entries)))
	for i, g := range gates {
		numbers := t.numbersIn(i)
		g.all.insert(t, &numbers[0])
		numbers[1] = nowhere
		for j := range t.entries {
			g.queueOf(t.interests[j]).insert(t, &numbers[2+j])
		}
	}
	t.relaxed = nowhere
	p.waiting++
	if t.takesAny() {
		p.open(t)
	}
	p.relax(t, at)
}

// open puts t among those that take anybody, unless it is there.
func (p *Pool) open(t *Ticket) {
	for i, g := range t.gates {
		if number := &t.numbersIn(i)[1]; *number == nowhere {
			g.open.insert(t, number)
		}
	}
}

// relax notes that the patience of t has ended, if it has.
func (p *Pool) relax(t *Ticket, at time.Duration) {
	if at-t.since < p.opts.Patience {
		return
	}
	p.open(t)
	if p.opts.AnyLanguage && t.relaxed == nowhere {
		q := p.relaxed[t.Mode]
		if q == nil {
			q = new(queue)
			p.relaxed[t.Mode] = q
		}
		q.insert(t, &t.relaxed)
	}
}

// gatesOf returns the gates that t stands in: those of its languages, or the one of no
// language.
func (p *Pool) gatesOf(t *Ticket) []*gate {
	if len(t.Languages) == 0 {
		return []*gate{p.gate(gateKey{t.Mode, ""})}
	}
	gates := make([]*gate, 0, len(t.Languages))
	for _, language := range t.Languages {
		gates = append(gates, p.gate(gateKey{t.Mode, language}))
	}
	return gates
}

// gate returns the gate, which it makes if need be. ParseLanguages knows but a few hundred
// languages: gates stay.
func (p *Pool) gate(key gateKey) *gate {
	g := p.gates[key]
	if g == nil {
		g = &gate{byInterest: make(map[interestID]*queue)}
		p.gates[key] = g
	}
	return g
}

// intern gives t the entries of its interests.
func (p *Pool) intern(t *Ticket) {
	t.entries = make([]*entry, 0, len(t.Interests))
	for _, i := range t.Interests {
		e := p.entries[i.Folded]
		if e == nil {
			e = &entry{id: p.newID(), folded: i.Folded}
			p.entries[i.Folded] = e
		}
		e.tickets++
		t.entries = append(t.entries, e)
	}
}

// newID returns an ID that no entry has.
func (p *Pool) newID() interestID {
	if n := len(p.freeIDs); n > 0 {
		id := p.freeIDs[n-1]
		p.freeIDs = p.freeIDs[:n-1]
		return id
	}
	return interestID(len(p.entries) + 1)
}

// release forgets what t holds of the pool.
func (p *Pool) release(t *Ticket) {
	for _, e := range t.entries {
		if e.tickets--; e.tickets == 0 {
			delete(p.entries, e.folded)
			p.freeIDs = append(p.freeIDs, e.id)
		}
	}
	t.entries, t.gates, t.numbers = nil, nil, nil
}

// sortByShare puts the rarest interests of t first.
func sortByShare(t *Ticket) {
	slices.SortStableFunc(t.entries, func(a, b *entry) int { return cmp.Compare(a.share, b.share) })
	for i, e := range t.entries {
		t.interests[i], t.idf[i] = e.id, float32(e.idf)
	}
}
