package disclosure_test

import (
	"os"
	"testing"

	"github.com/joingyd/joingyd/disclosure"
)

// What either register has is there, the later of what both have, and what the backup's
// figures lack is counted again.
func TestMerge(t *testing.T) {
	there, backup := t.TempDir(), t.TempDir()
	fine := func(disclosure.Entry) error { return nil }
	in := func(dir string, do func(*disclosure.Register)) {
		t.Helper()
		r, err := disclosure.OpenRegister(dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		do(r)
	}
	begin := func(session string) func(*disclosure.Register) {
		return func(r *disclosure.Register) {
			if _, err := r.Begin(&disclosure.Ask{Session: session}, nil, "root", fine); err != nil {
				t.Fatal(err)
			}
		}
	}
	in(backup, begin("both"))
	if err := os.CopyFS(there, os.DirFS(backup)); err != nil {
		t.Fatal(err)
	}
	in(backup, begin("theirs"))
	in(there, begin("ours"))
	in(there, func(r *disclosure.Register) {
		id := r.List()[0].ID
		if _, err := r.Made(id, "root", "digest", fine); err != nil {
			t.Fatal(err)
		}
		if err := r.Counted(id); err != nil {
			t.Fatal(err)
		}
	})
	if err := disclosure.Merge(there, backup); err != nil {
		t.Fatal(err)
	}
	in(there, func(r *disclosure.Register) {
		states := make(map[string]disclosure.State)
		for _, e := range r.List() {
			states[e.Session] = e.State
		}
		if len(states) != 3 || states["both"] != disclosure.Made || states["ours"] != disclosure.Asked || states["theirs"] != disclosure.Asked || len(r.Uncounted()) != 1 {
			t.Errorf("%+v", r.List())
		}
	})
}
