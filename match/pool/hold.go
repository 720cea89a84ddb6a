package pool

import "time"

// Hold takes t out for a while, to see whether somebody from elsewhere will do: its visitor
// has not left the line. Return puts it back. Where t is not in the pool it does nothing.
func (p *Pool) Hold(t *Ticket) {
	if t.gates != nil {
		p.take(t)
	}
}

// Adopt gives a ticket that waited elsewhere its place in the line, as far as it counts for
// Return. It does not put it in.
func (p *Pool) Adopt(t *Ticket, now time.Time) {
	at := p.at(now)
	t.since = min(p.at(t.Since), at)
	p.intern(t)
	p.rarity.arrive(t.entries)
	sortByShare(t)
	perSecond := 0.0
	for _, g := range p.gatesOf(t) {
		perSecond = max(perSecond, g.arrivals.perSecond(at))
	}
	t.worth = newWorth(t.entries, perSecond/p.share, p.leaving.kept(p.opts.Patience), p.opts.Patience)
	p.release(t)
}
