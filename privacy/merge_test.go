package privacy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

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
	if err := privacy.Merge(there, backup); err != nil {
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
	if err := privacy.Merge(there, backup); err == nil {
		t.Error("a store that somebody has open is changed")
	}
	if err := os.WriteFile(filepath.Join(backup, theirs+".json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := privacy.Merge(filepath.Join(t.TempDir(), "new"), backup); err == nil || !strings.Contains(err.Error(), theirs) {
		t.Errorf("a damaged request: %v", err)
	}
}
