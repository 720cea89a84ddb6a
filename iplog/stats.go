package iplog

import (
	"os"
	"strings"
	"time"
)

// Stats are figures of the log.
type Stats struct {
	Rows    int       `json:"rows"` // of days, without those that are held
	Held    int       `json:"held"` // rows
	Holds   int       `json:"holds"`
	Days    int       `json:"days"`
	Oldest  time.Time `json:"oldest"` // zero where there is no row
	Newest  time.Time `json:"newest"`
	Bytes   int64     `json:"bytes"`   // on disk, keys included
	Dropped uint64    `json:"dropped"` // events since the start: no room in the queue
	Failed  uint64    `json:"failed"`  // events since the start: could not be written
}

// Lost returns how many events were lost since the start. It is cheap, unlike Stats.
func (l *Log) Lost() (dropped, failed uint64) { return l.dropped.Load(), l.failed.Load() }

// Waiting returns how many events wait to be written.
func (l *Log) Waiting() int { return len(l.queue) }

// Stats counts every row, which reads every file.
func (l *Log) Stats() (s Stats, err error) {
	l.Flush()
	l.mu.Lock()
	defer l.mu.Unlock()
	s.Dropped, s.Failed = l.Lost()
	s.Holds = len(l.holds)
	entries, err := os.ReadDir(l.dir.Path("."))
	if err != nil {
		return s, err
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			return s, err
		}
		s.Bytes += info.Size()
		name := entry.Name()
		held := strings.HasPrefix(name, heldPrefix)
		_, is := dayNamed(name, rowsSuffix)
		if !held && !is {
			continue
		}
		if is {
			s.Days++
		}
		err = readRows(l.dir.Path(name), func(_ []byte, r *row) error {
			switch {
			case r == nil:
			case held:
				s.Held++
			default:
				s.Rows++
				if s.Oldest.IsZero() || r.At.Before(s.Oldest) {
					s.Oldest = r.At
				}
				if r.At.After(s.Newest) {
					s.Newest = r.At
				}
			}
			return nil
		})
		if err != nil {
			return s, err
		}
	}
	return s, nil
}
