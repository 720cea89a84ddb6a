package privacy_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/joingyd/joingyd/privacy"
)

const day = 24 * time.Hour

func open(t *testing.T, dir string, o privacy.Options) *privacy.Store {
	t.Helper()
	s, err := privacy.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// What a visitor asks to be erased waits for seven days, and can be taken back until then;
// each step is on disk when it is done.
func TestErasureWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		s := open(t, dir, privacy.Options{})
		reopen := func() {
			t.Helper()
			s.Close()
			s = open(t, dir, privacy.Options{})
		}
		add := func(r privacy.Request) privacy.Request {
			t.Helper()
			r.Subject = privacy.Subject{Session: "s", Pseudonyms: []string{"1:address:ab"}, Rows: []byte(`[1]`)}
			added, err := s.Add(r)
			if err != nil {
				t.Fatal(err)
			}
			reopen()
			return added
		}
		waits := add(privacy.Request{Kind: privacy.Erase, By: privacy.Visitor, Receipt: "hash", Contact: "roe@example.org"})
		taken := add(privacy.Request{Kind: privacy.Erase, By: privacy.Visitor, Receipt: "other"})
		asked := add(privacy.Request{Kind: privacy.Access, By: privacy.Visitor, Receipt: "third"})
		if waits.State != privacy.StateOpen || !waits.Happens.Equal(waits.Asked.Add(7*day)) || !waits.Due.Equal(waits.Asked.AddDate(0, 1, 0)) || !waits.Deadline().Equal(waits.Asked.AddDate(0, 0, 45)) {
			t.Errorf("%+v", waits)
		}
		if _, err := s.End(taken.ID, privacy.StateWithdrawn, privacy.Visitor, ""); err != nil {
			t.Error(err)
		}
		reopen()
		time.Sleep(7*day - time.Second)
		if pending := s.Pending(); len(pending) != 0 {
			t.Errorf("before its time: %v", pending)
		}
		time.Sleep(time.Second)
		if pending := s.Pending(); len(pending) != 1 || pending[0].ID != waits.ID {
			t.Errorf("at its time: %v", pending)
		}
		if _, err := s.Begin(waits.ID); err != nil {
			t.Error(err)
		}
		reopen()
		if _, err := s.End(waits.ID, privacy.StateWithdrawn, privacy.Visitor, ""); !errors.Is(err, privacy.ErrBegun) {
			t.Errorf("taken back when it had begun: %v", err)
		}
		if pending := s.Pending(); len(pending) != 1 || string(pending[0].Subject.Rows) != "[1]" {
			t.Errorf("begun: %v", pending)
		}
		if _, err := s.End(waits.ID, privacy.StateDone, "auto:request", "gone"); err != nil {
			t.Error(err)
		}
		reopen()
		r, err := s.Receipted("hash")
		if err != nil || r.State != privacy.StateDone || r.Answer != "gone" || r.Subject.Session != "" || r.Subject.Pseudonyms != nil || r.Contact != "" {
			t.Errorf("%+v, %v", r, err)
		}
		if _, err := s.End(waits.ID, privacy.StateRefused, "ann", ""); !errors.Is(err, privacy.ErrEnded) {
			t.Errorf("ended twice: %v", err)
		}
		if list := s.List(true); len(list) != 3 || list[0].ID != asked.ID || len(s.List(false)) != 1 {
			t.Errorf("listed %v", list)
		}
		time.Sleep(31 * day)
		want := map[string]int{"open": 0, "overdue": 1, "erasing": 0, "done": 1, "refused": 0, "withdrawn": 1}
		if got := s.Counts(); !maps.Equal(got, want) {
			t.Errorf("counts %v, want %v", got, want)
		}
		time.Sleep(privacy.AnswerFor)
		if n, err := s.Sweep(); n != 0 || err != nil {
			t.Errorf("swept %d, %v", n, err)
		}
		reopen()
		if r, err := s.Get(waits.ID); err != nil || r.Answer != "" || r.Receipt != "" {
			t.Errorf("after its time: %+v, %v", r, err)
		}
		time.Sleep(privacy.KeepFor)
		if n, err := s.Sweep(); n != 2 || err != nil {
			t.Errorf("swept %d, %v", n, err)
		}
		reopen()
		if list := s.List(true); len(list) != 1 || list[0].ID != asked.ID { // never what waits
			t.Errorf("left %v", list)
		}
	})
}

