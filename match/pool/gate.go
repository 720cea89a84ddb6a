package pool

// gate holds the tickets of one mode and one language.
type gate struct {
	all        queue                 // every ticket
	open       queue                 // those that take anybody: no interests, or patience has ended
	byInterest map[interestID]*queue // no empty ones
	arrivals   rate
}

// gateKey says who may meet. No language is a gate of its own, into which everybody of the
// mode looks.
type gateKey struct {
	mode     Mode
	language string
}

func (g *gate) queueOf(id interestID) *queue {
	q := g.byInterest[id]
	if q == nil {
		q = new(queue)
		g.byInterest[id] = q
	}
	return q
}
