package moderate

import (
	"fmt"
	"slices"
	"time"

	"go.etcd.io/bbolt"
)

// Waiting returns how many cases wait for a person.
func (s *Store) Waiting() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.waiting)
}

// Undecided reports whether a case waits for a person.
func (s *Store) Undecided(id string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.waiting[id] != nil
}

// Queue returns the cases that wait for a person, the gravest first and of those the
// oldest; at most limit, 0 for all.
func (s *Store) Queue(limit int) []*Case {
	s.mu.RLock()
	defer s.mu.RUnlock()
	list := make([]*Case, 0, len(s.waiting))
	for _, k := range s.waiting {
		list = append(list, k)
	}
	slices.SortFunc(list, before)
	if limit > 0 && len(list) > limit {
		list = list[:limit]
	}
	for i, k := range list {
		list[i] = k.clone()
	}
	return list
}

// Get returns a case, by its id or that of one of its reports.
func (s *Store) Get(id string) (k *Case, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		k, err = findCase(tx, id)
		return err
	})
	return k, err
}

// Receipted returns the case that a receipt is of. The error is ErrNotFound if there is
// none, any more.
func (s *Store) Receipted(r Receipt) (k *Case, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		id := tx.Bucket(receiptBucket).Get([]byte(r.Digest()))
		if id == nil {
			return ErrNotFound
		}
		k, err = findCase(tx, string(id))
		return err
	})
	return k, err
}

// ErrHeld refuses a case that somebody else looks at.
type ErrHeld struct{ Claim }

func (e ErrHeld) Error() string {
	return fmt.Sprintf("%s looks at it until %s", e.By, e.Until.Format(time.TimeOnly))
}

// Claim gives a case to one person for a while; who has it already has it for longer.
// An empty id stands for the next of the queue that nobody has: the error is
// ErrNotFound if there is none.
func (s *Store) Claim(id, by string) (k *Case, err error) {
	err = s.update(func(c *change) error {
		if id == "" {
			if id = s.nextFor(by, c.now); id == "" {
				return ErrNotFound
			}
		}
		if k, err = c.find(id); err != nil {
			return err
		}
		if err := k.mayJudge(by, c.now); err != nil {
			return err
		}
		k.Claim = &Claim{By: by, Until: c.now.Add(s.opts.ClaimFor)}
		return c.put(k)
	})
	return k, err
}

// Release gives a case back.
func (s *Store) Release(id, by string) error {
	return s.update(func(c *change) error {
		k, err := c.find(id)
		if err != nil || k.Claim == nil || k.Claim.By != by {
			return err
		}
		k.Claim = nil
		return c.put(k)
	})
}

// nextFor returns the next case that by may judge.
func (s *Store) nextFor(by string, now time.Time) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var next *Case
	for _, k := range s.waiting {
		if k.mayJudge(by, now) == nil && (next == nil || before(k, next) < 0) {
			next = k
		}
	}
	if next == nil {
		return ""
	}
	return next.ID
}

// Risk says how much is held against any of the addresses with these pseudonyms, by
// cases that nobody has judged yet: 0, nothing, to 1.
func (s *Store) Risk(suspects []string) (risk float64) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, suspect := range suspects {
		for _, id := range s.suspects[suspect] {
			k := s.waiting[id]
			risk = max(risk, k.Score/several, float64(k.Gravity)/float64(Urgent)*min(1, k.Score))
		}
	}
	return min(1, risk)
}
