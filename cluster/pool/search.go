package pool

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/rueidis"
)

// Found is a partner. It is out of the gate it was found in; its node has the last word.
type Found struct {
	ID      ID
	Node    string // whose ticket it is
	Session Tag
	Relay   Tag
	Waited  time.Duration
	Score   float64 // what the two have in common is worth, in nats
}

// Offer searches a partner for a ticket that is not in the pool. Where it finds nobody, found
// is nil, the ticket is in, and is to be searched for again after that time.
//
// After an error it is not in, or will not be for long: it may be offered again, under
// another ID. Beside ErrFull there are those of the connection, and those of a ticket that is
// not as it should be.
func (p *Pool) Offer(ctx context.Context, t Ticket) (found *Found, again time.Duration, err error) {
	if err := t.check(); err != nil {
		return nil, 0, err
	}
	e := &entry{Ticket: t}
	e.busy.Lock()
	defer e.busy.Unlock()
	p.mu.Lock()
	if p.tickets[t.ID] != nil {
		p.mu.Unlock()
		return nil, 0, errors.New("ticket: its ID is in the pool already; draw another with NewID")
	}
	p.tickets[t.ID] = e
	p.mu.Unlock()
	return p.search(ctx, e)
}

// Search searches once more for a ticket that is in the pool, whose Recent and Avoid may have
// changed. It is Offer else, and has one more error: ErrGone.
func (p *Pool) Search(ctx context.Context, id ID, recent, avoid []Tag) (found *Found, again time.Duration, err error) {
	p.mu.Lock()
	e := p.tickets[id]
	p.mu.Unlock()
	if e == nil {
		return nil, 0, ErrGone
	}
	e.busy.Lock()
	defer e.busy.Unlock()
	if e.out {
		return nil, 0, ErrGone
	}
	e.Recent, e.Avoid = recent, avoid
	return p.search(ctx, e)
}

// search goes through the gates of e, whose busy is held.
func (p *Pool) search(ctx context.Context, e *entry) (*Found, time.Duration, error) {
	s := search{pool: p, entry: e, wait: p.now().Sub(e.Since)}
	s.ask = ask(&e.Worth, s.wait, e.Patience)
	s.ended = s.wait >= e.Patience
	err := s.walk(ctx)
	if err == nil && s.found == nil && len(s.places()) == 0 {
		err = ErrFull
	}
	e.searches++
	switch {
	case s.found != nil, err == ErrGone, err == ErrFull:
		e.out = true
		p.leave(ctx, e)
		return s.found, 0, err
	case err != nil:
		e.out = true
		p.doubt(e)
		return nil, 0, err
	}
	return nil, again(&e.Ticket, s.wait, s.closest), nil
}

// search is one search of a ticket.
type search struct {
	pool  *Pool
	entry *entry
	wait  time.Duration
	ask   float64
	ended bool

	found   *Found
	closest *closest
	late    []late // where somebody whom it met of late could be taken
}

// late is a shard, and the flags that it was searched with.
type late struct {
	shard *shard
	flags int
}

// flags of search.lua.
const (
	flagInsert = 1 << iota // put it in, if nobody is found
	flagKnown              // it is in
	flagEnded              // its patience has ended
	flagAgain              // recent partners will do if there is nobody else
	flagPlain              // by age alone
)

// walk searches the gates of the ticket's languages, where it comes to stand; then the one of
// those that name no language, and other shards if few wait; and when patience has ended, that
// of every language, and in the end whom it met of late.
func (s *search) walk(ctx context.Context) error {
	t := &s.entry.Ticket
	languages := t.Languages
	if len(languages) == 0 {
		languages = []string{""}
	}
	var thinGates []*gate
	for _, language := range languages {
		g, home, err := s.pool.home(ctx, gateKey{t.Mode, language}, t)
		if err != nil {
			return err
		}
		waiting, err := s.stay(ctx, home, 0)
		if err != nil || s.found != nil {
			return err
		}
		if waiting < thin || s.ended {
			thinGates = append(thinGates, g)
		}
	}
	if err := s.elsewhere(ctx, thinGates); err != nil || s.found != nil || !s.ended {
		return err
	}
	if s.pool.opts.AnyLanguage {
		_, home, err := s.pool.home(ctx, gateKey{t.Mode, relaxed}, t)
		if err != nil {
			return err
		}
		if _, err = s.stay(ctx, home, flagPlain); err != nil || s.found != nil {
			return err
		}
	}
	places := s.places()
	for _, l := range s.late {
		l.flags &^= flagInsert | flagKnown
		if slices.Contains(places, l.shard) {
			l.flags |= flagKnown
		}
		if _, err := s.run(ctx, l.shard, l.flags|flagAgain); err != nil || s.found != nil {
			return err
		}
	}
	return nil
}

// elsewhere looks where the ticket does not stand: into the gate of those who name no language, if
// its own are thin, else seldom; and into other shards of thin gates, or of all when patience has
// ended.
func (s *search) elsewhere(ctx context.Context, thinGates []*gate) error {
	t := &s.entry.Ticket
	s.pool.mu.Lock()
	var others []*shard
	if len(t.Languages) > 0 {
		g := s.pool.gateLocked(gateKey{t.Mode, ""})
		n := s.entry.searches % g.count
		at := g.shards[n]
		if needed := len(thinGates) > 0 || (s.entry.searches+int(t.ID[0]))%lookSeldom == 0; needed && (at.waiting > 0 || s.pool.now().Sub(at.asked) >= lookIntoEmpty) {
			others = append(others, at)
		}
	}
	for _, g := range thinGates {
		if other := g.other(t, s.entry.searches); other != nil {
			others = append(others, other)
		}
	}
	s.pool.mu.Unlock()
	for _, at := range others {
		if _, err := s.run(ctx, at, 0); err != nil || s.found != nil {
			return err
		}
	}
	return nil
}

