package audit

import (
	"fmt"
	"maps"
	"sync"
	"time"
)

// queue is the records that wait for the disk. It is as long as there are callers,
// who wait for their answers.
type queue struct {
	mu      sync.Mutex
	waiting []*pending
}

type pending struct {
	record Record
	done   chan outcome
}

type outcome struct {
	entry Entry
	err   error
}

func (q *queue) push(p *pending) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, p)
}

// take returns what waits, the oldest first.
func (q *queue) take() []*pending {
	q.mu.Lock()
	defer q.mu.Unlock()
	batch := q.waiting
	q.waiting = nil
	return batch
}

// Append returns when the record is on disk, with the entry that it became. After
// an error of the disk it is not recorded, and the next may succeed; only if the
// process dies before the disk works again may the entry be there nonetheless.
// Whoever gets to the file first writes what all have asked for by then: the fsync
// is what takes the time.
func (l *Log) Append(r Record) (Entry, error) {
	if err := r.check(); err != nil {
		return Entry{}, err
	}
	r.Details = maps.Clone(r.Details)
	p := &pending{record: r, done: make(chan outcome, 1)}
	l.queue.push(p)
	l.write.Lock()
	defer l.write.Unlock()
	select {
	case o := <-p.done:
		return o.entry, o.err
	default:
		l.answerLocked(l.queue.take())
		o := <-p.done
		return o.entry, o.err
	}
}

// answerLocked writes a batch and answers all in it.
func (l *Log) answerLocked(batch []*pending) {
	records := make([]Record, len(batch))
	for i, p := range batch {
		records[i] = p.record
	}
	entries, err := l.commitLocked(records)
	if err != nil {
		l.failures.Add(uint64(len(records)))
	}
	for i, p := range batch {
		o := outcome{err: err}
		if err == nil {
			o.entry = entries[i]
		}
		p.done <- o
	}
}

// commitLocked writes what is owed and then the records, all or none, and returns
// the entries of the records.
func (l *Log) commitLocked(records []Record) ([]Entry, error) {
	if l.closed {
		return nil, ErrClosed
	}
	if err := l.rewindLocked(); err != nil {
		return nil, err
	}
	now := l.now().UTC().Truncate(time.Millisecond)
	if err := l.turnLocked(max(l.month, monthOf(now))); err != nil {
		return nil, fmt.Errorf("audit: nothing was recorded: %w; check the disk", err)
	}
	var lines []byte
	var entries []Entry
	head := l.Head()
	for _, r := range append(l.owed[:len(l.owed):len(l.owed)], records...) {
		e := Entry{Seq: head.Seq + 1, At: now, By: r.By, Did: r.Did, On: r.On, Details: r.Details, Prev: head.Hash}
		var err error
		if lines, err = e.appendTo(lines); err != nil {
			return nil, fmt.Errorf("audit: nothing was recorded: %w", err)
		}
		entries, head = append(entries, e), Head{Seq: e.Seq, Hash: e.Hash, At: now}
	}
	if err := l.writeLocked(lines); err != nil {
		return nil, err
	}
	entries = entries[len(l.owed):]
	l.owed = nil
	l.mu.Lock()
	defer l.mu.Unlock()
	l.head = head
	return entries, nil
}

// writeLocked puts lines on disk, or takes back what it can.
func (l *Log) writeLocked(lines []byte) error {
	_, err := l.file.Write(lines)
	if err == nil {
		err = l.file.Sync()
	}
	if err == nil {
		l.size += int64(len(lines))
		return nil
	}
	l.spoilt = true
	if undo := l.rewindLocked(); undo != nil {
		l.log.Error("what was written of an audit entry could not be taken back; this is tried again before the next", "error", undo)
	}
	return fmt.Errorf("audit: nothing was recorded: %w; make room, or check the disk", err)
}

// rewindLocked takes back what a write left that failed. After a sync that failed
// the kernel may call pages clean that never reached the disk (Rebello et al., "Can
// Applications Recover from fsync Failures?", USENIX ATC 2020). Here that is only
// the page at the end, which the next write makes dirty again.
func (l *Log) rewindLocked() error {
	if !l.spoilt {
		return nil
	}
	err := l.file.Truncate(l.size)
	if err == nil {
		err = l.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("audit: the end of %s is not mended: %w; check the disk", l.month.file(), err)
	}
	l.spoilt = false
	return nil
}

// turnLocked makes the month's file the one that is written.
func (l *Log) turnLocked(m month) error {
	if l.file != nil && m == l.month {
		return nil
	}
	file, err := l.open(l.dir.Path(m.file()))
	if err != nil {
		return err
	}
	if err := l.dir.Sync(); err != nil {
		file.Close()
		return err
	}
	if l.file != nil {
		l.file.Close() // synced with its last line
	}
	l.file, l.month, l.size = file, m, 0
	return nil
}
