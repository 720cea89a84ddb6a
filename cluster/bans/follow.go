package bans

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/joingyd/joingyd/cluster/redis"
)

const (
	atOnce    = 32                     // frames that are read and applied together
	blockFor  = 250 * time.Millisecond // that a read waits: shorter than a call may take
	lookEvery = time.Second            // at the end of the stream: whether it was put back
	lookBack  = time.Minute            // of the stream, at a start
)

// position is an id of the stream.
type position struct{ millis, number uint64 }

func (p position) String() string { return fmt.Sprintf("%d-%d", p.millis, p.number) }

func (p position) before(other position) bool {
	return p.millis < other.millis || p.millis == other.millis && p.number < other.number
}

func parsePosition(id string) (p position, err error) {
	millis, number, _ := strings.Cut(id, "-")
	p.millis, err = strconv.ParseUint(millis, 10, 64)
	if err == nil {
		p.number, err = strconv.ParseUint(number, 10, 64)
	}
	return p, err
}

// follower reads the stream, alone.
type follower struct {
	*Feed
	at     position
	began  bool
	live   position // where the stream ended at the start: wishes before it are over
	looked time.Time
}

// follow applies what others publish.
func (f *Feed) follow(ctx context.Context) {
	r := &follower{Feed: f}
	for ctx.Err() == nil {
		if f.conn.State() == redis.Down {
			pause(ctx, retryAfter/4)
			continue
		}
		if err := r.step(ctx); err != nil {
			f.failed("follow the bans of others", err)
			pause(ctx, retryAfter)
		}
	}
}

func (r *follower) step(ctx context.Context) error {
	if !r.began || time.Since(r.looked) >= lookEvery {
		if err := r.look(ctx); err != nil {
			return err
		}
	}
	entries, err := r.read(ctx)
	if err != nil || len(entries) == 0 {
		return err
	}
	return r.take(entries)
}

// look begins to read, or notices that the stream was emptied or has lost its end, as by
// a failover: then it is read anew, and what is known is passed over.
func (r *follower) look(ctx context.Context) error {
	ctx, cancel := r.conn.Context(ctx)
	defer cancel()
	client := r.conn.Client()
	entries, err := client.Do(ctx, client.B().Xrevrange().Key(stream).End("+").Start("-").Count(1).Build()).AsXRange()
	if err != nil && !rueidis.IsRedisNil(err) {
		return err
	}
	r.looked = time.Now()
	var end position
	if len(entries) > 0 {
		if end, err = parsePosition(entries[0].ID); err != nil {
			return err
		}
	}
	switch {
	case !r.began:
		r.began, r.live = true, end
		if back := uint64(lookBack.Milliseconds()); end.millis > back {
			r.at = position{end.millis - back, 0}
		}
	case end.before(r.at):
		r.at, r.live = position{}, end
		r.counts.resets.Add(1)
	}
	return nil
}

// read waits for frames.
func (r *follower) read(ctx context.Context) ([]rueidis.XRangeEntry, error) {
	ctx, cancel := r.conn.Context(ctx)
	defer cancel()
	client := r.conn.Client()
	streams, err := client.Do(ctx, client.B().Xread().Count(atOnce).Block(blockFor.Milliseconds()).
		Streams().Key(stream).Id(r.at.String()).Build()).AsXRead()
	if rueidis.IsRedisNil(err) {
		return nil, nil
	}
	return streams[stream], err
}

// take carries out what was read. After an error it is read again.
func (r *follower) take(entries []rueidis.XRangeEntry) error {
	have := map[string]uint64{}
	var batches [][]byte
	at := r.at
	for _, entry := range entries {
		var err error
		if at, err = parsePosition(entry.ID); err != nil {
			return err
		}
		f, err := r.sealer.open(entry.FieldValues["f"])
		if err != nil {
			r.counts.refused.Add(1)
			continue
		}
		if f.Ask != "" {
			if f.Ask == r.opts.Node && r.live.before(at) && !offer(r.wishes, f) {
				r.counts.dropped.Add(1)
			}
			continue
		}
		version, known := have[f.Origin]
		if !known {
			if version, err = r.opts.Store.Version(f.Origin); err != nil {
				return err
			}
			have[f.Origin] = version
		}
		switch {
		case f.To <= version:
		case f.After > version:
			r.counts.gaps.Add(1)
			if !offer(r.missed, frame{From: f.From, Origin: f.Origin, After: version}) {
				r.counts.dropped.Add(1)
			}
		default:
			r.counts.applied.Add(f.To - version)
			have[f.Origin] = f.To
			batches = append(batches, f.Batch)
		}
	}
	if len(batches) > 0 {
		concerns, refused, err := r.opts.Store.Apply(batches...)
		if err != nil {
			return err
		}
		nudge(r.came)
		if concerns != nil {
			r.strict.add(concerns)
		}
		if refused != nil {
			r.counts.refused.Add(1)
			r.failed("apply the bans of others", refused)
		}
	}
	r.at = at
	return nil
}
