package cluster

import (
	"container/heap"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/joingyd/joingyd/cluster/pool"
	"github.com/joingyd/joingyd/cluster/redis"
)

const (
	maxOffers  = 250_000          // that are sought for at once
	maxCalls   = 64               // under way
	voidBatch  = 128              // offers withdrawn by a call
	lostTime   = time.Second      // after which an offer that is not in the pool any more was found by nobody
	renewEvery = time.Second      // the leases of what is in the pool
	paceBack   = 5000             // offers a second that are offered again when Redis is back
	quietFor   = 10 * time.Second // between two lines in the log about calls that fail
)

// sharedPool is the pool that nodes share; pool.Pool is one.
type sharedPool interface {
	Offer(context.Context, pool.Ticket) (found *pool.Found, again time.Duration, err error)
	Search(ctx context.Context, id pool.ID, recent, avoid []pool.Tag) (found *pool.Found, again time.Duration, err error)
	Renew(context.Context) (lost []pool.ID, err error)
	Taken(context.Context, pool.ID) error
	Withdraw(context.Context, ...pool.ID) error
}

// seeker looks in the shared pool for partners of the sessions that wait at this node.
type seeker struct {
	pool sharedPool
	hub  func() Hub
	log  *slog.Logger
	most int // offers at once

	wake chan struct{} // capacity 1
	jobs sync.WaitGroup

	mu      sync.Mutex // guards what follows; nothing of the hub's is called with it held
	up      bool
	offers  map[OfferID]*sought
	due     dueHeap
	void    []pool.ID // to be withdrawn
	found   []pool.ID // to be noted as taken
	running int       // calls
	counts  SeekCounts
	told    time.Time // when the log was told of a call that failed
}

// SeekCounts are of what this node sought since it started.
type SeekCounts struct {
	Found   uint64 // partners
	Lost    uint64 // offers that were not in the pool any more, and were offered again
	Failed  uint64 // calls
	Dropped uint64 // offers, for want of room: those are for the node's own pool alone
}

// sought is an offer.
type sought struct {
	ticket pool.Ticket
	at     time.Time // when something is to be done about it
	index  int       // in due; -1: not there
	calls  bool      // one is under way
	in     bool      // it is in the shared pool
	lost   bool      // and not to be found by any search: it is to be offered anew
}

func newSeeker(p sharedPool, hub func() Hub, log *slog.Logger) *seeker {
	return &seeker{pool: p, hub: hub, log: log, most: maxOffers, wake: make(chan struct{}, 1), offers: make(map[OfferID]*sought)}
}

// offer seeks a partner for a session from now on.
func (s *seeker) offer(ticket pool.Ticket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.offers) >= s.most {
		s.counts.Dropped++
		return
	}
	o := &sought{ticket: ticket, index: -1}
	s.offers[OfferID(ticket.ID)] = o
	s.scheduleLocked(o, time.Time{})
}

// withdraw ends that.
func (s *seeker) withdraw(id OfferID) { s.end(id, &s.void) }

// taken is withdraw for an offer that somebody has found, and taken out of the shared pool.
func (s *seeker) taken(id OfferID) { s.end(id, &s.found) }

func (s *seeker) end(id OfferID, list *[]pool.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.offers[id]
	if o == nil {
		return
	}
	s.forgetLocked(id, o)
	if o.in && !o.calls {
		s.voidLocked(id, list)
	}
}

func (s *seeker) forgetLocked(id OfferID, o *sought) {
	delete(s.offers, id)
	if o.index >= 0 {
		heap.Remove(&s.due, o.index)
	}
}

// voidLocked has an offer on one of the lists taken out of the shared pool. While that is not
// there it goes by itself.
func (s *seeker) voidLocked(id OfferID, list *[]pool.ID) {
	if !s.up || len(*list) >= s.most {
		return
	}
	*list = append(*list, pool.ID(id))
	s.poke()
}

func (s *seeker) scheduleLocked(o *sought, at time.Time) {
	o.at = at
	if o.index >= 0 {
		heap.Fix(&s.due, o.index)
	} else {
		heap.Push(&s.due, o)
	}
	if o.index == 0 {
		s.poke()
	}
}

func (s *seeker) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// setUp says whether the shared pool can be asked. When it can again, all that wait are
// offered anew, paceBack a second: what it has of them may be old, or gone.
func (s *seeker) setUp(up bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if up == s.up {
		return
	}
	s.up, s.void, s.found = up, nil, nil
	if !up {
		return
	}
	now, n := time.Now(), 0
	for _, o := range s.offers {
		if o.calls {
			continue // its end says the rest
		}
		if o.in {
			o.lost = true
		}
		s.scheduleLocked(o, now.Add(time.Duration(n)*time.Second/paceBack))
		n++
	}
	s.poke()
}

// run seeks until ctx ends, and waits for its calls.
func (s *seeker) run(ctx context.Context) {
	defer s.jobs.Wait()
	s.jobs.Go(func() { s.renewLeases(ctx) })
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-timer.C:
		}
		timer.Reset(s.begin(ctx))
	}
}

