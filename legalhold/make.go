package legalhold

import (
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Make holds all that there is about a subject until a time. When it returns nil it is
// held; after an error nothing is, unless the error says that the hold is incomplete.
// record is called before anything is held, and what it refuses is not.
func (r *Register) Make(s Subject, until time.Time, reference, by string, record func(Hold) error) (Hold, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.list) >= mostHolds {
		return Hold{}, ErrMany
	}
	if slices.ContainsFunc(r.list, func(h Hold) bool { return h.Incomplete }) {
		return Hold{}, ErrBusy // Complete could not tell whose rows are whose
	}
	if r.rows == nil {
		if about, err := r.cases.About(s); err != nil || len(about) == 0 {
			return Hold{}, errors.Join(err, map[bool]error{true: ErrNothing}[err == nil])
		}
	}
	h := Hold{
		ID: newID(), Session: s.Session, Pseudonyms: slices.Clone(s.Pseudonyms), Until: until.UTC().Truncate(time.Second),
		Reference: reference, By: by, Made: r.now().UTC(), NoRows: r.rows == nil, Incomplete: true,
	}
	if err := record(h); err != nil {
		return Hold{}, err
	}
	if err := r.putLocked(h); err != nil {
		return Hold{}, fmt.Errorf("nothing is held: %w", err)
	}
	err := r.holdLocked(&h, s)
	if err == nil {
		return h, nil
	}
	if undone := r.undoLocked(h); undone != nil {
		return h, fmt.Errorf("hold %s is incomplete, and the next start of the daemon completes it: %w", h.ID, errors.Join(err, undone))
	}
	return Hold{}, fmt.Errorf("nothing is held: %w", err)
}

// holdLocked holds the rows, if they are not yet, and the cases, and says so in the file.
func (r *Register) holdLocked(h *Hold, s Subject) (err error) {
	if r.rows != nil && h.Rows == "" {
		if h.Rows, err = r.rows.Hold(s, h.Until); err != nil {
			return fmt.Errorf("the IP log: %w", err)
		}
	}
	ids, err := r.cases.About(s)
	if err != nil {
		return fmt.Errorf("the cases: %w", err)
	}
	for _, id := range ids {
		if err := r.caseLocked(h, id); err != nil {
			return err
		}
	}
	h.Incomplete = false
	if err := r.putLocked(*h); err != nil {
		h.Incomplete = true
		return err
	}
	return nil
}

// caseLocked holds one case, and notes so in h.
func (r *Register) caseLocked(h *Hold, id string) error {
	before, ok, err := r.cases.Hold(id, h.Until, h.By, h.reason())
	if err != nil {
		return fmt.Errorf("case %s: %w", id, err)
	}
	if !ok || slices.Contains(h.Cases, id) {
		return nil
	}
	h.Cases = append(slices.Clone(h.Cases), id)
	// One that is held for this very reason a process held that was killed then: why it
	// was held before nobody knows any more, so it stays held.
	if before == h.reason() || before != "" && r.othersLocked(before, id) {
		h.Before = append(slices.Clone(h.Before), id)
	}
	return nil
}

// othersLocked reports whether a case is held for a reason that no number of the register
// ends.
func (r *Register) othersLocked(reason, caseID string) bool {
	for _, h := range r.list {
		if reason == h.reason() {
			return slices.Contains(h.Before, caseID)
		}
	}
	return true
}

// undoLocked takes back what holdLocked did before it failed.
func (r *Register) undoLocked(h Hold) error {
	if err := r.endLocked(h); err != nil {
		return err
	}
	return r.dropLocked(h.ID)
}

// endLocked lets go of what no other hold wants.
func (r *Register) endLocked(h Hold) error {
	for _, id := range h.Cases {
		wanted := slices.ContainsFunc(r.list, func(o Hold) bool { return o.ID != h.ID && slices.Contains(o.Cases, id) })
		if wanted || slices.Contains(h.Before, id) {
			continue
		}
		if err := r.cases.Release(id); err != nil {
			return fmt.Errorf("case %s: %w", id, err)
		}
	}
	if r.rows != nil && h.Rows != "" {
		return r.rows.Release(h.Rows)
	}
	return nil
}

// Filed holds a case that was just filed, or came to be about somebody else too, if a hold
// is about any of them.
func (r *Register) Filed(id, session string, suspects []string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	for _, h := range slices.Clone(r.list) {
		if h.Incomplete || h.Ending || slices.Contains(h.Cases, id) || !now.Before(h.Until) || !h.about(session, suspects) {
			continue
		}
		if err := r.caseLocked(&h, id); err != nil {
			return err
		}
		if err := r.putLocked(h); err != nil {
			return err
		}
	}
	return nil
}

// Release ends a hold: what it alone kept goes as if it had never been held. kept is how
// many cases stay held for another reason.
func (r *Register) Release(id string, record func(Hold) error) (h Hold, kept int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := r.findLocked(id)
	if at < 0 {
		return Hold{}, 0, ErrNotFound
	}
	if h = r.list[at]; h.Incomplete {
		return h, 0, ErrBusy
	}
	if err := record(h); err != nil {
		return h, 0, err
	}
	h.Ending = true
	if err := r.putLocked(h); err != nil {
		return h, 0, err
	}
	if err := r.undoLocked(h); err != nil {
		return h, 0, fmt.Errorf("hold %s ends, and the next start of the daemon completes that: %w", id, err)
	}
	return h, len(h.Before), nil
}

// newID returns 8 characters, as ids of cases and bans have.
func newID() string {
	var raw [5]byte
	rand.Read(raw[:])
	return strings.ToLower(base32.StdEncoding.EncodeToString(raw[:]))
}
