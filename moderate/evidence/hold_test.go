package evidence_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/moderate/evidence"
)

func TestAHoldKeepsACase(t *testing.T) {
	dir, m, c := t.TempDir(), newModerator(t, false), &clock{start}
	s := open(t, dir, evidence.Options{Now: c.now}, m)
	seal(t, s, "a")
	until := start.AddDate(1, 0, 0).Truncate(time.Second)
	if err := s.Hold("a", until); err != nil {
		t.Fatal(err)
	}
	if err := s.Hold("a", start.Add(time.Hour)); err != nil { // shorter: the longer one stays
		t.Fatal(err)
	}
	seal(t, s, "a")
	for range 2 { // also after it was opened again
		held := (*evidence.HeldError)(nil)
		if err := s.Delete("a"); !errors.As(err, &held) || held.Case != "a" || !held.Until.Equal(until) || !strings.Contains(err.Error(), "2027-11-29T07:43:44Z") {
			t.Errorf("Delete says %v", err)
		}
		if n, err := s.Sweep(c.Time, func(string) bool { return false }); n != 0 || err != nil {
			t.Errorf("swept %d, %v", n, err)
		}
		if got, ok := s.Held("a"); !ok || !got.Equal(until) || len(s.List("a")) != 2 || s.Stats().Held != 1 {
			t.Errorf("%v, %v, %v", got, ok, s.List("a"))
		}
		s.Close()
		s = open(t, dir, evidence.Options{Now: c.now}, m)
	}
	c.Time = until
	if _, ok := s.Held("a"); ok || s.Stats().Held != 0 {
		t.Error("the hold did not end")
	}
	if err := s.Delete("a"); err != nil || names(t, dir) != nil {
		t.Errorf("%v, there are %q", err, names(t, dir))
	}
}

func TestAHoldIsReleased(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, evidence.Options{Now: (&clock{start}).now}, newModerator(t, false))
	if err := s.Hold("a", start.Add(time.Hour)); err != nil { // before there is a file
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Release("a"); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok := s.Held("a"); ok || names(t, dir) != nil {
		t.Errorf("there are %q", names(t, dir))
	}
	for name, until := range map[string]time.Time{"a": start, "b": {}, "../c": start.Add(time.Hour)} {
		if err := s.Hold(name, until); err == nil {
			t.Errorf("held %s until %v", name, until)
		}
	}
}

// What cannot be read may say that the case is to be kept.
func TestADamagedHoldHasNoEnd(t *testing.T) {
	dir, m := t.TempDir(), newModerator(t, false)
	s := open(t, dir, evidence.Options{}, m)
	seal(t, s, "a")
	s.Close()
	for _, content := range []string{"", "{", "{}", `{"until":"never"}`} {
		if err := os.WriteFile(filepath.Join(dir, "a.hold"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		var log strings.Builder
		s := open(t, dir, evidence.Options{Log: slog.New(slog.NewTextHandler(&log, nil))}, m)
		held := (*evidence.HeldError)(nil)
		if err := s.Delete("a"); !errors.As(err, &held) || !held.Until.IsZero() || !strings.Contains(err.Error(), "until it is released") {
			t.Errorf("%q: %v", content, err)
		}
		if strings.Contains(log.String(), "case=a") != (content != "{}") {
			t.Errorf("%q: logged %q", content, log.String())
		}
		s.Close()
	}
	s = open(t, dir, evidence.Options{}, m)
	if err := errors.Join(s.Release("a"), s.Delete("a")); err != nil || s.Stats().Files != 0 {
		t.Errorf("%v, %+v", err, s.Stats())
	}
}

func TestSweepRemovesWhatIsNotKept(t *testing.T) {
	dir, c := t.TempDir(), &clock{start}
	s := open(t, dir, evidence.Options{Now: c.now}, newModerator(t, false))
	for _, name := range []string{"keep", "old", "old", "held", "over"} {
		seal(t, s, name)
	}
	for name, hours := range map[string]time.Duration{"held": 3, "over": 1, "empty": 1} {
		if err := s.Hold(name, start.Add(hours*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	var asked []string
	removed, err := s.Sweep(start.Add(2*time.Hour), func(name string) bool {
		asked = append(asked, name)
		seal(t, s, "old") // meanwhile
		return name == "keep"
	})
	if want := []string{"empty", "held", "keep", "old", "over"}; removed != 3 || err != nil || !slices.Equal(asked, want) {
		t.Errorf("removed %d, %v, asked for %q", removed, err, asked)
	}
	if len(s.List("keep")) != 1 || len(s.List("held")) != 1 || len(s.List("old")) != 5 || len(s.List("over")) != 0 {
		t.Errorf("left are %q", names(t, dir))
	}
	if holds, _ := filepath.Glob(filepath.Join(dir, "*.hold")); len(holds) != 1 {
		t.Errorf("holds are %q", holds)
	}
}
