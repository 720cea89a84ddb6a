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
	p.value(t, p.gatesOf(t), p.at(now))
	p.release(t)
}
