package ban

import (
	"encoding/binary"
	"time"
)

// sweepChunk is how many records one transaction of a sweep moves or drops, so
// that a ban that is being made does not wait for a million that have ended.
const sweepChunk = 2048

// seenEvery is how often a sweep notes the time in a store that nobody changes.
const seenEvery = time.Hour

// Sweep moves expired bans to the history and drops what has been there for
// Options.HistoryFor. Nothing else does, so somebody has to call it now and then,
// such as every minute. Bans that have expired count no longer all the same.
func (s *Store) Sweep() error {
	for {
		again, dropped := false, 0
		err := s.update(func(c *change) (err error) {
			again, dropped, err = c.sweep(s.opts.HistoryFor)
			return err
		})
		if err == nil {
			s.forgotten.Add(uint64(dropped))
		}
		if err != nil || !again {
			return err
		}
	}
}

// sweep does one chunk, and reports whether there may be more and how many bans are
// forgotten.
func (c *change) sweep(historyFor time.Duration) (again bool, dropped int, err error) {
	over := c.overdue()
	for _, key := range over {
		id, _ := idOf(key[8:])
		if c.active.Get(id.key()) == nil { // the disk has made it up
			c.touch()
			if err := c.ends.Delete(key); err != nil {
				return false, 0, err
			}
			continue
		}
		if err := c.end(id, HowExpired, ""); err != nil {
			return false, 0, err
		}
	}
	dropped, err = c.dropHistory(c.now.Add(-historyFor))
	if err != nil {
		return false, 0, err
	}
	looked, err := c.dropItems()
	if err != nil {
		return false, 0, err
	}
	if c.now.Sub(c.state.seen) >= seenEvery {
		c.touch()
	}
	return len(over) == sweepChunk || dropped == sweepChunk || looked == sweepChunk, dropped, nil
}

// touch makes the change one that is written, though the index is as before.
func (c *change) touch() { c.apply = append(c.apply, func(*index) {}) }

// overdue returns the keys of the next bans that have expired.
func (c *change) overdue() (keys [][]byte) {
	cursor := c.ends.Cursor()
	for k, _ := cursor.First(); k != nil && len(keys) < sweepChunk && endsBy(k, c.now); k, _ = cursor.Next() {
		keys = append(keys, append([]byte(nil), k...))
	}
	return keys
}

func (c *change) dropHistory(before time.Time) (dropped int, err error) {
	cursor := c.history.Cursor()
	for k, _ := cursor.First(); endedBefore(k, before) && dropped < sweepChunk; k, _ = cursor.First() {
		if err := cursor.Delete(); err != nil {
			return dropped, err
		}
		dropped++
	}
	if dropped > 0 {
		c.touch()
	}
	return dropped, nil
}

// due reports whether a key that begins with a time in Unix milliseconds says one that
// has come.
func due(key []byte, now time.Time) bool {
	return len(key) > 8 && int64(binary.BigEndian.Uint64(key)) <= now.UnixMilli()
}

// endsBy reports whether the key of endsBucket is one of a ban that is over.
func endsBy(key []byte, now time.Time) bool {
	return len(key) == 8+idSize && due(key, now)
}
