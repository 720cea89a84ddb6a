package iplog

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// write seals events and puts them into the files of their days.
func (l *Log) write(events []Event) error {
	sealed := make([][]byte, len(events))
	for i, e := range events { // before the lock: it takes most of the time
		plain, err := json.Marshal(e)
		if err == nil {
			sealed[i], err = l.opts.Seal(plain)
		}
		clear(plain)
		if err != nil {
			l.failed.Add(uint64(len(events)))
			return fmt.Errorf("sealing: %w", err)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for from := 0; from < len(events); {
		d, to := dayOf(events[from].At), from+1
		for to < len(events) && dayOf(events[to].At) == d {
			to++
		}
		if err := l.writeLocked(d, events[from:to], sealed[from:to]); err != nil {
			l.failed.Add(uint64(len(events) - from))
			return err
		}
		from = to
	}
	return nil
}

// writeLocked appends rows of one day, all or none.
func (l *Log) writeLocked(d day, events []Event, sealed [][]byte) error {
	if err := l.turnLocked(d); err != nil {
		return err
	}
	var lines []byte
	for i, e := range events {
		r := row{
			At: e.At.UTC().Truncate(time.Minute), Address: l.key.address(e.Address.Addr()), Session: l.key.session(e.Session), Sealed: sealed[i],
		}
		lines = append(lines, r.line()...)
		if err := l.holdLocked(e, r); err != nil {
			return err
		}
	}
	_, err := l.file.Write(lines)
	if err == nil {
		err = l.file.Sync()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("%s: %w; make room, or check the disk", l.today.rows(), err), l.file.Truncate(l.size))
	}
	l.size += int64(len(lines))
	return nil
}

// turnLocked opens the file of a day, and cuts off what a crash left of a line.
func (l *Log) turnLocked(d day) error {
	if l.today == d {
		return nil
	}
	if err := l.closeFileLocked(); err != nil {
		return err
	}
	k, err := l.makeKey(d)
	if err != nil {
		return err
	}
	file, size, err := openRows(l.dir.Path(d.rows()))
	if err == nil {
		err = l.dir.Sync()
	}
	if err != nil {
		return err
	}
	l.today, l.key, l.file, l.size = d, k, file, size
	return nil
}

// openRows opens or makes a file of rows, for appending.
func openRows(path string) (*os.File, int64, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, fileMod)
	if err != nil {
		return nil, 0, err
	}
	size, err := whole(file)
	if err == nil {
		err = file.Truncate(size)
	}
	if err != nil {
		return nil, 0, errors.Join(err, file.Close())
	}
	return file, size, nil
}
