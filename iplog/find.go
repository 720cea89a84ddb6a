package iplog

import (
	"errors"
	"io/fs"
	"net/netip"
	"slices"
	"time"
)

// Query asks for the rows of an address (IPv6: its /64) or of a session, of which one is
// set. From and To bound them, to the minute; zero is no bound.
type Query struct {
	Address  netip.Addr
	Session  string
	From, To time.Time
}

var errQuery = errors.New("iplog: name an address or a session, and one of them")

func (q Query) validate() error {
	if q.Address.IsValid() == (q.Session != "") {
		return errQuery
	}
	return nil
}

// within reports whether a row is in the bounds.
func (q Query) within(at time.Time) bool {
	return (q.From.IsZero() || !at.Before(q.From.Truncate(time.Minute))) && (q.To.IsZero() || !at.After(q.To))
}

// Row is a row that was found.
type Row struct {
	At     time.Time // cut to the minute
	Sealed []byte
	Held   string // by which hold, if its day is over
}

// Find returns the rows of a query, the oldest first, those that only a hold keeps among
// them.
// What waits in the queue is written first.
func (l *Log) Find(q Query) (list []Row, err error) {
	if err := q.validate(); err != nil {
		return nil, err
	}
	l.Flush()
	l.mu.Lock()
	defer l.mu.Unlock()
	days, err := l.days()
	if err != nil {
		return nil, err
	}
	for _, d := range days {
		if !q.From.IsZero() && d < dayOf(q.From) || !q.To.IsZero() && d > dayOf(q.To) {
			continue
		}
		err := l.eachLocked(d, q, func(_ []byte, r *row) error {
			if q.within(r.At) {
				list = append(list, Row{At: r.At, Sealed: r.Sealed})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	held, err := l.heldLocked(q)
	if err != nil {
		return nil, err
	}
	there := make(map[string]bool, len(list))
	for _, r := range list {
		there[string(r.Sealed)] = true
	}
	for _, r := range held { // those whose day is over; the others are there already
		if !there[string(r.Sealed)] {
			list = append(list, r)
		}
	}
	slices.SortStableFunc(list, func(a, b Row) int { return a.At.Compare(b.At) })
	return list, nil
}

// eachLocked calls f with the rows of a day that a query asks for, whenever they were.
func (l *Log) eachLocked(d day, q Query, f func(line []byte, r *row) error) error {
	k, err := l.readKey(d)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	t := k.of(q)
	return readRows(l.dir.Path(d.rows()), func(line []byte, r *row) error {
		if r == nil || !r.has(t) {
			return nil
		}
		return f(line, r)
	})
}
