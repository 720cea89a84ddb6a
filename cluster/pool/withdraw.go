package pool

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

const (
	// atOnce bounds the tickets that one script is given.
	atOnce = 256
	// parallel bounds the scripts that one call has under way; they share a connection.
	parallel = 16
	// mostDoubtful bounds the tickets of a shard that are to be withdrawn later. What is
	// above it ends with its life.
	mostDoubtful = 10_000
)

// Taken takes a ticket out that somebody has found: who found it asked for it. It was taken out of
// one gate by that, and costs a call only if it stood in others. Errors are those of Withdraw.
func (p *Pool) Taken(ctx context.Context, id ID) error {
	p.mu.Lock()
	e := p.tickets[id]
	if e == nil || len(e.in) > 1 || !e.busy.TryLock() {
		p.mu.Unlock()
		return p.Withdraw(ctx, id)
	}
	defer p.mu.Unlock()
	defer e.busy.Unlock()
	e.out = true
	p.forgetLocked(e)
	return nil
}

// Withdraw takes tickets out, whose visitors have left or were paired elsewhere. Those that are
// not in are no error. After an error they will be out within their patience and 10 s.
func (p *Pool) Withdraw(ctx context.Context, ids ...ID) error {
	shards := make(map[*shard][]*entry)
	for _, id := range ids {
		p.mu.Lock()
		e := p.tickets[id]
		p.mu.Unlock()
		if e == nil {
			continue
		}
		e.busy.Lock() // until a search that is under way for it has ended
		e.out = true
		p.mu.Lock()
		delete(p.tickets, id)
		for _, at := range e.in {
			shards[at.shard] = append(shards[at.shard], e)
		}
		p.mu.Unlock()
		e.busy.Unlock()
	}
	var mu sync.Mutex
	var first error
	var work []func()
	for s, list := range shards {
		for chunk := range slices.Chunk(list, atOnce) {
			work = append(work, func() {
				if _, err := p.take(ctx, s, chunk); err != nil {
					for _, e := range chunk {
						p.doubt(e)
					}
					mu.Lock()
					defer mu.Unlock()
					first = err
				}
			})
		}
	}
	each(work)
	return first
}

// each does the work, so much of it at the same time, and waits for it.
func each(work []func()) {
	var wait sync.WaitGroup
	places := make(chan struct{}, parallel)
	for _, do := range work {
		places <- struct{}{}
		wait.Go(func() {
			defer func() { <-places }()
			do()
		})
	}
	wait.Wait()
}

// take takes tickets out of a shard, and returns of each whether it was in.
func (p *Pool) take(ctx context.Context, s *shard, entries []*entry) (was []bool, err error) {
	ids := make([]ID, len(entries))
	for i, e := range entries {
		ids[i] = e.ID
	}
	if was, err = p.takeIDs(ctx, s, ids); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range entries {
		s.drop(e)
	}
	return was, nil
}

func (p *Pool) takeIDs(ctx context.Context, s *shard, ids []ID) ([]bool, error) {
	list, err := p.exec(ctx, withdrawScript, s.keys, texts(ids)).AsIntSlice()
	if err == nil && len(list) != len(ids) {
		err = fmt.Errorf("%d answers for %d tickets", len(list), len(ids))
	}
	if err != nil {
		p.mu.Lock()
		p.counts.Errors++
		p.mu.Unlock()
		return nil, fmt.Errorf("withdraw from the shared pool: %w", err)
	}
	was := make([]bool, len(ids))
	for i, n := range list {
		was[i] = n == 1
	}
	return was, nil
}

func texts(ids []ID) []string {
	list := make([]string, len(ids))
	for i := range ids {
		list[i] = string(ids[i][:])
	}
	return list
}

// doubt forgets e, and notes that its places are to be cleared with the next renewal.
func (p *Pool) doubt(e *entry) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, at := range e.in {
		if list := p.doubtful[at.shard]; len(list) < mostDoubtful {
			p.doubtful[at.shard] = append(list, e.ID)
		}
	}
	p.forgetLocked(e)
}
