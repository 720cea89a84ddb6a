package ban

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"time"

	"go.etcd.io/bbolt"
)

// walkChunk is how many records are read in one transaction. An open one keeps
// the file from growing past its mapping, and its pages from being used again.
const walkChunk = 4096

// view is a read transaction.
func (s *Store) view(f func(*bbolt.Tx) error) error {
	err := guarded(func() error { return s.db.View(f) })
	if errors.Is(err, ErrCorrupt) {
		return fmt.Errorf("%s: %w", s.path, err)
	}
	return err
}

// direction is a way through a bucket.
type direction struct {
	from func(*bbolt.Cursor, []byte) (key, value []byte) // a key that may be gone; nil: from the start
	next func(*bbolt.Cursor) (key, value []byte)
}

var (
	forwards  = direction{(*bbolt.Cursor).Seek, (*bbolt.Cursor).Next}
	backwards = direction{seekBack, (*bbolt.Cursor).Prev}
)

// seekBack moves to a key, or to the one before where it was.
func seekBack(c *bbolt.Cursor, at []byte) (key, value []byte) {
	if at == nil {
		return c.Last()
	}
	switch key, value = c.Seek(at); {
	case key == nil:
		return c.Last()
	case !bytes.Equal(key, at):
		return c.Prev()
	}
	return key, value
}

// each returns what decode makes of every record of a bucket, in the order of its
// keys. While the caller has one no transaction is open, so that a list which goes
// to a slow reader holds up no change. An error ends it.
func each[T any](s *Store, name []byte, way direction, decode func(key, value []byte) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var (
			chunk []T
			next  []byte
		)
		for done := false; !done; {
			chunk = chunk[:0]
			err := s.view(func(tx *bbolt.Tx) error {
				cursor := tx.Bucket(name).Cursor()
				k, v := way.from(cursor, next)
				for ; k != nil && len(chunk) < walkChunk; k, v = way.next(cursor) {
					one, err := decode(k, v)
					if err != nil {
						return err
					}
					chunk = append(chunk, one)
				}
				next, done = bytes.Clone(k), k == nil
				return nil
			})
			for _, one := range chunk {
				if !yield(one, nil) {
					return
				}
			}
			if err != nil {
				var none T
				yield(none, err)
				return
			}
		}
	}
}

// Active returns the active bans, the oldest first. It reads the file; an error
// ends it. What changes meanwhile may be seen or not, and waits for nobody.
func (s *Store) Active() iter.Seq2[Ban, error] { return s.actives(forwards) }

// Latest returns the active bans as Active does, the newest first.
func (s *Store) Latest() iter.Seq2[Ban, error] { return s.actives(backwards) }

func (s *Store) actives(way direction) iter.Seq2[Ban, error] {
	return func(yield func(Ban, error) bool) {
		now := s.now()
		for b, err := range each(s, activeBucket, way, decodeActive) {
			if (err != nil || b.activeAt(now)) && !yield(b, err) {
				return
			}
		}
	}
}

func decodeActive(key, value []byte) (Ban, error) {
	r, err := decodeRecord(key, value)
	if err != nil {
		return Ban{}, fmt.Errorf("%w: record %x: %v", ErrCorrupt, key, err)
	}
	return r.Ban, nil
}

// Ended returns the bans that have ended, the oldest end first, as Active does.
// An expired ban gets here with the next Sweep.
func (s *Store) Ended() iter.Seq2[Ended, error] {
	return each(s, historyBucket, forwards, func(key, value []byte) (Ended, error) {
		e, err := decodeEnded(key, value)
		if err != nil {
			return Ended{}, fmt.Errorf("%w: history record %x: %v", ErrCorrupt, key, err)
		}
		return e, nil
	})
}

// Get returns the active ban with this ID.
func (s *Store) Get(id ID) (b Ban, found bool, err error) {
	err = s.view(func(tx *bbolt.Tx) error {
		value := tx.Bucket(activeBucket).Get(id.key())
		if value == nil {
			return nil
		}
		r, err := decodeRecord(id.key(), value)
		if err != nil {
			return fmt.Errorf("%w: ban %s: %v", ErrCorrupt, id, err)
		}
		b, found = r.Ban, r.activeAt(s.now())
		return nil
	})
	return b, found, err
}

// Matches returns every active ban on addr, of any scope and whatever the
// allowlist says, the one that lasts longest first.
func (s *Store) Matches(addr netip.Addr) ([]Ban, error) {
	if addr = plain(addr); !addr.IsValid() {
		return nil, nil
	}
	var ids []ID
	s.mu.RLock()
	s.idx.each(addr, UseRelay, func(e entry, _ int) { ids = append(ids, e.id) })
	s.mu.RUnlock()
	var bans []Ban
	for _, id := range ids {
		b, found, err := s.Get(id)
		if err != nil {
			return nil, err
		}
		if found {
			bans = append(bans, b)
		}
	}
	sortByEnd(bans)
	return bans, nil
}

// Len returns how many bans are active.
func (s *Store) Len() int {
	s.mu.RLock()
	n := s.idx.total
	s.mu.RUnlock()
	over, err := s.overdue()
	if err != nil {
		return n
	}
	return max(0, n-over)
}

// overdue counts the bans that have expired and were not swept yet.
func (s *Store) overdue() (n int, err error) {
	now := s.now()
	err = s.view(func(tx *bbolt.Tx) error {
		cursor := tx.Bucket(endsBucket).Cursor()
		for k, _ := cursor.First(); k != nil && endsBy(k, now); k, _ = cursor.Next() {
			n++
		}
		return nil
	})
	return n, err
}

func sortByEnd(bans []Ban) {
	slices.SortFunc(bans, func(a, b Ban) int {
		return cmp.Or(compareEnds(b.Until, a.Until), cmp.Compare(a.ID, b.ID))
	})
}

// compareEnds puts a permanent ban's end, which is zero, after all others.
func compareEnds(a, b time.Time) int {
	switch {
	case a.IsZero() && b.IsZero():
		return 0
	case a.IsZero():
		return 1
	case b.IsZero():
		return -1
	}
	return a.Compare(b)
}
