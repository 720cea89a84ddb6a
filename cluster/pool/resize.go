package pool

import (
	"context"
	"fmt"
	"strconv"

	"github.com/redis/rueidis"
)

// noteSplit takes note of what a gate's key says, or that there is none.
func (p *Pool) noteSplit(g *gate, text string, err error) error {
	epoch, shards := 0, 1
	if err != nil && !rueidis.IsRedisNil(err) {
		return fmt.Errorf("read how a gate of the shared pool is split: %w", err)
	}
	if err == nil {
		if _, err := fmt.Sscanf(text, "%d %d", &epoch, &shards); err != nil {
			return fmt.Errorf("%s is %q, want an epoch and a number of shards; delete the key", g.key.splitKey(), text)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	g.split(epoch, shards, p.now())
	return nil
}

// resize splits gates in which a shard is too busy or too large, and joins the shards of those
// that have not been worth it for a while. One step at a time: a change is void if another node
// was first.
func (p *Pool) resize(ctx context.Context) error {
	if p.opts.MaxShards == 1 {
		return nil
	}
	type change struct {
		gate  *gate
		epoch int
		count int
	}
	var changes []change
	p.mu.Lock()
	for _, g := range p.gates {
		if count := p.fitLocked(g); count != g.count {
			changes = append(changes, change{g, g.epoch, count})
		}
	}
	p.mu.Unlock()
	for _, c := range changes {
		args := []string{strconv.Itoa(c.epoch), strconv.Itoa(c.count), milliseconds(keepSplit)}
		now, err := p.exec(ctx, splitScript, []string{c.gate.key.splitKey()}, args).AsIntSlice()
		if err == nil && len(now) != 2 {
			err = fmt.Errorf("%d numbers in the answer", len(now))
		}
		if err != nil {
			return fmt.Errorf("split a gate of the shared pool: %w", err)
		}
		p.mu.Lock()
		c.gate.split(int(now[0]), int(now[1]), p.now())
		p.mu.Unlock()
	}
	return nil
}

// fitLocked returns how many shards g should have, by those of them that this node has tickets
// in. A shard is cold if two of its like would make one that is not even half of too busy.
func (p *Pool) fitLocked(g *gate) int {
	hot, cold, known := false, true, false
	for _, s := range g.shards[:g.count] {
		if len(s.own) == 0 {
			continue
		}
		known = true
		hot = hot || s.rate > p.opts.SplitCalls || s.waiting > p.opts.SplitSize
		cold = cold && s.rate < p.opts.SplitCalls/4 && s.waiting < p.opts.SplitSize/4
	}
	now := p.now()
	if g.cold.IsZero() || !known || !cold {
		g.cold = now
	}
	switch {
	case now.Sub(g.set) < coolDown:
	case hot && g.count < p.opts.MaxShards:
		return g.count * 2
	case g.count > 1 && now.Sub(g.cold) >= coolDown:
		return g.count / 2
	}
	return g.count
}
