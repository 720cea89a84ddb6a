package legalhold_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/joingyd/joingyd/legalhold"
)

// What either register has is on hold, and finds its cases at the next start.
func TestMerge(t *testing.T) {
	there, backup := t.TempDir(), t.TempDir()
	w := &world{cases: map[string]string{"k1": ""}, steps: -1}
	hold := func(dir, session string) legalhold.Hold {
		t.Helper()
		r, err := legalhold.Open(dir, nil, cases{w}, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		h, err := r.Make(legalhold.Subject{Session: session}, time.Now().Add(time.Hour), "26-1402", "root", func(legalhold.Hold) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	both := hold(backup, "one")
	if err := os.CopyFS(there, os.DirFS(backup)); err != nil {
		t.Fatal(err)
	}
	hold(there, "two")
	hold(backup, "three")
	if err := legalhold.Merge(there, backup); err != nil {
		t.Fatal(err)
	}
	w = &world{cases: map[string]string{"k2": ""}, steps: -1}
	r, err := legalhold.Open(there, nil, cases{w}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.Complete(func(legalhold.Hold, legalhold.Ended) error { return nil }); err != nil {
		t.Fatal(err)
	}
	sessions := make(map[string]bool)
	for _, h := range r.List() {
		sessions[h.Session] = !h.Incomplete
	}
	if len(sessions) != 3 || !sessions["one"] || !sessions["two"] || !sessions["three"] || w.cases["k2"] == "" {
		t.Errorf("%+v, held %v", r.List(), w.cases)
	}
	if h, err := r.Get(both.ID); err != nil || h.Reference != "26-1402" {
		t.Errorf("%+v, %v", h, err)
	}

	if err := legalhold.Merge(filepath.Join(t.TempDir(), "none"), t.TempDir()); err != nil {
		t.Errorf("where neither has any: %v", err)
	}
	if err := os.WriteFile(filepath.Join(backup, "holds.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := legalhold.Merge(t.TempDir(), backup); err == nil {
		t.Error("a damaged register is taken")
	}
}
