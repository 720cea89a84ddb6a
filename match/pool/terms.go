package pool

// Terms are what a ticket asks of a pair and what a pair is worth to it, for a pool that
// several of these share. Their slices are the caller's.
type Terms struct {
	Interests []string                // folded, the rarest first
	IDF       []float32               // what each is worth, in nats
	Worth     [worthSteps + 1]float32 // what the ticket asks after each eighth of its patience, in nats
}

// Terms returns the terms that t has had since it was added. It must be in the pool.
func (t *Ticket) Terms() Terms {
	terms := Terms{Interests: make([]string, len(t.entries)), IDF: make([]float32, len(t.entries)), Worth: t.worth}
	for i, e := range t.entries {
		terms.Interests[i] = e.folded
	}
	copy(terms.IDF, t.idf[:])
	return terms
}

// leastShare is the least share that is believed: a pool that has just started has seen
// next to nobody.
const leastShare = 1.0 / 1024

// SetShare says which part of the site's arrivals comes to this pool; 1, all, until it is
// called. Tickets added from then on ask for what they can expect of all of them.
func (p *Pool) SetShare(share float64) { p.share = min(max(share, leastShare), 1) }
