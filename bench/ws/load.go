package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

const (
	parallel     = 32               // joins, or searches, under way at once in a load process
	askTimeout   = 2 * time.Minute  // for what has no duration of its own
	arrivalLimit = 10 * time.Second // for the last messages to arrive
)

// visitorAddr is where a visitor connects from, up to number 12,000,000. Each has
// an address of its own, as in a crowd of strangers, so that no limit of one
// address is met.
func visitorAddr(number int) netip.Addr {
	return netip.AddrFrom4([4]byte{127, 64 + byte(number>>16), byte(number >> 8), byte(number)})
}

var errClosed = errors.New("closed")

// load is one load process's share of the visitors. The methods of childServer
// are called one at a time.
type load struct {
	url   string
	first int // number of its first visitor

	ctx    context.Context // of the visitors' receivers; its cause is what went wrong first
	cancel context.CancelCauseFunc
	done   sync.WaitGroup

	visitors []*visitor
	matched  int          // how many of them, from the first on, had a partner
	pairs    []pairing    // made by the latest match
	flying   atomic.Int64 // messages between partners under way

	mu      sync.Mutex // guards samples
	samples map[string][]time.Duration
}

// pairing is a pair: a waited, so its client offers.
type pairing struct{ a, b *visitor }

func newLoad(url string, first int) *load {
	l := &load{url: url, first: first, samples: make(map[string][]time.Duration)}
	l.ctx, l.cancel = context.WithCancelCause(context.Background())
	return l
}

// close cuts every visitor's connection.
func (l *load) close() {
	l.cancel(errClosed)
	l.done.Wait()
}

func (l *load) answer(ctx context.Context, q question) (a answer, err error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout+q.For)
	defer cancel()
	defer context.AfterFunc(l.ctx, cancel)()
	began := time.Now()
	switch q.Ask {
	case "join":
		err = l.join(ctx, q.N)
	case "match":
		err = l.match(ctx, q.N, q.Mode)
	case "allocate":
		err = l.allocate(ctx)
	case "chat":
		a.Sent, err = l.chat(ctx, q.For)
	case "call":
		a.Sent, err = l.call(ctx, q.For)
	default:
		err = errors.New("no such question")
	}
	a.Took = time.Since(began)
	l.mu.Lock()
	defer l.mu.Unlock()
	a.Samples, l.samples = l.samples, make(map[string][]time.Duration)
	return a, errors.Join(context.Cause(l.ctx), err)
}

// sample notes how long something took.
func (l *load) sample(what string, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.samples[what] = append(l.samples[what], took)
}

// each calls do for 0…n-1, several at a time, and returns the first error.
func each(n int, do func(i int) error) error {
	var group sync.WaitGroup
	var next atomic.Int64
	var once sync.Once
	var first error
	for range min(parallel, n) {
		group.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := do(i); err != nil {
					once.Do(func() { first = err })
					next.Store(int64(n))
				}
			}
		})
	}
	group.Wait()
	return first
}

// join makes n more sessions.
func (l *load) join(ctx context.Context, n int) error {
	joined := make([]*visitor, n)
	err := each(n, func(i int) (err error) {
		began := time.Now()
		joined[i], err = l.newVisitor(ctx, l.first+len(l.visitors)+i)
		l.sample("join", time.Since(began))
		return err
	})
	if err != nil {
		return err
	}
	l.visitors = append(l.visitors, joined...)
	return nil
}

// match makes pairs of visitors who had no partner yet. Each pair has an interest
// that nobody shares, so that its two sides meet each other.
func (l *load) match(ctx context.Context, pairs int, mode string) error {
	if l.matched+2*pairs > len(l.visitors) {
		return fmt.Errorf("%d pairs of %d visitors", pairs, len(l.visitors)-l.matched)
	}
	l.pairs = make([]pairing, pairs)
	for i := range l.pairs {
		l.pairs[i] = pairing{l.visitors[l.matched+2*i], l.visitors[l.matched+2*i+1]}
	}
	l.matched += 2 * pairs
	return each(pairs, func(i int) error { return l.meet(ctx, l.pairs[i], mode) })
}

// meet brings the two sides of a pair together.
func (l *load) meet(ctx context.Context, p pairing, mode string) error {
	p.a.partner.Store(p.b)
	p.b.partner.Store(p.a)
	search := map[string]any{"type": "find", "mode": mode, "interests": []string{fmt.Sprintf("visitor %x", p.a.addr.AsSlice())}} // an address would be a link
	if err := p.a.conn.Send(ctx, search); err != nil {
		return err
	}
	if _, err := p.a.expect(ctx, "waiting"); err != nil {
		return err
	}
	began := time.Now()
	if err := p.b.conn.Send(ctx, search); err != nil {
		return err
	}
	atA, err := p.a.expect(ctx, "matched")
	if err != nil {
		return err
	}
	atB, err := p.b.expect(ctx, "matched")
	if err != nil {
		return err
	}
	if atA.pair != atB.pair || atA.role != "impolite" || atB.role != "polite" {
		return fmt.Errorf("matched as %+v and %+v", atA, atB)
	}
	p.a.pair, p.b.pair = atA.pair, atA.pair
	l.sample("matched", atA.at.Sub(began))
	l.sample("matched", atB.at.Sub(began))
	return nil
}

// landed waits until everything sent to partners has arrived.
func (l *load) landed(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, arrivalLimit)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for l.flying.Load() > 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%d messages did not arrive", l.flying.Load())
		}
	}
	return nil
}
