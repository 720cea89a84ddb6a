package audit

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/joingyd/joingyd/internal/durable"
)

// ErrClosed is the error of Append after Close.
var ErrClosed = errors.New("audit: the log is closed")

// Options are what may be set of a log. The zero value works.
type Options struct {
	Log *slog.Logger     // nil is none
	Now func() time.Time // nil is time.Now
}

// Log is the record, open for appending. Make one with Open. Its methods may be
// called at the same time.
type Log struct {
	dir    *durable.Dir
	path   string
	log    *slog.Logger
	now    func() time.Time
	open   func(path string) (appendFile, error)
	damage error // a *Break, or nil

	queue queue

	write  sync.Mutex // held for a write and its sync; taken before mu
	file   appendFile // guarded by write, as are those below; nil before the first entry
	month  month      // of file; where there is none, that of the last
	size   int64      // of file, in bytes that are whole lines
	spoilt bool       // what follows size in file is not to stay
	owed   []Record   // of the log's own, to come before what is appended next
	closed bool

	failures atomic.Uint64 // records that the disk refused

	mu   sync.Mutex
	head Head // guarded by mu, and set with write held
}

// appendFile is a file that is written at its end.
type appendFile interface {
	io.WriteCloser
	Sync() error
	Truncate(size int64) error
}

func openAppend(path string) (appendFile, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
}

// Open opens or makes the log in a directory, for one process at a time. It reads
// the latest two files with entries. It mends a torn last line; for what else does
// not verify see Damage.
func Open(dir string, o Options) (*Log, error) {
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
	l := &Log{dir: locked, path: dir, log: o.Log, now: o.Now, open: openAppend}
	if err := l.resume(); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// Damage returns a *[Break] if the latest files did not verify when the log was
// opened. The log is appended to all the same: what comes now can be checked from
// there on. Verify looks at all files.
func (l *Log) Damage() error { return l.damage }

// Failures returns how many records the disk refused since the log was opened.
func (l *Log) Failures() uint64 { return l.failures.Load() }

// Close ends the log; entries that are being appended are finished first.
func (l *Log) Close() error {
	l.write.Lock()
	defer l.write.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	var err error
	if l.file != nil {
		err = l.file.Close()
	}
	return errors.Join(err, l.dir.Close())
}
