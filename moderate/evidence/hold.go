package evidence

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"
)

// HeldError is the error of Delete for a case on hold.
type HeldError struct {
	Case  string
	Until time.Time // zero has no end
}

// Error says until when.
func (e *HeldError) Error() string {
	until := "until it is released"
	if !e.Until.IsZero() {
		until = "until " + e.Until.Format(time.RFC3339)
	}
	return fmt.Sprintf("evidence: case %s is on hold %s; release the hold first", e.Case, until)
}

// hold is what a file beside a case's holds says.
type hold struct {
	Until time.Time `json:"until"`
}

// Hold keeps the files of a case, those that there are and those to come, from
// being deleted until a time in the future. A hold is only ever made longer;
// Release ends it early.
func (s *Store) Hold(caseName string, until time.Time) error {
	if err := checkCase(caseName); err != nil {
		return err
	}
	until = until.UTC().Truncate(time.Second)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if !until.After(now) {
		return fmt.Errorf("evidence: the hold of case %s would have ended %s; give a time in the future", caseName, until.Format(time.RFC3339))
	}
	if present, held := s.heldLocked(caseName, now); held && (present.IsZero() || !until.After(present)) {
		return nil
	}
	text, err := json.Marshal(hold{until})
	if err != nil {
		return fmt.Errorf("evidence: the hold of case %s: %w", caseName, err)
	}
	if err := s.write(caseName+holdSuffix, text); err != nil {
		return fmt.Errorf("evidence: case %s is not on hold: %w; make room, or check the disk", caseName, err)
	}
	s.holds[caseName] = until
	return nil
}

// Held returns until when a case is on hold; zero has no end.
func (s *Store) Held(caseName string) (until time.Time, held bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.heldLocked(caseName, s.now())
}

func (s *Store) heldLocked(caseName string, now time.Time) (until time.Time, held bool) {
	until, held = s.holds[caseName]
	return until, held && (until.IsZero() || now.Before(until))
}

// Release ends a hold, if there is one.
func (s *Store) Release(caseName string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.holds[caseName]; !ok {
		return nil
	}
	return errors.Join(s.releaseLocked(caseName), s.dir.Sync())
}

// releaseLocked removes a hold; the directory has to be synced.
func (s *Store) releaseLocked(caseName string) error {
	if err := os.Remove(s.dir.Path(caseName + holdSuffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("evidence: case %s is still on hold: %w", caseName, err)
	}
	delete(s.holds, caseName)
	return nil
}

// readHold returns the end of a hold. One that cannot be read has none.
func (s *Store) readHold(caseName string) time.Time {
	text, err := os.ReadFile(s.dir.Path(caseName + holdSuffix))
	var h hold
	if err == nil {
		err = json.Unmarshal(text, &h)
	}
	if err != nil {
		s.log.Warn("a hold of evidence cannot be read: its case is held until it is released", "case", caseName, "error", err)
		return time.Time{}
	}
	return h.Until
}

// Holds returns the cases that have a hold, one that is over too, in the order of their
// names.
func (s *Store) Holds() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.holds))
}
