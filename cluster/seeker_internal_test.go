package cluster

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/joingyd/joingyd/cluster/pool"
)

// fakePool is the shared pool: it answers as it is told, and notes what it is asked.
type fakePool struct {
	mu       sync.Mutex
	asked    []string
	found    map[pool.ID]*pool.Found // that a call for this ticket finds
	failing  error
	lost     []pool.ID
	blocking chan struct{} // calls wait until it is closed; nil: they do not
}

const searchAgain = 170 * time.Millisecond // never at the instant of a renewal, which leaves offers alone that a call is under way for

func (p *fakePool) answer(what string, id pool.ID) (*pool.Found, time.Duration, error) {
	p.mu.Lock()
	blocking := p.blocking
	p.mu.Unlock()
	if blocking != nil {
		<-blocking
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, what+" "+string(id[:1]))
	if p.failing != nil {
		return nil, 0, p.failing
	}
	return p.found[id], searchAgain, nil
}

func (p *fakePool) Offer(_ context.Context, t pool.Ticket) (*pool.Found, time.Duration, error) {
	return p.answer("offer", t.ID)
}

func (p *fakePool) Search(_ context.Context, id pool.ID, _, _ []pool.Tag) (*pool.Found, time.Duration, error) {
	return p.answer("search", id)
}

func (p *fakePool) Renew(context.Context) (lost []pool.ID, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	lost, p.lost = p.lost, nil
	return lost, p.failing
}

func (p *fakePool) Taken(_ context.Context, id pool.ID) error {
	_, _, err := p.answer("taken", id)
	return err
}

func (p *fakePool) Withdraw(_ context.Context, ids ...pool.ID) error {
	for _, id := range ids {
		_, _, err := p.answer("withdraw", id)
		if err != nil {
			return err
		}
	}
	return nil
}

// took returns what was asked since it was last called.
func (p *fakePool) took() (asked []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	asked, p.asked = p.asked, nil
	return asked
}

func (p *fakePool) set(change func(*fakePool)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p)
}

// fakeHub is a hub that offers again as the real one does.
type fakeHub struct {
	Hub
	s        *seeker
	mu       sync.Mutex
	proposed []string
	renewed  int
}

func (h *fakeHub) Propose(own OfferID, node string, theirs OfferID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.proposed = append(h.proposed, string(own[:1])+" to "+string(theirs[:1])+" of "+node)
}

func (h *fakeHub) Renew(id OfferID) {
	h.mu.Lock()
	h.renewed++
	h.mu.Unlock()
	h.s.withdraw(id)
	id[0] -= 'a' - 'A'
	h.s.offer(pool.Ticket{ID: pool.ID(id)})
}

// seek runs a test with a seeker whose shared pool is up.
func seek(t *testing.T, test func(*testing.T, *seeker, *fakePool, *fakeHub)) {
	synctest.Test(t, func(t *testing.T) {
		p := &fakePool{found: make(map[pool.ID]*pool.Found)}
		hub := new(fakeHub)
		hub.s = newSeeker(p, func() Hub { return hub }, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			hub.s.run(ctx)
			close(done)
		}()
		hub.s.setUp(true)
		synctest.Wait()
		test(t, hub.s, p, hub)
		cancel()
		<-done
	})
}

func id(name string) (id pool.ID) {
	copy(id[:], name)
	return id
}

func (p *fakePool) expect(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	if got := p.took(); !slices.Equal(got, want) {
		t.Errorf("the pool was asked %q, want %q", got, want)
	}
}

func TestSeekerSearchesUntilItFinds(t *testing.T) {
	seek(t, func(t *testing.T, s *seeker, p *fakePool, hub *fakeHub) {
		s.offer(pool.Ticket{ID: id("a")})
		p.expect(t, "offer a")
		time.Sleep(searchAgain)
		p.expect(t, "search a")
		p.set(func(p *fakePool) { p.found[id("a")] = &pool.Found{ID: id("x"), Node: "n2"} })
		time.Sleep(searchAgain)
		p.expect(t, "search a")
		time.Sleep(time.Minute)
		p.expect(t)
		if want := []string{"a to x of n2"}; !slices.Equal(hub.proposed, want) {
			t.Errorf("proposed %q, want %q", hub.proposed, want)
		}
		if counts, offers := s.stats(); offers != 0 || counts.Found != 1 {
			t.Errorf("%d offers left, %+v", offers, counts)
		}
	})
}

