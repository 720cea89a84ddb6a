package iplog

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

// Forget ends the days that have been kept for long enough, and the holds that are over. A
// day's key goes first: without it nobody finds anything in what a crash may leave.
func (l *Log) Forget() (days int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.opts.Now()
	list, err := l.days()
	if err != nil {
		return 0, err
	}
	last := dayOf(now.Add(-time.Duration(l.opts.Days+1) * 24 * time.Hour)) // that is over
	for _, d := range list {
		if d > last {
			break
		}
		if d == l.today {
			if err := l.closeFileLocked(); err != nil {
				return days, err
			}
		}
		if err := l.endDay(d); err != nil {
			return days, err
		}
		days++
	}
	return days, l.endHoldsLocked(now)
}

func (l *Log) endDay(d day) error {
	err := l.destroy(d.key())
	if removed := os.Remove(l.dir.Path(d.rows())); !errors.Is(removed, fs.ErrNotExist) {
		err = errors.Join(err, removed)
	}
	return errors.Join(err, l.dir.Sync())
}

// removeOrphans removes the rows whose key is destroyed.
func (l *Log) removeOrphans() error {
	days, err := l.days()
	if err != nil {
		return err
	}
	for _, d := range days {
		_, err := os.Stat(l.dir.Path(d.key()))
		if errors.Is(err, fs.ErrNotExist) {
			err = l.endDay(d)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
