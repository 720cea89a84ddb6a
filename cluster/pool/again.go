package pool

import "time"

// indifferent is what a pair may lack, in nats, if one side names no interests; as in
// search.lua.
const indifferent = 0.1

// closest is a ticket that shares an interest, but could not be taken yet.
type closest struct {
	worth    [Steps + 1]float32
	wait     time.Duration
	patience time.Duration
	common   float64 // what a pair would be worth, in nats
}

// surplus is what a pair with it has more than both ask, if ask is what the other does.
func (c *closest) surplus(other float64) float64 {
	return c.common - other - ask(&c.worth, c.wait, c.patience)
}

// again returns how long t, which has waited so long and asks something still, may wait
// before it searches again: until the ticket that came closest can be taken, or t is
// indifferent, or its patience ends; a quarter of that at most, for those whom the bounds kept
// from sight.
func again(t *Ticket, wait time.Duration, c *closest) time.Duration {
	if wait >= t.Patience {
		return max(t.Patience/2, time.Second/4)
	}
	const steps = 2 * Steps
	patient := ask(&t.Worth, wait, t.Patience) > indifferent
	end := min(t.Patience-wait, t.Patience/4)
	for then := t.Patience / steps; then < end; then += t.Patience / steps {
		asks := ask(&t.Worth, wait+then, t.Patience)
		if c != nil && asks+ask(&c.worth, c.wait+then, c.patience) <= c.common || patient && asks <= indifferent {
			return then
		}
	}
	return end
}
