package legalhold

import (
	"slices"
	"time"
)

// Ended is what became of a hold by itself.
type Ended string

// What may become of one.
const (
	Completed Ended = "completed" // a process that was killed had begun it
	Undone    Ended = "undone"    // the same, and nobody knows the address any more
	Released  Ended = "released"  // the same of its release
	Over      Ended = "over"      // its time has passed
)

// Complete finishes what a process that was killed has begun, and tells of each.
func (r *Register) Complete(tell func(Hold, Ended) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, h := range slices.Clone(r.list) {
		if err := r.completeLocked(h, tell); err != nil {
			return err
		}
	}
	return nil
}

func (r *Register) completeLocked(h Hold, tell func(Hold, Ended) error) error {
	switch {
	case h.Ending:
		if err := r.undoLocked(h); err != nil {
			return err
		}
		return tell(h, Released)
	case !h.Incomplete:
		return nil
	case !r.now().Before(h.Until): // rows and cases end theirs by themselves
		if err := tell(h, Over); err != nil {
			return err
		}
		return r.dropLocked(h.ID)
	}
	if r.rows != nil && !h.NoRows && h.Rows == "" {
		// The log makes a hold whole or not at all, and nobody else makes any.
		h.Rows = r.strayLocked()
		if h.Rows == "" && h.Session == "" {
			if err := r.undoLocked(h); err != nil {
				return err
			}
			return tell(h, Undone)
		}
	}
	if err := r.holdLocked(&h, h.subject()); err != nil {
		return err
	}
	return tell(h, Completed)
}

// strayLocked returns a hold of the rows that has no number, if there is one.
func (r *Register) strayLocked() string {
	for _, id := range r.rows.Holds() {
		if !slices.ContainsFunc(r.list, func(h Hold) bool { return h.Rows == id }) {
			return id
		}
	}
	return ""
}

// Forget drops the holds whose time has passed: rows and cases end theirs by themselves.
func (r *Register) Forget(now time.Time, tell func(Hold, Ended) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, h := range slices.Clone(r.list) {
		if h.Incomplete || now.Before(h.Until) {
			continue
		}
		if err := tell(h, Over); err != nil {
			return err
		}
		if err := r.dropLocked(h.ID); err != nil {
			return err
		}
	}
	return nil
}
