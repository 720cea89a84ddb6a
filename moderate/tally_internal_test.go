package moderate

import (
	"errors"
	"path/filepath"
	"testing"
)

// What a transaction could not put on disk is tallied still, and counts once when one can.
func TestTallySurvivesAFailure(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "moderation.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.Tally(func(m *Totals) { m.Unbanned++ })
	full := errors.New("the disk is full")
	err = s.update(func(c *change) error {
		if err := s.flush(c); err != nil {
			return err
		}
		s.Tally(func(m *Totals) { m.Unbanned++ }) // meanwhile
		return full
	})
	if !errors.Is(err, full) || !s.tallied() {
		t.Errorf("%v; tallied: %v", err, s.tallied())
	}
	for range 2 {
		if months, err := s.Totals(); err != nil || len(months) != 1 || months[0].Unbanned != 2 {
			t.Errorf("%+v, %v", months, err)
		}
		if err := s.Sweep(); err != nil || s.tallied() {
			t.Errorf("%v; tallied: %v", err, s.tallied())
		}
	}
}
