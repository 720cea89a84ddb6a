package legalhold_test

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/legalhold"
)

var (
	now    = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	until  = now.AddDate(0, 6, 0)
	addr   = legalhold.Subject{Address: netip.MustParseAddr("203.0.113.7"), Pseudonyms: []string{"1:address:a"}}
	sess   = legalhold.Subject{Session: "s"}
	errOut = errors.New("killed here")
)

const reference = "26-1402"

// world is the log and the cases. Its steps can be made to fail.
type world struct {
	rows  []string
	cases map[string]string // id → why it is held
	steps int               // until everything fails; negative: never
}

func (w *world) step() error {
	if w.steps == 0 {
		return errOut
	}
	w.steps--
	return nil
}

type rows struct{ *world }

func (r rows) Hold(s legalhold.Subject, _ time.Time) (string, error) {
	if s.Session == "" && !s.Address.IsValid() {
		return "", errors.New("of whom?")
	}
	if err := r.step(); err != nil {
		return "", err
	}
	id := fmt.Sprint("row", len(r.rows)+1)
	r.rows = append(r.rows, id)
	return id, r.step() // killed before it could answer
}

func (r rows) Release(id string) error {
	if err := r.step(); err != nil {
		return err
	}
	r.rows = slices.DeleteFunc(r.rows, func(have string) bool { return have == id })
	return nil
}

func (r rows) Holds() []string { return r.rows }

type cases struct{ *world }

