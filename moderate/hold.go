package moderate

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"go.etcd.io/bbolt"
)

// Hold keeps a case and its evidence until a time, whatever becomes of the case.
type Hold struct {
	Until  time.Time `json:"until"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}

// ByRule is who holds a case because of what it is about, and not because a person said so.
const ByRule = "auto:minor"

// ruleReason is why the rule holds a case.
const ruleReason = "somebody under 18 may be concerned"

// LongestHold bounds a hold by a person, from now.
const LongestHold = 10 * 365 * day

// Errors of holds.
var (
	ErrLonger  = errors.New("the case is held for longer already; release it first to hold it for less")
	ErrNotHeld = errors.New("the case is not held")
	ErrNothing = errors.New("nothing is kept of the case that could be held: its evidence was deleted when it ended")
)

// Validate says what is wrong with a hold that is to begin at a time, naming the field.
func (h *Hold) Validate(now time.Time) error {
	switch {
	case !h.Until.After(now):
		return fmt.Errorf("until: %s has passed; give a time to come", h.Until.UTC().Format(time.RFC3339))
	case h.Until.After(now.Add(LongestHold)):
		return fmt.Errorf("until: that is more than %d days away; hold the case again when it ends", LongestHold/day)
	}
	return ValidReason(h.Reason, h.By)
}

// ValidReason says what is wrong with why somebody does something, or with their name.
func ValidReason(reason, by string) error {
	switch {
	case strings.TrimSpace(reason) == "":
		return errors.New("reason: is missing; say in a few words why, such as who asked for it")
	case utf8.RuneCountInString(reason) > maxReason:
		return fmt.Errorf("reason: longer than %d characters", maxReason)
	case by == "" || len(by) > maxBy:
		return errors.New("by: is missing or too long")
	}
	return nil
}

// Hold holds a case until a time. Whoever looks at it may go on, and may decide it. The
// error is ErrLonger if it is held for longer already, and ErrNothing if it has ended
// and nothing of it is kept.
func (s *Store) Hold(id string, h Hold) (k *Case, err error) {
	err = s.update(func(c *change) error {
		if err := h.Validate(c.now); err != nil {
			return err
		}
		if k, err = c.find(id); err != nil {
			return err
		}
		switch {
		case k.Hold != nil && h.Until.Before(k.Hold.Until):
			return ErrLonger
		case k.Hold == nil && !k.undecided():
			return ErrNothing
		}
		h.At = c.now
		return s.hold(c, k, h)
	})
	return k, err
}

// hold notes a hold with the evidence first, where it is on disk when that returns: what
// fails after it leaves evidence that is kept for too long, never one that is not.
func (s *Store) hold(c *change, k *Case, h Hold) error {
	h.Until = h.Until.UTC().Truncate(time.Second)
	if err := s.opts.Evidence.Hold(k.ID, h.Until); err != nil {
		return fmt.Errorf("case %s is not held: %w", k.ID, err)
	}
	k.Hold = &h
	return c.write(k)
}

// Unhold ends a hold early. The evidence of a case that has ended is then deleted.
func (s *Store) Unhold(id string) (k *Case, err error) {
	err = s.update(func(c *change) error {
		if k, err = c.find(id); err != nil {
			return err
		}
		if k.Hold == nil {
			return ErrNotHeld
		}
		k.Hold = nil
		return c.write(k)
	})
	if err != nil {
		return nil, err
	}
	if k.undecided() {
		return k, s.opts.Evidence.Release(k.ID)
	}
	return k, s.discard(k.ID)
}

// discard deletes the evidence of a case that has ended and is not held, and with it what
// a hold has left that was never finished.
func (s *Store) discard(id string) error {
	if err := s.opts.Evidence.Release(id); err != nil {
		return err
	}
	return s.opts.Evidence.Delete(id)
}

// HoldOn returns until when a case will be held at least if it ends now as do says, zero
// if it will not be. What was said of a minor is held for Options.HoldFor and to the end of
// that day (UTC), unless a person dismissed it.
func (s *Store) HoldOn(k *Case, do Action) (until time.Time) {
	if k.Hold != nil {
		until = k.Hold.Until
	}
	if !k.OfMinor() || do == Dismiss {
		return until
	}
	ruled := s.opts.Now().UTC().Add(s.opts.HoldFor + day - 1).Truncate(day)
	if ruled.After(until) {
		return ruled
	}
	return until
}

// Freeze does for a case what a decision will want held, before that is carried out, and
// returns until when; zero if it is not held. A decision whose hold cannot be written
// down is so refused while nothing is done.
func (s *Store) Freeze(k *Case, do Action) (until time.Time, err error) {
	if until = s.HoldOn(k, do); until.IsZero() {
		return until, nil
	}
	if err := s.opts.Evidence.Hold(k.ID, until); err != nil {
		return until, fmt.Errorf("case %s is not held: %w", k.ID, err)
	}
	return until, nil
}

// end holds a case that ends now, if it is to be held, or returns that its evidence is to
// be deleted.
func (s *Store) end(c *change, k *Case, do Action) (gone bool, err error) {
	until := s.HoldOn(k, do)
	switch {
	case until.IsZero():
		return true, nil
	case k.Hold != nil && !until.After(k.Hold.Until):
		return false, s.hold(c, k, *k.Hold) // its evidence may have forgotten it
	}
	return false, s.hold(c, k, Hold{Until: until, By: ByRule, At: c.now, Reason: ruleReason})
}

// Keeps reports whether the evidence of a case is to be kept: it waits for a person, or
// is held.
func (s *Store) Keeps(id string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.waiting[id] != nil || s.held[id] != nil
}

// HeldCases returns the cases that are held, those whose hold ends first at the front; at
// most limit, 0 for all.
func (s *Store) HeldCases(limit int) []*Case {
	s.mu.RLock()
	defer s.mu.RUnlock()
	list := make([]*Case, 0, len(s.held))
	for _, k := range s.held {
		list = append(list, k)
	}
	slices.SortFunc(list, func(a, b *Case) int {
		if a.Hold.Until.Equal(b.Hold.Until) {
			return strings.Compare(a.ID, b.ID)
		}
		return a.Hold.Until.Compare(b.Hold.Until)
	})
	if limit > 0 && len(list) > limit {
		list = list[:limit]
	}
	for i, k := range list {
		list[i] = k.clone()
	}
	return list
}

// Held returns how many cases are held.
func (s *Store) Held() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.held)
}

// About returns the cases, waiting or ended, that are about a session or about any of the
// addresses with these pseudonyms, the oldest first. It reads all that are kept.
func (s *Store) About(session string, suspects []string) (list []*Case, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(caseBucket).ForEach(func(id, value []byte) error {
			var k Case
			if err := json.Unmarshal(value, &k); err != nil {
				return fmt.Errorf("case %s: %w", id, err)
			}
			if session != "" && k.Session == session || slices.ContainsFunc(k.Suspects, func(suspect string) bool { return slices.Contains(suspects, suspect) }) {
				list = append(list, &k)
			}
			return nil
		})
	})
	slices.SortFunc(list, func(a, b *Case) int { return a.Opened.Compare(b.Opened) })
	return list, err
}