func (s *seeker) renewLeases(ctx context.Context) {
	ticker := time.NewTicker(renewEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			s.renew(ctx)
		}
	}
}

// begin begins what is due, as far as calls may be under way, and returns the time until
// more is.
func (s *seeker) begin(ctx context.Context) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for s.up && s.running < maxCalls {
		switch {
		case len(s.void) > 0:
			batch := s.void[:min(len(s.void), voidBatch)]
			s.void = s.void[len(batch):]
			s.goLocked(func() { s.takeBack(ctx, batch) })
		case len(s.found) > 0:
			batch := s.found
			s.found = nil
			s.goLocked(func() { s.noteTaken(ctx, batch) })
		case len(s.due) > 0 && !s.due[0].at.After(now):
			o := heap.Pop(&s.due).(*sought)
			o.calls = true
			s.goLocked(func() { s.seek(ctx, o) })
		case len(s.due) > 0:
			return s.due[0].at.Sub(now)
		default:
			return time.Hour
		}
	}
	return time.Hour // a call that ends pokes
}

func (s *seeker) goLocked(job func()) {
	s.running++
	s.jobs.Go(func() {
		job()
		s.mu.Lock()
		s.running--
		s.mu.Unlock()
		s.poke()
	})
}

func (s *seeker) takeBack(ctx context.Context, ids []pool.ID) {
	if err := s.pool.Withdraw(ctx, ids...); err != nil {
		s.failed(err)
	}
}

// noteTaken has the pool forget tickets, which costs a call only for those in several gates.
func (s *seeker) noteTaken(ctx context.Context, ids []pool.ID) {
	for _, id := range ids {
		if err := s.pool.Taken(ctx, id); err != nil {
			s.failed(err)
		}
	}
}

// seek makes the next call for an offer.
func (s *seeker) seek(ctx context.Context, o *sought) {
	id := OfferID(o.ticket.ID)
	if o.lost {
		s.mu.Lock()
		s.counts.Lost++
		o.calls = false
		s.mu.Unlock()
		s.hub().Renew(id) // which withdraws this one
		return
	}
	var found *pool.Found
	var again time.Duration
	var err error
	if o.in {
		found, again, err = s.pool.Search(ctx, o.ticket.ID, o.ticket.Recent, o.ticket.Avoid)
	} else {
		found, again, err = s.pool.Offer(ctx, o.ticket)
	}
	if err != nil && !errors.Is(err, pool.ErrGone) {
		s.failed(err)
	}
	if s.sought(o, found, again, err) {
		s.hub().Propose(id, found.Node, OfferID(found.ID))
	}
}

// sought follows what a call for an offer brought, and reports whether it is to be proposed.
// Found for an offer that was withdrawn meanwhile it is too: so who was found is offered again.
func (s *seeker) sought(o *sought, found *pool.Found, again time.Duration, err error) (propose bool) {
	id := OfferID(o.ticket.ID)
	s.mu.Lock()
	defer s.mu.Unlock()
	o.calls = false
	wanted := s.offers[id] == o
	switch {
	case found != nil:
		s.counts.Found++
		if wanted {
			s.forgetLocked(id, o)
		}
		return true
	case !wanted:
		if err == nil {
			s.voidLocked(id, &s.void)
		}
	case err != nil:
		// Where somebody found it, that one's node says so before the time is over. After another
		// error it may be in or not.
		o.lost = true
		s.scheduleLocked(o, time.Now().Add(lostTime))
	default:
		o.in = true
		s.scheduleLocked(o, time.Now().Add(again))
	}
	return false
}

// renew moves the leases on, and notes which offers the pool has forgotten.
func (s *seeker) renew(ctx context.Context) {
	s.mu.Lock()
	up := s.up
	s.mu.Unlock()
	if !up {
		return
	}
	lost, err := s.pool.Renew(ctx)
	if err != nil {
		s.failed(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range lost {
		if o := s.offers[OfferID(id)]; o != nil && !o.calls && !o.lost {
			o.lost = true
			s.scheduleLocked(o, time.Now().Add(lostTime))
		}
	}
}

// failed counts a call that failed, and says so in the log now and then.
func (s *seeker) failed(err error) {
	s.mu.Lock()
	s.counts.Failed++
	quiet := time.Since(s.told) < quietFor || !s.up
	if !quiet {
		s.told = time.Now()
	}
	s.mu.Unlock()
	if !quiet && !errors.Is(err, context.Canceled) {
		s.log.Warn("the pool that the nodes share does not answer: those who wait here are paired here", "error", redis.Explain(err))
	}
}

func (s *seeker) stats() (counts SeekCounts, offers int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts, len(s.offers)
}

// dueHeap has the offer with which something is to be done next first: see container/heap.
type dueHeap []*sought

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }

func (h dueHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push implements heap.Interface.
func (h *dueHeap) Push(x any) {
	o := x.(*sought)
	o.index = len(*h)
	*h = append(*h, o)
}

// Pop implements heap.Interface.
func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	o := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	o.index = -1
	return o
}
