package pool

import "time"

const (
	// maxVisits bounds the tickets that a search looks at for a common interest, so that
	// it costs the same however many wait.
	maxVisits = 12
	// maxQueueVisits bounds those of one queue, so that a common interest does not use
	// up what others need.
	maxQueueVisits = 6
	// maxOldest bounds those looked at because they are the oldest, in each queue.
	maxOldest = 32
	// indifferent is what a pair may lack, in nats, if one side names no interests:
	// waiting would gain the other next to nothing.
	indifferent = 0.1
	// near is what a partner at the same relay is preferred by, in nats, unless the other has
	// waited for half of the patience: who has to come to another relay is connected later.
	near = 0.05
)

// search is one ticket's search for a partner.
type search struct {
	pool   *Pool
	ticket *Ticket
	gates  []*gate
	at     time.Duration
	ask    float64 // what the ticket asks of a pair, in nats
	ended  bool    // whether its patience has
	again  bool    // whether recent partners will do

	best    candidate // of those that can be taken now
	closest candidate // of those that share an interest, but cannot be taken yet
	visits  int
}

// candidate is a ticket, and the surplus of a pair with it: score less what both ask, and less
// near.
type candidate struct {
	ticket  *Ticket
	surplus float64
}

// better reports whether c goes before d: by surplus, then by age.
func (c candidate) better(d candidate) bool {
	return d.ticket == nil || c.surplus > d.surplus || c.surplus == d.surplus && c.ticket.since < d.ticket.since
}

// find searches a partner for t, which is in the gates or about to be. Where there is
// none, it returns when to search again, at the latest.
//
// The partner is the one with the most surplus among those that share an interest and
// those that have waited longest. If the patience of t has ended it takes anybody: of its
// gates; else, if that is allowed, of those of any language whose patience has ended as well;
// else whom it met of late.
func (p *Pool) find(t *Ticket, gates []*gate, at time.Duration) (partner *Ticket, again time.Duration) {
	s := search{pool: p, ticket: t, gates: gates, at: at, ask: p.ask(t, at), ended: p.overdue(t, at)}
	s.round()
	s.byInterest()
	s.oldest()
	if s.ended {
		s.otherLanguages()
		if s.best.ticket == nil {
			s.again = true
			s.round()
			s.oldest()
			s.otherLanguages()
		}
	}
	p.searches++
	p.visits = max(p.visits, s.visits)
	switch {
	case s.best.ticket != nil:
		return s.best.ticket, 0
	case s.ended:
		return nil, at + max(p.opts.Patience/2, time.Second/4)
	default:
		return nil, p.again(t, s.closest.ticket, at)
	}
}

// ask is what t asks of a pair, in nats.
func (p *Pool) ask(t *Ticket, at time.Duration) float64 {
	return t.worth.after(at-t.since, p.opts.Patience)
}

// overdue reports whether the patience of t has ended.
func (p *Pool) overdue(t *Ticket, at time.Duration) bool { return at-t.since >= p.opts.Patience }

// round begins a round, in which each ticket is looked at once.
func (s *search) round() {
	s.pool.search++
	s.ticket.visit = s.pool.search
}

// byInterest looks at tickets with a common interest, those with the rarest first. It
// comes before any other look.
func (s *search) byInterest() {
	for _, id := range s.ticket.interests[:len(s.ticket.entries)] {
		s.eachGate(func(g *gate) {
			if q := g.byInterest[id]; q != nil {
				s.look(q, min(maxQueueVisits, maxVisits-s.visits))
			}
		})
	}
}

// oldest looks at the oldest tickets that take anybody; of all, if t takes anybody.
func (s *search) oldest() {
	s.eachGate(func(g *gate) {
		if s.ended || s.ticket.takesAny() {
			s.look(&g.all, maxOldest)
		} else {
			s.look(&g.open, maxOldest)
		}
	})
}

// otherLanguages looks at the oldest of every language whose patience has ended, if
// nobody was found so far.
func (s *search) otherLanguages() {
	if q := s.pool.relaxed[s.ticket.Mode]; q != nil && s.best.ticket == nil {
		s.look(q, maxOldest)
	}
}

// eachGate calls do for the gates, and for the one of those that name no language.
func (s *search) eachGate(do func(*gate)) {
	for _, g := range s.gates {
		do(g)
	}
	if len(s.ticket.Languages) > 0 {
		if g := s.pool.gates[gateKey{s.ticket.Mode, ""}]; g != nil {
			do(g)
		}
	}
}

// look looks at the oldest tickets of a queue, so many at most.
func (s *search) look(q *queue, limit int) {
	for _, slot := range q.oldest(limit) {
		if limit <= 0 {
			return
		}
		o := slot.ticket
		if o == nil {
			continue
		}
		limit--
		s.visits++
		if o.visit != s.pool.search {
			o.visit = s.pool.search
			s.weigh(o)
		}
	}
}

// weigh takes note of o. Whether they may meet is looked at last: it takes the longest.
func (s *search) weigh(o *Ticket) {
	common := s.ticket.score(o)
	c := candidate{o, common - s.ask - s.pool.ask(o, s.at)}
	take := s.ended || s.pool.overdue(o, s.at)
	switch {
	case common > 0:
		take = take || c.surplus >= 0
	case s.ticket.takesAny() || o.takesAny():
		take = take || c.surplus >= -indifferent
	}
	if o.Relay != s.ticket.Relay && s.at-o.since < s.pool.opts.Patience/2 {
		c.surplus -= near
	}
	switch {
	case take && c.better(s.best) && mayMeet(s.ticket, o, s.again):
		s.best = c
	case !take && common > 0 && c.better(s.closest) && mayMeet(s.ticket, o, false):
		s.closest = c
	}
}

// again returns when t, which asks something still, has to search again: when the ticket
// that came closest can be taken, when t is indifferent, when its patience ends, and at
// least every quarter of that, for those whom the bounds kept from sight.
func (p *Pool) again(t, closest *Ticket, at time.Duration) time.Duration {
	const steps = 2 * worthSteps
	common := 0.0
	if closest != nil {
		common = t.score(closest)
	}
	patient := p.ask(t, at) > indifferent
	end := min(t.since+p.opts.Patience, at+p.opts.Patience/4)
	for then := at + p.opts.Patience/steps; then < end; then += p.opts.Patience / steps {
		ask := p.ask(t, then)
		if closest != nil && ask+p.ask(closest, then) <= common || patient && ask <= indifferent {
			return then
		}
	}
	return end
}