// What an operator asks has no room to wait for, and is begun at once.
func TestRoom(t *testing.T) {
	s := open(t, t.TempDir(), privacy.Options{Most: 1})
	for _, tt := range []struct {
		by   string
		want error
	}{{privacy.Visitor, nil}, {privacy.Visitor, privacy.ErrFull}, {"root", nil}} {
		r, err := s.Add(privacy.Request{Kind: privacy.Erase, By: tt.by})
		if !errors.Is(err, tt.want) || tt.by == "root" && r.State != privacy.StateErasing {
			t.Errorf("%s: %+v, %v, want %v", tt.by, r, err, tt.want)
		}
	}
	if _, err := s.Receipted(""); !errors.Is(err, privacy.ErrNotFound) {
		t.Errorf("no receipt is one: %v", err)
	}
}

func TestDamage(t *testing.T) {
	for _, text := range []string{"", "{", `{"id":"another2"}`} {
		dir := t.TempDir()
		path := filepath.Join(dir, "abcdefgh.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := privacy.Open(dir, privacy.Options{}); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "backup") {
			t.Errorf("%q: %v", text, err)
		}
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

// With the clock behind nothing that waits happens, and nothing is lost.
func TestClockBehind(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	s := open(t, dir, privacy.Options{Now: func() time.Time { return now }})
	if _, err := s.Add(privacy.Request{Kind: privacy.Erase, By: privacy.Visitor}); err != nil {
		t.Fatal(err)
	}
	s.Close()
	now = now.AddDate(-5, 0, 0)
	s = open(t, dir, privacy.Options{Now: func() time.Time { return now }})
	if n, err := s.Sweep(); n != 0 || err != nil || len(s.Pending()) != 0 || s.Counts()["open"] != 1 {
		t.Errorf("swept %d, %v, pending %v", n, err, s.Pending())
	}
}

func TestVisits(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	visits := func(keys ...byte) *privacy.Visits {
		var list [][32]byte
		for _, n := range keys {
			list = append(list, [32]byte{n})
		}
		return privacy.NewVisits(list, 30, func() time.Time { return now })
	}
	v := visits(1)
	session := [16]byte{7, 8}
	receipt := v.Receipt(session)
	if len(receipt) != 59 {
		t.Errorf("%s has %d characters", receipt, len(receipt))
	}
	for name, tt := range map[string]struct {
		text string
		v    *privacy.Visits
		days int
		want error
	}{
		"as it was":     {receipt, v, 0, nil},
		"as copied":     {" " + strings.ToUpper(strings.ReplaceAll(receipt, "-", " ")) + "\n", v, 0, nil},
		"the last day":  {receipt, v, 30, nil},
		"a day later":   {receipt, v, 31, privacy.ErrExpired},
		"clock behind":  {receipt, v, -300, nil},
		"another key":   {receipt, visits(2), 0, privacy.ErrVisit},
		"rotated":       {receipt, visits(3, 2, 1), 0, nil},
		"rotated, late": {receipt, visits(2, 1), 31, privacy.ErrExpired},
		"changed":       {"b" + receipt[1:], v, 0, privacy.ErrVisit},
		"short":         {receipt[1:], v, 0, privacy.ErrVisit},
		"nothing":       {"", v, 0, privacy.ErrVisit},
		"no characters": {strings.Repeat("é", 90), v, 0, privacy.ErrVisit},
	} {
		now = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC).AddDate(0, 0, tt.days)
		got, err := tt.v.Read(tt.text)
		if !errors.Is(err, tt.want) || err == nil && got != session {
			t.Errorf("%s: %v, %v, want %v", name, got, err, tt.want)
		}
	}
}

// What is no receipt is refused, and none can be made without the key.
func FuzzVisits(f *testing.F) {
	v := privacy.NewVisits([][32]byte{{1}, {2}}, 30, func() time.Time { return time.Unix(1.79e9, 0) })
	f.Add(v.Receipt([16]byte{1}))
	f.Fuzz(func(t *testing.T, text string) {
		session, err := v.Read(text)
		if err == nil && session != [16]byte{1} {
			t.Errorf("%q is of %v", text, session)
		}
	})
}
