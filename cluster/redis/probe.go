package redis

import (
	"context"
	"errors"
	"time"

	"github.com/redis/rueidis"
)

// outcome is how a probe went.
type outcome struct {
	took time.Duration
	err  error
}

// run probes until ctx ends, then closes the connections.
func (c *Conn) run(ctx context.Context) {
	defer close(c.done)
	ticker := time.NewTicker(c.pace.every)
	defer ticker.Stop()
	outcomes := make(chan outcome, 1)
	probe := func() { outcomes <- c.probe(ctx) }
	go probe()
	for pending, first := true, true; ; {
		select {
		case <-ctx.Done():
			if pending {
				<-outcomes
			}
			if live := c.live.Load(); live != nil {
				(*live).Close()
			}
			return
		case o := <-outcomes:
			pending = false
			c.note(func(h *health) {
				if o.err != nil {
					h.fail(time.Now())
				} else {
					h.answer(time.Now(), o.took)
				}
			}, &o)
			if first && (o.err != nil || c.State() != Down) {
				first = false
				close(c.first)
			}
		case <-ticker.C:
			c.note(func(h *health) { h.tick(time.Now()) }, nil)
			if !pending {
				pending = true
				go probe()
			}
		}
	}
}

// probe writes the Conn's key, and connects first if there was no connection yet: that
// may take its time.
func (c *Conn) probe(ctx context.Context) (o outcome) {
	live := c.live.Load()
	if live == nil {
		client, err := rueidis.NewClient(c.options)
		if err != nil {
			return outcome{err: Explain(err)}
		}
		live = &client
		c.live.Store(live)
	}
	ctx, cancel := context.WithTimeout(ctx, c.pace.silence)
	defer cancel()
	begin := time.Now()
	o.err = Explain((*live).Do(ctx, (*live).B().Set().Key(c.key).Value("1").Px(time.Second).Build()).Error())
	o.took = time.Since(begin)
	if errors.Is(o.err, context.DeadlineExceeded) {
		o.err = errSilent
	}
	return o
}

// note changes the health, and tells the watchers if that changes the state. Only run
// calls it.
func (c *Conn) note(change func(*health), o *outcome) {
	c.telling.Lock()
	defer c.telling.Unlock()
	c.mu.Lock()
	before := c.health.state
	change(&c.health)
	state := c.health.state
	if o != nil {
		c.err = o.err
		c.counts.probe(*o)
	}
	err := c.errLocked()
	var watchers []func(State)
	if state != before {
		c.since = time.Now()
		c.state.Store(int32(state))
		if state == Down {
			c.counts.downs.Add(1)
		}
		for _, w := range c.watchers {
			watchers = append(watchers, w)
		}
	}
	c.mu.Unlock()
	if state == before {
		return
	}
	switch state {
	case Up:
		c.log.Info("redis is up")
	case Slow:
		c.log.Warn("redis is slow: pairing within this node")
	default:
		c.log.Warn("redis is down: pairing within this node", "error", err)
	}
	for _, w := range watchers {
		w(state)
	}
}
