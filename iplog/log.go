package iplog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/joingyd/joingyd/internal/durable"
)

const (
	queued  = 4096        // events that wait to be written, at most
	pause   = time.Second // between two writes
	fileMod = 0o600
)

// Options are the settings of a Log.
type Options struct {
	Seal func(plain []byte) ([]byte, error) // to the operator's public key; nil: nothing is added
	Days int                                // that rows are kept after their own
	Log  *slog.Logger                       // nil is none
	Now  func() time.Time                   // nil is time.Now
}

// Log is the log, open for writing. Make one with Open. Its methods may be called at
// the same time.
type Log struct {
	opts  Options
	dir   *durable.Dir
	queue chan Event

	dropped atomic.Uint64 // no room in the queue
	failed  atomic.Uint64 // could not be written

	mu    sync.Mutex // guards the files and what follows
	today day        // of file; "" before the first row
	key   key        // of today
	file  *os.File   // of today's rows
	size  int64      // of file: whole lines
	holds []*hold
}

// Open opens or makes the log in a directory, for one process at a time. It completes
// what a process that was killed had begun.
func Open(dir string, o Options) (*Log, error) {
	if o.Days < 0 {
		return nil, fmt.Errorf("iplog: rows cannot be kept for %d days", o.Days)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	locked, err := durable.Lock(dir)
	if err != nil {
		return nil, err
	}
	l := &Log{opts: o, dir: locked, queue: make(chan Event, queued)}
	for _, complete := range []func() error{l.loadHolds, l.completeErasures, l.removeOrphans} {
		if err := complete(); err != nil {
			return nil, errors.Join(err, l.Close())
		}
	}
	if days, err := l.days(); err != nil {
		return nil, errors.Join(err, l.Close())
	} else if now := l.opts.Now(); len(days) > 0 && days[len(days)-1] > dayOf(now.Add(24*time.Hour)) {
		l.opts.Log.Warn("the clock is behind the IP log: what is written now bears a wrong date; set the clock", "newest", days[len(days)-1], "now", now)
	}
	return l, nil
}

// Add notes an event. It never waits: where the queue is full the event is counted as
// dropped. What is added before Run is written by it.
func (l *Log) Add(e Event) {
	if l.opts.Seal == nil {
		return
	}
	select {
	case l.queue <- e:
	default:
		l.dropped.Add(1)
	}
}

// Run writes what is added, once a second, until ctx ends; then the rest.
func (l *Log) Run(ctx context.Context) {
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			l.Flush()
			return
		case <-ticker.C:
			l.Flush()
		}
	}
}

// Flush writes what waits. What cannot be written is dropped, and counted.
func (l *Log) Flush() {
	var events []Event
	for more := true; more; {
		select {
		case e := <-l.queue:
			events = append(events, e)
		default:
			more = false
		}
	}
	if len(events) == 0 {
		return
	}
	if err := l.write(events); err != nil {
		l.opts.Log.Error("rows of the IP log are lost", "error", err)
	}
}

// Close ends the log. What was added and not written is lost: end Run first.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return errors.Join(l.closeFileLocked(), l.dir.Close())
}

func (l *Log) closeFileLocked() error {
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file, l.today = nil, ""
	return err
}