func TestSeekerWithdraws(t *testing.T) {
	seek(t, func(t *testing.T, s *seeker, p *fakePool, hub *fakeHub) {
		s.offer(pool.Ticket{ID: id("a")})
		p.expect(t, "offer a")
		s.withdraw(OfferID(id("a")))
		s.withdraw(OfferID(id("a")))
		p.expect(t, "withdraw a")

		s.offer(pool.Ticket{ID: id("b")})
		p.expect(t, "offer b")
		s.taken(OfferID(id("b"))) // found by another: nothing is left to take out
		s.withdraw(OfferID(id("b")))
		p.expect(t, "taken b")

		// While a call is under way: what that put in is taken out, and whom it found is told.
		blocking := make(chan struct{})
		p.set(func(p *fakePool) {
			p.blocking, p.found[id("c")] = blocking, &pool.Found{ID: id("x"), Node: "n2"}
		})
		s.offer(pool.Ticket{ID: id("b")})
		synctest.Wait()
		s.offer(pool.Ticket{ID: id("c")})
		synctest.Wait()
		s.withdraw(OfferID(id("b")))
		s.withdraw(OfferID(id("c")))
		p.set(func(p *fakePool) { p.blocking = nil })
		close(blocking)
		synctest.Wait()
		got := p.took()
		slices.Sort(got)
		if want := []string{"offer b", "offer c", "withdraw b"}; !slices.Equal(got, want) {
			t.Errorf("the pool was asked %q, want %q", got, want)
		}
		if want := []string{"c to x of n2"}; !slices.Equal(hub.proposed, want) {
			t.Errorf("proposed %q, want %q: its node has to offer x again", hub.proposed, want)
		}
	})
}

// What the shared pool has forgotten is offered under another ID.
func TestSeekerOffersAnew(t *testing.T) {
	seek(t, func(t *testing.T, s *seeker, p *fakePool, hub *fakeHub) {
		s.offer(pool.Ticket{ID: id("a")})
		p.expect(t, "offer a")
		p.set(func(p *fakePool) { p.failing = pool.ErrGone })
		time.Sleep(searchAgain)
		p.expect(t, "search a")
		p.set(func(p *fakePool) { p.failing = nil })
		time.Sleep(lostTime)
		synctest.Wait()
		if got := p.took(); !slices.Contains(got, "offer A") {
			t.Errorf("after ErrGone the pool was asked %q", got)
		}
		p.set(func(p *fakePool) { p.lost = []pool.ID{id("A")} })
		time.Sleep(renewEvery + lostTime)
		synctest.Wait()
		if hub.renewed != 2 {
			t.Errorf("offered again %d times, want 2: the second had no lease any more", hub.renewed)
		}
	})
}

// While Redis is down nothing is asked, and afterwards all are offered.
func TestSeekerWhileRedisIsDown(t *testing.T) {
	seek(t, func(t *testing.T, s *seeker, p *fakePool, hub *fakeHub) {
		s.offer(pool.Ticket{ID: id("a")})
		p.expect(t, "offer a")
		s.setUp(false)
		s.offer(pool.Ticket{ID: id("b")})
		s.offer(pool.Ticket{ID: id("c")})
		s.withdraw(OfferID(id("c")))
		time.Sleep(time.Minute)
		p.expect(t)
		s.setUp(true)
		time.Sleep(10 * time.Millisecond)
		synctest.Wait()
		got := p.took()
		slices.Sort(got)
		if want := []string{"offer A", "offer b", "withdraw a"}; !slices.Equal(got, want) {
			t.Errorf("when it was back the pool was asked %q, want %q", got, want)
		}
	})
}

func TestSeekerIsBounded(t *testing.T) {
	seek(t, func(t *testing.T, s *seeker, p *fakePool, _ *fakeHub) {
		blocking := make(chan struct{})
		p.set(func(p *fakePool) { p.blocking, p.failing = blocking, errors.New("slow") })
		for n := range 3 * maxCalls {
			s.offer(pool.Ticket{ID: pool.ID{byte(n), byte(n >> 8), 1}})
		}
		synctest.Wait()
		s.mu.Lock()
		running := s.running
		s.most = len(s.offers)
		s.mu.Unlock()
		if running != maxCalls {
			t.Errorf("%d calls are under way, want %d", running, maxCalls)
		}
		s.offer(pool.Ticket{ID: id("z")})
		if counts, _ := s.stats(); counts.Dropped != 1 {
			t.Errorf("%+v, want one that was dropped", counts)
		}
		p.set(func(p *fakePool) { p.blocking = nil })
		close(blocking)
		synctest.Wait()
		if counts, _ := s.stats(); counts.Failed != 3*maxCalls {
			t.Errorf("%+v, want %d that failed", counts, 3*maxCalls)
		}
	})
}