// places are the shards that the ticket is in.
func (s *search) places() (list []*shard) {
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	for _, at := range s.entry.in {
		list = append(list, at.shard)
	}
	return list
}

// stay searches a shard in which the ticket stands or comes to stand; from another shard of the
// gate it moves there. It returns how many wait.
func (s *search) stay(ctx context.Context, home *shard, flags int) (waiting int, err error) {
	insert := flagInsert
	for _, at := range s.places() {
		switch {
		case at == home:
			insert = flagKnown
		case at.gate == home.gate:
			was, err := s.pool.take(ctx, at, []*entry{s.entry})
			if err == nil && !was[0] {
				err = ErrGone
			}
			if err != nil {
				return 0, err
			}
		}
	}
	waiting, err = s.run(ctx, home, flags|insert)
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	switch {
	case err == ErrFull:
		return waiting, nil
	case err == ErrGone || s.found != nil:
		home.drop(s.entry)
	case insert == flagInsert: // after an error perhaps
		home.put(s.entry)
	}
	return waiting, err
}

// outcomes of search.lua.
const (
	outcomeWaiting = iota
	outcomeFound
	outcomeGone
	outcomeFull
)

// run runs the search's script in a shard.
func (s *search) run(ctx context.Context, at *shard, flags int) (waiting int, err error) {
	p, t := s.pool, &s.entry.Ticket
	var record byte
	if s.ended {
		flags |= flagEnded
	}
	if s.ended || len(t.Interests) == 0 {
		record |= recordOpen
	}
	if flags&flagPlain != 0 {
		record |= recordPlain
	}
	args := []string{
		string(t.ID[:]), strconv.Itoa(flags), milliseconds(max(s.wait, 0)), milliseconds(t.Patience + lifeBeyondPatience), milliseconds(p.opts.Lease),
		strconv.Itoa(p.opts.MaxWaiting), strconv.FormatFloat(s.ask, 'f', 6, 64), p.opts.Node,
		t.record(p.opts.Member, record), string(appendFloats(nil, t.IDF)), p.clock(),
	}
	list, err := p.exec(ctx, searchScript, at.keys, args).ToArray()
	if err == nil {
		waiting, err = s.read(at, flags, list)
	}
	if err != nil && err != ErrGone && err != ErrFull {
		p.mu.Lock()
		p.counts.Errors++
		p.mu.Unlock()
		return 0, fmt.Errorf("search in the shared pool: %w", err)
	}
	return waiting, err
}

// read reads the answer of search.lua.
func (s *search) read(at *shard, flags int, list []rueidis.RedisMessage) (waiting int, err error) {
	a := answer{list: list}
	outcome, visits, dead, recent := a.int(), a.int(), a.int(), a.int()
	waiting = int(a.int())
	a.int()
	if recent == 1 && flags&(flagEnded|flagAgain) == flagEnded {
		s.late = append(s.late, late{at, flags})
	}
	switch outcome {
	case outcomeFound:
		f := &Found{Waited: time.Duration(a.int()) * time.Millisecond, Score: a.float()}
		copy(f.Session[:], a.text())
		f.Node = a.text()
		copy(f.Relay[:], a.text())
		copy(f.ID[:], a.text())
		s.found = f
	case outcomeWaiting:
		if len(a.list) == 0 {
			break
		}
		c := &closest{wait: time.Duration(a.int()) * time.Millisecond, common: a.float(), patience: time.Duration(a.int()) * time.Millisecond}
		if worth := a.text(); a.err == nil && len(worth) == 4*len(c.worth) {
			readFloats(worth, c.worth[:])
		}
		if s.closest == nil || c.surplus(s.ask) > s.closest.surplus(s.ask) {
			s.closest = c
		}
	case outcomeGone:
		err = ErrGone
	case outcomeFull:
		err = ErrFull
	}
	if a.err != nil {
		s.found = nil
		return 0, a.err
	}
	p := s.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	at.waiting, at.asked = waiting, p.now()
	p.counts.Calls++
	p.counts.Visits += uint64(visits)
	p.counts.Dead += uint64(dead)
	p.counts.outcomes[outcome]++
	return waiting, err
}

// home returns the gate and the shard of it that t belongs to.
func (p *Pool) home(ctx context.Context, key gateKey, t *Ticket) (*gate, *shard, error) {
	p.mu.Lock()
	g := p.gateLocked(key)
	stale := p.opts.MaxShards > 1 && p.now().Sub(g.read) >= readSplitEvery
	p.mu.Unlock()
	if stale {
		if err := p.readSplit(ctx, g); err != nil {
			return nil, nil, err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return g, g.shardOf(t), nil
}

// leave takes e out of the gates that it is in yet; what fails the next renewal does. That it may not be in
// them any more is for its node to find out, who is asked for it.
func (p *Pool) leave(ctx context.Context, e *entry) {
	p.mu.Lock()
	in := slices.Clone(e.in)
	p.mu.Unlock()
	for _, at := range in {
		if _, err := p.take(ctx, at.shard, []*entry{e}); err != nil {
			p.doubt(e)
			return
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forgetLocked(e)
}

func (p *Pool) clock() string {
	if p.opts.Now == nil {
		return ""
	}
	return strconv.FormatInt(p.opts.Now().UnixMilli(), 10)
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
