package moderate

import (
	"encoding/json"
	"errors"
	"time"
)

// Sweep lets cases expire that nobody judged in time, ends holds that are over, forgets
// cases and reporters that were kept for long enough, and puts on disk what was tallied.
// It changes a few hundred at a time: call it again and again.
func (s *Store) Sweep() error {
	var gone []string // whose evidence is to be deleted
	var done *change
	err := s.update(func(c *change) error {
		gone, done = nil, c
		if err := s.flush(c); err != nil {
			return err
		}
		if err := s.expire(c, &gone); err != nil {
			return err
		}
		if err := s.endHolds(c, &gone); err != nil {
			return err
		}
		return s.forget(c)
	})
	if err != nil {
		return err // nothing has ended, so all evidence stays
	}
	s.forgotten.Add(uint64(done.forgotten))
	for _, id := range gone {
		err = errors.Join(err, s.discard(id))
	}
	return err
}

// Forgotten returns how many cases and reporters Sweep has forgotten since the store was
// opened.
func (s *Store) Forgotten() uint64 { return s.forgotten.Load() }

// sweepBatch is how many are changed in one transaction.
const sweepBatch = 500

func (s *Store) expire(c *change, gone *[]string) error {
	for _, id := range s.overdue(c.now) {
		k, err := c.find(id)
		if err != nil {
			return err
		}
		k.State, k.Claim = StateExpired, nil
		deleted, err := s.end(c, k, "")
		if err != nil {
			return err
		}
		if deleted {
			*gone = append(*gone, k.ID)
		} else if err := s.note(k.ID, k.Hold.Until); err != nil {
			return err
		}
		if err := c.count(func(t *Totals) { t.expired(k.Kind) }); err != nil {
			return err
		}
		if err := c.put(k); err != nil {
			return err
		}
	}
	return nil
}

// overdue returns cases that waited for long enough.
func (s *Store) overdue(now time.Time) (ids []string) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for id, k := range s.waiting {
		if now.Sub(k.Opened) >= s.opts.WaitFor && len(ids) < sweepBatch {
			ids = append(ids, id)
		}
	}
	return ids
}

// endHolds ends the holds that are over. The evidence of a case that has ended goes.
func (s *Store) endHolds(c *change, gone *[]string) error {
	for _, id := range s.over(c.now) {
		k, err := c.find(id)
		if err != nil {
			return err
		}
		if err := s.note(k.ID, time.Time{}); err != nil {
			return err
		}
		k.Hold = nil
		if !k.undecided() {
			*gone = append(*gone, k.ID)
		}
		if err := c.write(k); err != nil {
			return err
		}
	}
	return nil
}

// over returns cases whose hold is over.
func (s *Store) over(now time.Time) (ids []string) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for id, k := range s.held {
		if !now.Before(k.Hold.Until) && len(ids) < sweepBatch {
			ids = append(ids, id)
		}
	}
	return ids
}

// note has it written down what ends by itself.
func (s *Store) note(id string, heldUntil time.Time) error {
	if s.opts.Ended == nil {
		return nil
	}
	return s.opts.Ended(id, heldUntil)
}

// forget deletes what was kept for long enough.
func (s *Store) forget(c *change) error {
	cases, reporters := c.tx.Bucket(caseBucket), c.tx.Bucket(reporterBucket)
	var old []*Case
	err := cases.ForEach(func(_, value []byte) error {
		k, err := decodeCase(value)
		if err != nil {
			return err
		}
		if !k.undecided() && k.Hold == nil && c.now.Sub(k.Changed) >= s.opts.KeepFor && len(old) < sweepBatch {
			old = append(old, k)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, k := range old {
		if err := c.remove(k); err != nil {
			return err
		}
	}
	c.forgotten += len(old)
	var silent [][]byte
	err = reporters.ForEach(func(pseudonym, value []byte) error {
		var r reporter
		if err := json.Unmarshal(value, &r); err != nil {
			return err
		}
		if c.now.Sub(r.Last) >= s.opts.KeepFor && len(silent) < sweepBatch {
			silent = append(silent, pseudonym)
		}
		return nil
	})
	if err != nil {
		return err
	}
	c.forgotten += len(silent)
	for _, pseudonym := range silent {
		if err := reporters.Delete(pseudonym); err != nil {
			return err
		}
	}
	return nil
}
