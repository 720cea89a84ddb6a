package pool

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	// checkEach is how many tickets of a shard a renewal looks for: all of them in turn.
	checkEach = 32
	// sweepEach is how many tickets of a shard a renewal looks at, to remove the dead, unless
	// another has within 0.2 s.
	sweepEach = 128
	// keepSplit is for how long a gate is split after the last node asked about it.
	keepSplit = 10 * time.Minute
	// coolDown is the time between two changes of a gate's shards, in which tickets move; and for
	// how long a gate must not be worth its shards before they become fewer.
	coolDown = 10 * time.Second
)

// Renew moves the lease of this node's tickets on; it is to be called once a second. It returns
// those that it found not to be in the pool any more: somebody found them, whose node asks
// within a second, or Redis forgot them, and they are to be offered again.
func (p *Pool) Renew(ctx context.Context) (lost []ID, err error) {
	var mu sync.Mutex
	var first error
	note := func(ids []ID, err error) {
		mu.Lock()
		defer mu.Unlock()
		lost = append(lost, ids...)
		if first == nil {
			first = err
		}
	}
	var work []func()
	p.mu.Lock()
	for s, ids := range p.doubtful {
		delete(p.doubtful, s)
		for chunk := range slices.Chunk(ids, atOnce) {
			work = append(work, func() { note(nil, p.clear(ctx, s, chunk)) })
		}
	}
	for _, g := range p.gates {
		used := false
		for _, s := range g.shards {
			if len(s.own) > 0 {
				used = true
				work = append(work, func() { note(p.renew(ctx, s)) })
			}
		}
		if used && p.opts.MaxShards > 1 {
			work = append(work, func() { note(nil, p.readSplit(ctx, g)) })
		}
	}
	p.mu.Unlock()
	each(work)
	if first == nil {
		first = p.resize(ctx)
	}
	return lost, first
}

// clear withdraws tickets that may be in.
func (p *Pool) clear(ctx context.Context, s *shard, ids []ID) error {
	_, err := p.takeIDs(ctx, s, ids)
	if err != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		if list := p.doubtful[s]; len(list) < mostDoubtful {
			p.doubtful[s] = append(list, ids...)
		}
	}
	return err
}

// renew renews the lease in a shard. It looks for some of the tickets there, and if the lease
// had ended for all.
func (p *Pool) renew(ctx context.Context, s *shard) (lost []ID, err error) {
	p.mu.Lock()
	list := s.nextLocked(checkEach)
	p.mu.Unlock()
	held, lost, err := p.look(ctx, s, list)
	if err != nil || held {
		return lost, err
	}
	p.mu.Lock()
	list = slices.Clone(s.own)
	p.mu.Unlock()
	for chunk := range slices.Chunk(list, atOnce) {
		_, more, err := p.look(ctx, s, chunk)
		if lost = append(lost, more...); err != nil {
			return lost, err
		}
	}
	return lost, nil
}

// nextLocked returns the next of its own tickets, so many at most.
func (s *shard) nextLocked(most int) (list []*entry) {
	if s.checked >= len(s.own) {
		s.checked = 0
	}
	list = slices.Clone(s.own[s.checked:min(len(s.own), s.checked+most)])
	s.checked += len(list)
	return list
}

// look renews the lease in a shard, and returns whether it held until now, and who of the list
// is not in.
func (p *Pool) look(ctx context.Context, s *shard, list []*entry) (held bool, lost []ID, err error) {
	args := []string{string(p.opts.Member[:]), p.opts.Node, milliseconds(p.opts.Lease), strconv.Itoa(sweepEach), p.clock()}
	for _, e := range list {
		args = append(args, string(e.ID[:]))
	}
	numbers, err := p.exec(ctx, renewScript, s.keys, args).AsIntSlice()
	if err == nil && len(numbers) < 4 {
		err = errors.New("the script's answer is too short: nodes of different versions?")
	}
	p.mu.Lock()
	if err != nil {
		p.counts.Errors++
		p.mu.Unlock()
		return false, nil, fmt.Errorf("renew in the shared pool: %w", err)
	}
	p.counts.Dead += uint64(numbers[3])
	s.count(numbers[2], p.now())
	s.waiting, s.asked = int(numbers[1]), p.now()
	p.mu.Unlock()
	for _, number := range numbers[4:] {
		if int(number) < len(list) && p.lose(ctx, s, list[number]) {
			lost = append(lost, list[number].ID)
		}
	}
	return numbers[0] == 1, lost, nil
}

// lose takes note that e is not in s any more, unless it is being searched for, which notes
// that too.
func (p *Pool) lose(ctx context.Context, s *shard, e *entry) bool {
	if !e.busy.TryLock() {
		return false
	}
	defer e.busy.Unlock()
	p.mu.Lock()
	there := slices.ContainsFunc(e.in, func(at place) bool { return at.shard == s })
	if there {
		s.drop(e)
		p.counts.Lost++
	}
	p.mu.Unlock()
	if !there || e.out {
		return false
	}
	e.out = true
	p.leave(ctx, e)
	return true
}

// count takes note of how many calls Redis has counted.
func (s *shard) count(calls int64, now time.Time) {
	passed := now.Sub(s.renewed).Seconds()
	if passed < 0.5 {
		return
	}
	if s.rate = float64(calls-s.calls) / passed; passed > 30 || s.rate < 0 {
		s.rate = 0 // unknown
	}
	s.calls, s.renewed = calls, now
}

// readSplit asks into how many shards g is split.
func (p *Pool) readSplit(ctx context.Context, g *gate) error {
	call, cancel := p.redis.Context(ctx)
	defer cancel()
	client := p.redis.Client()
	text, err := client.Do(call, client.B().Getex().Key(g.key.splitKey()).Ex(keepSplit).Build()).ToString()
	return p.noteSplit(g, text, err)
}
