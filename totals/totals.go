package totals

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/joingyd/joingyd/internal/durable"
)

const (
	batchSize  = 5           // visits that are counted at once
	flushEvery = time.Minute // and at the end
	maxUnsaved = 31          // days that the disk did not take
)

// Options of Totals. The zero value works.
type Options struct {
	Relayed func() uint64    // bytes that the relay has carried since the start; nil: nobody counts them
	Now     func() time.Time // nil: time.Now
	Log     *slog.Logger     // nil: nowhere
}

// Totals counts. Its methods are safe for concurrent use; those that count do not wait for
// the disk.
type Totals struct {
	opts Options
	dir  *durable.Dir

	saving sync.Mutex // held while files are written and read; before mu

	mu      sync.Mutex // guards what follows
	today   *Day
	unsaved []*Day // before today, the oldest first
	changed bool   // today, since it was saved
	since   *Day   // since the start
	relayed uint64 // bytes that are counted
	came    batch[visit]
	left    batch[string]
}

// visit is a visit that waits to be counted with others.
type visit struct {
	kind     Kind
	language string
}

// batch gathers until there is enough.
type batch[T any] struct{ waiting []T }

// add returns the whole batch when v completes it.
func (b *batch[T]) add(v T) (full []T) {
	if b.waiting = append(b.waiting, v); len(b.waiting) == batchSize {
		full, b.waiting = b.waiting, nil
	}
	return full
}

// Open opens the figures in a directory, which it makes with mode 0700 where there is none,
// and goes on with today's.
func Open(path string, opts Options) (*Totals, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Relayed == nil {
		opts.Relayed = func() uint64 { return 0 }
	}
	dir, err := durable.Lock(path)
	if err != nil {
		return nil, err
	}
	t := &Totals{opts: opts, dir: dir, since: newDay("")}
	if t.today, err = t.load(dayOf(opts.Now())); err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	return t, nil
}

// Came counts a visit that begins, whose visitor's favourite language has this primary
// subtag.
func (t *Totals) Came(kind Kind, language string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.turnLocked()
	t.addLocked(func(d *Day) { d.Visits++ })
	for _, v := range t.came.add(visit{kind, languageOf(language)}) {
		t.addLocked(func(d *Day) {
			d.Systems[v.kind.System()]++
			d.Browsers[v.kind.Browser()]++
			d.Devices[v.kind.Device()]++
			d.Languages[v.language]++
		})
	}
}

// Left counts a visit that ends.
func (t *Totals) Left(stayed time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.turnLocked()
	for _, name := range t.left.add(stayOf(stayed)) {
		t.addLocked(func(d *Day) { d.Stays[name]++ })
	}
}

// Chatted counts a chat that connected, once: one by text when each of the two had a line
// delivered; one by video when it has ended and the relay had carried what only sound or
// picture of both comes to. That they saw each other nobody here can know.
func (t *Totals) Chatted(mode string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.turnLocked()
	t.addLocked(func(d *Day) { d.Chats[mode]++ })
}

// Since returns the figures since the start, in which a day has no meaning.
func (t *Totals) Since() Day {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.relayLocked()
	return t.since.clone()
}

// addLocked changes today's figures and those since the start.
func (t *Totals) addLocked(f func(*Day)) {
	f(t.today)
	f(t.since)
	t.changed = true
}

// relayLocked counts what the relay has carried since it was asked last.
func (t *Totals) relayLocked() {
	if now := t.opts.Relayed(); now > t.relayed {
		more := now - t.relayed
		t.addLocked(func(d *Day) { d.Bytes += more })
		t.relayed = now
	}
}

// turnLocked begins a new day where one has begun. A clock that was set back goes on with
// the day that there is.
func (t *Totals) turnLocked() {
	name := dayOf(t.opts.Now())
	if name <= t.today.Day {
		return
	}
	if t.changed {
		t.unsaved = append(t.unsaved, t.today)
	}
	if len(t.unsaved) > maxUnsaved {
		t.opts.Log.Error("figures of a day are lost: the disk does not take them", "day", t.unsaved[0].Day)
		t.unsaved = t.unsaved[1:]
	}
	t.today, t.changed = newDay(name), false
}

// Run saves the figures once a minute. It returns when ctx ends; what comes after is
// Close's to save.
func (t *Totals) Run(ctx context.Context) {
	ticker := time.NewTicker(flushEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := t.Flush(); err != nil {
				t.opts.Log.Error("the daily totals could not be saved; they are tried again in a minute", "error", err)
			}
		}
	}
}

// Close saves the figures and ends.
func (t *Totals) Close() error { return errors.Join(t.Flush(), t.dir.Close()) }

// Unsaved returns how many days before today the disk did not take yet.
func (t *Totals) Unsaved() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.unsaved)
}
