package disclosure_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/disclosure"
)

var errDisk = errors.New("no space left")

func agreed(disclosure.Entry) error { return nil }
func failed(disclosure.Entry) error { return errDisk }

func openRegister(t *testing.T, dir string, at *time.Time) *disclosure.Register {
	t.Helper()
	r, err := disclosure.OpenRegister(dir, func() time.Time { return *at })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// reopened is what a process finds that starts after this one was killed.
func reopened(t *testing.T, r *disclosure.Register, dir string, at *time.Time) *disclosure.Register {
	t.Helper()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return openRegister(t, dir, at)
}

func TestOrder(t *testing.T) {
	at, dir := now, t.TempDir()
	r := openRegister(t, dir, &at)
	a := order()
	if _, err := r.Begin(&a, nil, "ann", failed); !errors.Is(err, errDisk) || len(r.List()) > 0 {
		t.Fatalf("what is not written down: %v, %v", err, r.List())
	}
	e, err := r.Begin(&a, nil, "ann", agreed)
	if err != nil || e.State != disclosure.Asked || e.Kind != disclosure.Order {
		t.Fatalf("%+v, %v", e, err)
	}
	r = reopened(t, r, dir, &at)
	digest := strings.Repeat("ab", 32)
	for name, test := range map[string]struct {
		id, by string
		want   error
	}{
		"no such": {"aaaaaaaa", "ann", disclosure.ErrNotFound},
		"another": {e.ID, "bob", disclosure.ErrNotAsker},
	} {
		if _, err := r.Made(test.id, test.by, digest, agreed); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	if _, err := r.Confirm(e.ID, "bob", agreed); !errors.Is(err, disclosure.ErrNotPending) {
		t.Errorf("an order was confirmed: %v", err)
	}
	if _, err := r.Made(e.ID, "ann", digest, failed); !errors.Is(err, errDisk) {
		t.Errorf("made without a word: %v", err)
	}
	if _, err := r.Made(e.ID, "ann", digest, agreed); err != nil {
		t.Fatal(err)
	}
	r = reopened(t, r, dir, &at)
	if list := r.Uncounted(); len(list) != 1 || list[0].ID != e.ID {
		t.Errorf("to count: %v", list)
	}
	if _, err := r.Made(e.ID, "ann", digest, failed); err != nil {
		t.Errorf("the same again: %v", err)
	}
	if _, err := r.Made(e.ID, "ann", strings.Repeat("cd", 32), agreed); !errors.Is(err, disclosure.ErrMade) {
		t.Errorf("another digest: %v", err)
	}
	if err := r.Counted(e.ID); err != nil || len(r.Uncounted()) > 0 {
		t.Errorf("counted: %v, %v", err, r.Uncounted())
	}
	if err := r.Forget(now); err != nil || len(r.List()) != 1 {
		t.Errorf("forgotten too early: %v, %v", err, r.List())
	}
	if err := r.Forget(now.Add(1)); err != nil || len(r.List()) != 0 {
		t.Errorf("not forgotten: %v, %v", err, r.List())
	}
}

// An emergency takes two people, and the same request.
func TestEmergency(t *testing.T) {
	at, dir := now, t.TempDir()
	r := openRegister(t, dir, &at)
	a := order()
	a.Session, a.Address, a.Reference, a.Emergency = "", "203.0.113.7", "", true
	first, err := r.Begin(&a, []string{"2:address:new", "1:address:old"}, "ann", agreed)
	if err != nil || first.State != disclosure.Pending {
		t.Fatalf("%+v, %v", first, err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "disclosures.json")); err != nil || strings.Contains(string(text), "203.0.113") {
		t.Errorf("on disk: %s, %v", text, err)
	}
	digest := strings.Repeat("ab", 32)
	if _, err := r.Made(first.ID, "ann", digest, agreed); !errors.Is(err, disclosure.ErrNotAllowed) {
		t.Errorf("made by one person: %v", err)
	}
	if _, err := r.Confirm(first.ID, "ann", agreed); !errors.Is(err, disclosure.ErrSamePerson) {
		t.Errorf("confirmed by who asked: %v", err)
	}
	r = reopened(t, r, dir, &at)
	if e, err := r.Confirm(first.ID, "bob", agreed); err != nil || e.ConfirmedBy != "bob" {
		t.Fatalf("%+v, %v", e, err)
	}
	other := a
	other.To = other.To.Add(time.Minute) // that nobody confirmed
	for name, test := range map[string]struct {
		ask        disclosure.Ask
		pseudonyms []string
		by         string
		same       bool
	}{
		"the same":          {a, []string{"3:address:newest", "2:address:new"}, "ann", true}, // keys were rotated meanwhile
		"a longer time":     {other, []string{"2:address:new"}, "ann", false},
		"another address":   {a, []string{"2:address:other"}, "ann", false},
		"by who confirmed":  {a, []string{"2:address:new"}, "bob", false},
		"without a subject": {a, nil, "ann", false},
	} {
		e, err := r.Begin(&test.ask, test.pseudonyms, test.by, agreed)
		if err != nil || (e.ID == first.ID) != test.same || (e.State == disclosure.Confirmed) != test.same {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
	at = at.Add(disclosure.PendingFor + 1)
	if _, err := r.Made(first.ID, "ann", digest, agreed); !errors.Is(err, disclosure.ErrLate) {
		t.Errorf("made a day later: %v", err)
	}
	at = now
	if _, err := r.Made(first.ID, "ann", digest, agreed); err != nil {
		t.Error(err)
	}
	if _, err := r.Refuse(first.ID, agreed); !errors.Is(err, disclosure.ErrNotPending) {
		t.Errorf("refused after it was made: %v", err)
	}
	second, err := r.Begin(&a, []string{"2:address:new"}, "ann", agreed)
	if err != nil || second.ID == first.ID || second.State != disclosure.Pending {
		t.Fatalf("a second bundle: %+v, %v", second, err)
	}
	if e, err := r.Refuse(second.ID, agreed); err != nil || e.State != disclosure.Refused {
		t.Errorf("%+v, %v", e, err)
	}
	if _, err := r.Confirm(second.ID, "bob", agreed); !errors.Is(err, disclosure.ErrNotPending) {
		t.Errorf("confirmed after it was refused: %v", err)
	}
}

func TestADamagedRegisterIsNotMadeAnew(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "disclosures.json"), []byte("[{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := disclosure.OpenRegister(dir, nil); err == nil || !strings.Contains(err.Error(), "restore it from a backup") {
		t.Errorf("%v", err)
	}
}