func (c cases) About(s legalhold.Subject) (ids []string, _ error) {
	if s.Session == "" && len(s.Pseudonyms) == 0 {
		return nil, errors.New("of whom?")
	}
	for id := range c.cases {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids, c.step()
}

func (c cases) Hold(id string, _ time.Time, _, reason string) (string, bool, error) {
	if err := c.step(); err != nil {
		return "", false, err
	}
	before := c.cases[id]
	c.cases[id] = reason
	return before, true, c.step()
}

func (c cases) Release(id string) error {
	if err := c.step(); err != nil {
		return err
	}
	c.cases[id] = ""
	return nil
}

func newWorld() *world { return &world{cases: map[string]string{"one": "", "two": ""}, steps: -1} }

func (w *world) held() (n int) {
	for _, why := range w.cases {
		if why != "" {
			n++
		}
	}
	return n
}

func agreed(legalhold.Hold) error { return nil }

func open(t *testing.T, dir string, w *world) *legalhold.Register {
	t.Helper()
	r, err := legalhold.Open(dir, rows{w}, cases{w}, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// Whatever step it fails at, and the undoing with it, as when the process is killed: at the
// next start either all is held or nothing is.
func TestMakeIsAllOrNothing(t *testing.T) {
	for _, s := range []legalhold.Subject{addr, sess} {
		for steps := 0; ; steps++ {
			w, dir := newWorld(), t.TempDir()
			r := open(t, dir, w)
			w.steps = steps
			h, err := r.Make(s, until, reference, "ann", agreed)
			if w.steps > 0 || err == nil {
				if err != nil || len(w.rows) != 1 || w.held() != 2 || h.Incomplete {
					t.Fatalf("%d steps: %+v, %v, %+v", steps, h, err, w)
				}
				break
			}
			if incomplete := strings.Contains(err.Error(), "incomplete"); incomplete != (len(r.List()) == 1) {
				t.Errorf("%d steps: %v, and the list has %v", steps, err, r.List())
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			w.steps = -1
			r = open(t, dir, w)
			if err := r.Complete(func(legalhold.Hold, legalhold.Ended) error { return nil }); err != nil {
				t.Fatalf("%d steps: %v", steps, err)
			}
			list := r.List()
			whole := len(list) == 1 && !list[0].Incomplete && len(w.rows) == 1 && list[0].Rows == w.rows[0] && w.held() == 2
			none := len(list) == 0 && w.held() == 0
			if !whole && !none {
				t.Errorf("%+v, %d steps: %+v, %+v", s, steps, list, w)
			}
		}
	}
}

// A release that is cut short at whatever step is completed.
func TestReleaseCompletes(t *testing.T) {
	for steps := 0; ; steps++ {
		w, dir := newWorld(), t.TempDir()
		r := open(t, dir, w)
		h, err := r.Make(addr, until, reference, "ann", agreed)
		if err != nil {
			t.Fatal(err)
		}
		w.steps = steps
		if _, _, err = r.Release(h.ID, agreed); err == nil {
			break
		}
		w.steps = -1
		r.Close()
		r = open(t, dir, w)
		var ended []legalhold.Ended
		if err := r.Complete(func(_ legalhold.Hold, what legalhold.Ended) error { ended = append(ended, what); return nil }); err != nil {
			t.Fatal(err)
		}
		if len(r.List()) > 0 || len(w.rows) > 0 || w.held() > 0 || !slices.Equal(ended, []legalhold.Ended{legalhold.Released}) {
			t.Errorf("%d steps: %+v, %+v, %v", steps, r.List(), w, ended)
		}
	}
}

// What another hold wants, or was held for another reason before, stays held.
func TestReleaseLeavesOthersAlone(t *testing.T) {
	w := newWorld()
	w.cases["one"] = "somebody under 18 may be concerned"
	r := open(t, t.TempDir(), w)
	a, err := r.Make(addr, until, reference, "ann", agreed)
	if err != nil {
		t.Fatal(err)
	}
	b, err := r.Make(sess, until, reference, "ann", agreed)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Filed("three", "", addr.Pseudonyms); err != nil || !strings.Contains(w.cases["three"], a.ID) {
		t.Errorf("a new case: %v, %+v", err, w)
	}
	if err := r.Filed("four", "another", []string{"1:address:z"}); err != nil || w.cases["four"] != "" {
		t.Errorf("a case of others: %v, %+v", err, w)
	}
	if _, kept, err := r.Release(a.ID, agreed); err != nil || kept != 1 || w.held() != 2 || w.cases["three"] != "" {
		t.Errorf("after the first: %d, %v, %+v", kept, err, w)
	}
	if _, kept, err := r.Release(b.ID, agreed); err != nil || kept != 1 || w.held() != 1 || w.cases["one"] == "" || len(w.rows) > 0 {
		t.Errorf("after the second: %d, %v, %+v", kept, err, w)
	}
	if _, _, err := r.Release(b.ID, agreed); !errors.Is(err, legalhold.ErrNotFound) {
		t.Errorf("again: %v", err)
	}
}

func TestHolds(t *testing.T) {
	w, dir := newWorld(), t.TempDir()
	r := open(t, dir, w)
	if _, err := r.Make(addr, until, reference, "ann", func(legalhold.Hold) error { return errOut }); !errors.Is(err, errOut) || w.held() > 0 || !r.Empty() {
		t.Errorf("what is not written down: %v, %+v", err, w)
	}
	if _, err := r.Make(addr, until, reference, "ann", agreed); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "holds.json")); err != nil || strings.Contains(string(text), "203.0.113") {
		t.Errorf("on disk: %s, %v", text, err)
	}
	tell := func(legalhold.Hold, legalhold.Ended) error { return nil }
	if err := r.Forget(until.Add(-1), tell); err != nil || r.Empty() {
		t.Errorf("forgotten too early: %v", err)
	}
	if err := r.Forget(until, tell); err != nil || !r.Empty() {
		t.Errorf("not forgotten: %v, %v", err, r.List())
	}
	r.Close()
	if err := os.WriteFile(filepath.Join(dir, "holds.json"), []byte("[{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := legalhold.Open(dir, rows{w}, cases{w}, nil); err == nil || !strings.Contains(err.Error(), "restore it from a backup") {
		t.Errorf("damaged: %v", err)
	}

	none, err := legalhold.Open(t.TempDir(), nil, cases{newWorld()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer none.Close()
	if h, err := none.Make(addr, until, reference, "ann", agreed); err != nil || !h.NoRows || len(h.Cases) != 2 {
		t.Errorf("without a log: %+v, %v", h, err)
	}
	empty, err := legalhold.Open(t.TempDir(), nil, cases{&world{steps: -1}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer empty.Close()
	if _, err := empty.Make(addr, until, reference, "ann", agreed); !errors.Is(err, legalhold.ErrNothing) {
		t.Errorf("nothing to hold: %v", err)
	}
}
