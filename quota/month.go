package quota

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/joingyd/joingyd/internal/durable"
)

const (
	countEvery = 5 * time.Second
	flushEvery = time.Minute // and at the end
)

// Options of a Month.
type Options struct {
	// Relayed returns the bytes that the relay has carried since the start. It never falls.
	Relayed func() uint64
	// Limit of a month, in bytes; 0: there is none. See SetLimit.
	Limit uint64
	// Closed is told when the limit is reached, with when the month is over, and with the
	// zero time when it no longer is: a month has begun, or the limit was raised. It is
	// called by Open, Run, Now and SetLimit, one at a time, and must not call the Month.
	Closed func(until time.Time)
	Clock  func() time.Time // nil: time.Now
	Log    *slog.Logger     // nil: nowhere
}

// Month counts. Its methods are safe for concurrent use.
type Month struct {
	opts Options
	dir  *durable.Dir

	saving sync.Mutex // held while the file is written; before mu

	mu      sync.Mutex // guards what follows; held while Options.Closed is called
	months  map[string]uint64
	changed bool   // since it was saved
	relayed uint64 // bytes that are counted, of those of Options.Relayed
	limit   uint64
	level   level     // that was told of
	month   string    // of which
	until   time.Time // that Options.Closed was told; zero: nothing is closed
}

// level is how much of the limit is used.
type level int

const (
	under   level = iota
	near          // 80 % or more
	reached       // all of it
)

func levelOf(bytes, limit uint64) level {
	switch {
	case limit == 0:
		return under
	case bytes >= limit:
		return reached
	case bytes >= limit-limit/5:
		return near
	}
	return under
}

// Usage is what was carried in a month.
type Usage struct {
	Month string    // 2026-11
	Ends  time.Time // when it is over
	Bytes uint64
	Limit uint64 // 0: none
}

// Reached reports whether all of the limit is used.
func (u Usage) Reached() bool { return levelOf(u.Bytes, u.Limit) == reached }

// Open goes on with what a directory has, which it makes with mode 0700 where there is
// none. What was relayed before is not counted.
func Open(path string, opts Options) (*Month, error) {
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Closed == nil {
		opts.Closed = func(time.Time) {}
	}
	dir, err := durable.Lock(path)
	if err != nil {
		return nil, err
	}
	m := &Month{opts: opts, dir: dir, limit: opts.Limit, relayed: opts.Relayed()}
	m.load()
	m.Now()
	return m, nil
}

// Now counts, and returns what was carried in this month.
func (m *Month) Now() Usage {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.countLocked()
}

// SetLimit has another limit hold from now on.
func (m *Month) SetLimit(bytes uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.limit = bytes
	m.countLocked()
}

// countLocked counts what was carried since it was last called, and tells what follows.
func (m *Month) countLocked() Usage {
	at := m.opts.Clock()
	u := Usage{Month: monthOf(at), Ends: after(at), Limit: m.limit}
	if relayed := m.opts.Relayed(); relayed > m.relayed {
		m.months[u.Month] += relayed - m.relayed
		m.relayed, m.changed = relayed, true
		m.forgetLocked(u.Month)
	}
	u.Bytes = m.months[u.Month]
	m.tellLocked(u)
	return u
}

// tellLocked warns where a level is reached in a month for the first time, and says what
// is closed.
func (m *Month) tellLocked(u Usage) {
	is := levelOf(u.Bytes, u.Limit)
	if u.Month != m.month {
		m.month, m.level = u.Month, under
	}
	if is > m.level {
		text := "the traffic of this month has come to 80 % of turn.traffic_per_month; where that is reached no video chat begins until the month is over"
		if is == reached {
			text = "the traffic of this month has reached turn.traffic_per_month: no video chat begins until the month is over; calls that run and text chats go on"
		}
		m.opts.Log.Warn(text, "month", u.Month, "bytes", u.Bytes, "limit", u.Limit)
	}
	m.level = is
	var until time.Time
	if is == reached {
		until = u.Ends
	}
	if until.Equal(m.until) {
		return
	}
	if until.IsZero() {
		m.opts.Log.Info("video chats are open again", "month", u.Month, "bytes", u.Bytes, "limit", u.Limit)
	}
	m.until = until
	m.opts.Closed(until)
}

// Run counts every 5 seconds and saves once a minute. It returns when ctx ends; what comes
// after is Close's to save.
func (m *Month) Run(ctx context.Context) {
	count, flush := time.NewTicker(countEvery), time.NewTicker(flushEvery)
	defer count.Stop()
	defer flush.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-count.C:
			m.Now()
		case <-flush.C:
			if err := m.Flush(); err != nil {
				m.opts.Log.Error("the traffic of the month could not be saved; it is tried again in a minute", "error", err)
			}
		}
	}
}

// Close saves what was counted and ends.
func (m *Month) Close() error { return errors.Join(m.Flush(), m.dir.Close()) }
