package bans

import (
	"context"
	"strconv"
	"time"
)

const (
	retryAfter  = 200 * time.Millisecond // of what Redis has refused
	mostBatches = 32                     // that one wish gets: who lacks more asks again
	fresh       = 2 * time.Second        // for which what was supplied once is still under way
)

// publisher writes to the stream, alone.
type publisher struct {
	*Feed
	origin   string // of the store
	sent     uint64 // its versions that are in the stream, or need not be
	supplied map[string]supply
}

// supply is what was written for somebody's wish.
type supply struct {
	from, to uint64
	at       time.Time
}

// publish writes what the store does and what others wish for.
func (f *Feed) publish(ctx context.Context) {
	p := &publisher{Feed: f, origin: f.origin, sent: f.sent, supplied: map[string]supply{}}
	retry := time.NewTimer(0)
	defer retry.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case w := <-f.wishes:
			err = p.supply(ctx, w)
		case ask := <-f.asks:
			if err = p.add(ctx, ask); err == nil {
				f.counts.asked.Add(1)
			}
		case <-f.opts.Store.Fed():
			err = p.own(ctx)
		case <-f.up:
			err = p.own(ctx)
		case <-retry.C:
			err = p.own(ctx)
		}
		if err != nil {
			f.failed("publish bans", err)
			retry.Reset(retryAfter)
		}
	}
}

// own publishes what the store has done since.
func (p *publisher) own(ctx context.Context) error {
	if err := p.announce(); err != nil {
		return err
	}
	origin, err := p.opts.Store.Origin()
	if err != nil {
		return err
	}
	if origin != p.origin { // its store was put back from a copy, and what stands is in a new log
		p.origin, p.sent = origin, 0
	}
	for {
		to, err := p.items(ctx, origin, p.sent)
		if err != nil || to == p.sent {
			return err
		}
		p.counts.published.Add(to - p.sent)
		p.sent = to
	}
}

// supply writes what one has asked for, unless that is under way.
func (p *publisher) supply(ctx context.Context, w frame) error {
	last := p.supplied[w.Origin]
	if time.Since(last.at) < fresh && last.from <= w.After && w.After < last.to {
		return nil
	}
	s := supply{from: w.After, to: w.After}
	for range mostBatches {
		select {
		case <-p.opts.Store.Fed(): // what is new does not wait for what is old
			if err := p.own(ctx); err != nil {
				return err
			}
		default:
		}
		to, err := p.items(ctx, w.Origin, s.to)
		if err != nil {
			return err
		}
		if to == s.to {
			break
		}
		p.counts.supplied.Add(to - s.to)
		s.to = to
	}
	for origin, old := range p.supplied {
		if time.Since(old.at) >= fresh {
			delete(p.supplied, origin)
		}
	}
	s.at = time.Now()
	p.supplied[w.Origin] = s
	return nil
}

// items writes one frame of an origin's log, and returns the version up to which it is.
func (p *publisher) items(ctx context.Context, origin string, after uint64) (to uint64, err error) {
	batch, to, err := p.opts.Store.Items(origin, after, p.opts.Frame)
	if err != nil || batch == nil {
		return after, err
	}
	return to, p.add(ctx, frame{Origin: origin, After: after, To: to, Batch: batch})
}

func (p *publisher) add(ctx context.Context, f frame) error {
	f.From = p.opts.Node
	sealed, err := p.sealer.seal(f)
	if err != nil {
		return err
	}
	ctx, cancel := p.conn.Context(ctx)
	defer cancel()
	client := p.conn.Client()
	return client.Do(ctx, client.B().Xadd().Key(stream).Maxlen().Almost().Threshold(strconv.Itoa(p.opts.Length)).
		Id("*").FieldValue().FieldValue("f", sealed).Build()).Error()
}
