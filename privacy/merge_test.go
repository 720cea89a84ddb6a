package privacy_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/privacy"
)

// What either has is there, and of a request that both have the later one.
func TestMerge(t *testing.T) {
	there, backup := t.TempDir(), t.TempDir()
	add := func(dir string) string {
		t.Helper()
		s := open(t, dir, privacy.Options{})
		defer s.Close()
		r, err := s.Add(privacy.Request{Kind: privacy.Access, By: privacy.Visitor})
		if err != nil {
			t.Fatal(err)
		}
		return r.ID
	}
	both := add(backup)
	if err := os.CopyFS(there, os.DirFS(backup)); err != nil {
		t.Fatal(err)
	}
	s := open(t, there, privacy.Options{})
	if _, err := s.End(both, privacy.StateDone, "root", "two visits"); err != nil {
		t.Fatal(err)
	}
	s.Close()
	ours, theirs := add(there), add(backup)
	if _, err := privacy.Merge(there, backup, time.Now()); err != nil {
		t.Fatal(err)
	}
	s = open(t, there, privacy.Options{})
	defer s.Close()
	for id, want := range map[string]privacy.State{both: privacy.StateDone, ours: privacy.StateOpen, theirs: privacy.StateOpen} {
		if r, err := s.Get(id); err != nil || r.State != want {
			t.Errorf("%s: %+v, %v, want %s", id, r, err, want)
		}
	}
	add(backup)
	if _, err := privacy.Merge(there, backup, time.Now()); err == nil {
		t.Error("a store that somebody has open is changed")
	}
	if err := os.WriteFile(filepath.Join(backup, theirs+".json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := privacy.Merge(filepath.Join(t.TempDir(), "new"), backup, time.Now()); err == nil || !strings.Contains(err.Error(), theirs) {
		t.Errorf("a damaged request: %v", err)
	}
}

// What was erased after the backup is erased again, as long as it is known of whom it was.
func TestMergeErasures(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	o := privacy.Options{Now: func() time.Time { return now }}
	subject := privacy.Subject{Session: "s", Pseudonyms: []string{"1:address:a"}}
	dir, backup := t.TempDir(), t.TempDir()
	s := open(t, dir, o)
	ask := func() string {
		t.Helper()
		r, err := s.Add(privacy.Request{Kind: privacy.Erase, By: privacy.Visitor, Subject: subject, Contact: "ann"})
		if err != nil {
			t.Fatal(err)
		}
		return r.ID
	}
	end := func(id string, as privacy.State) {
		t.Helper()
		if _, err := s.End(id, as, "root", "gone"); err != nil {
			t.Fatal(err)
		}
	}
	before, asked := ask(), ask()
	end(before, privacy.StateDone)
	now = now.Add(30 * 24 * time.Hour)
	if err := os.CopyFS(backup, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	made := now
	now = now.Add(24 * time.Hour)
	since, refused := ask(), ask()
	end(asked, privacy.StateDone)
	end(since, privacy.StateDone)
	end(refused, privacy.StateRefused)
	if r, err := s.Get(since); err != nil || r.Contact != "" || r.Subject.Session != "" || r.Erased.Session != "s" {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := s.Get(refused); err != nil || r.Erased.Session != "" {
		t.Errorf("of whom a refused request was is kept: %+v, %v", r, err)
	}
	s.Close()
	for _, tt := range []struct {
		name        string
		after       time.Duration
		again, lost []string
	}{
		{"soon", time.Hour, []string{asked, since}, nil},
		{"when the answers are gone", 91 * 24 * time.Hour, []string{asked}, []string{since}},
	} {
		copied := t.TempDir()
		if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		later := privacy.Options{Now: func() time.Time { return now.Add(tt.after) }}
		s := open(t, copied, later)
		if _, err := s.Sweep(); err != nil {
			t.Fatal(err)
		}
		s.Close()
		m, err := privacy.Merge(copied, backup, made)
		slices.Sort(tt.again)
		if err != nil || !slices.Equal(m.Again, tt.again) || !slices.Equal(m.Lost, tt.lost) {
			t.Errorf("%s: %+v, %v, want %v and %v", tt.name, m, err, tt.again, tt.lost)
		}
		s = open(t, copied, later)
		defer s.Close()
		pending := s.Pending()
		if len(pending) != len(tt.again) || pending[0].State != privacy.StateErasing || pending[0].Subject.Session != "s" {
			t.Errorf("%s: %+v", tt.name, pending)
		}
	}
}
