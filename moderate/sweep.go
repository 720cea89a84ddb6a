package moderate

import (
	"encoding/json"
	"errors"
	"time"
)

// Sweep lets cases expire that nobody judged in time, forgets cases and reporters that
// were kept for long enough, and puts on disk what was tallied. It changes a few hundred at
// a time: call it again and again.
func (s *Store) Sweep() error {
	var gone []string // whose evidence is to be deleted
	err := s.update(func(c *change) error {
		gone = nil
		if err := s.flush(c); err != nil {
			return err
		}
		if err := s.expire(c, &gone); err != nil {
			return err
		}
		return s.forget(c)
	})
	for _, id := range gone {
		err = errors.Join(err, s.opts.Evidence.Delete(id))
	}
	return err
}

// sweepBatch is how many are changed in one transaction.
const sweepBatch = 500

func (s *Store) expire(c *change, gone *[]string) error {
	for _, id := range s.overdue(c.now) {
		k, err := c.find(id)
		if err != nil {
			return err
		}
		k.State, k.Claim = StateExpired, nil
		*gone = append(*gone, k.ID)
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

// forget deletes what was kept for long enough.
func (s *Store) forget(c *change) error {
	cases, reports, reporters, receipts := c.tx.Bucket(caseBucket), c.tx.Bucket(reportBucket), c.tx.Bucket(reporterBucket), c.tx.Bucket(receiptBucket)
	var old []*Case
	err := cases.ForEach(func(_, value []byte) error {
		k, err := decodeCase(value)
		if err != nil {
			return err
		}
		if !k.undecided() && c.now.Sub(k.Changed) >= s.opts.KeepFor && len(old) < sweepBatch {
			old = append(old, k)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, k := range old {
		for _, r := range k.Reports {
			if err := reports.Delete([]byte(r.ID)); err != nil {
				return err
			}
		}
		for _, digest := range k.Receipts {
			if err := receipts.Delete([]byte(digest)); err != nil {
				return err
			}
		}
		if err := cases.Delete([]byte(k.ID)); err != nil {
			return err
		}
		c.gone = append(c.gone, k)
	}
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
	for _, pseudonym := range silent {
		if err := reporters.Delete(pseudonym); err != nil {
			return err
		}
	}
	return nil
}
