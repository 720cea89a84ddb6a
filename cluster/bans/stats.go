package bans

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/joingyd/joingyd/cluster/redis"
)

// Stats counts since the start, but for Lacking.
type Stats struct {
	Published uint64 // items of this node that were put into the stream
	Applied   uint64 // items of others
	Supplied  uint64 // items that others had missed
	Asked     uint64 // times that this node asked for what it had missed
	Gaps      uint64 // frames that came after something that was missing
	Resets    uint64 // times that the stream was emptied or put back
	Refused   uint64 // frames that were not sealed with the cluster's key, or made no sense
	Dropped   uint64 // wishes that found no room: they are said again
	Failed    uint64 // times that Redis or the store failed
	Ended     uint64 // sessions, by bans of others
	Lacking   int    // origins of which others have more, now
}

type counts struct {
	published, applied, supplied, asked, gaps, resets, refused, dropped, failures, ended atomic.Uint64
	lacking, warned                                                                      atomic.Int64
}

// Stats returns them.
func (f *Feed) Stats() Stats {
	c := &f.counts
	return Stats{
		Published: c.published.Load(), Applied: c.applied.Load(), Supplied: c.supplied.Load(), Asked: c.asked.Load(),
		Gaps: c.gaps.Load(), Resets: c.resets.Load(), Refused: c.refused.Load(), Dropped: c.dropped.Load(),
		Failed: c.failures.Load(), Ended: c.ended.Load(), Lacking: int(c.lacking.Load()),
	}
}

// warnEvery is how often a failure is worth a line in the log.
const warnEvery = time.Minute

// failed notes what will be tried again. That Redis is down is told by who watches it.
func (f *Feed) failed(what string, err error) {
	f.counts.failures.Add(1)
	if f.conn.State() == redis.Down || errors.Is(err, redis.ErrDown) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return
	}
	now := time.Now().UnixNano()
	if last := f.counts.warned.Load(); now-last >= int64(warnEvery) && f.counts.warned.CompareAndSwap(last, now) {
		f.opts.Log.Warn("bans of the cluster: one of the last steps failed, and is tried again", "step", what, "error", redis.Explain(err))
	}
}
