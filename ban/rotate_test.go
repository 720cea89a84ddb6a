package ban_test

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ban"
)

// rotate rotates to key and returns what was to be saved.
func (f *fixture) rotate(t *testing.T, key ban.Key) (saved ban.Keys) {
	t.Helper()
	if err := f.Rotate(key, func(keys ban.Keys) error { saved = keys; return nil }); err != nil {
		t.Fatal(err)
	}
	return saved
}

// reopenWith is reopen with these keys.
func (f *fixture) reopenWith(t *testing.T, keys ban.Keys) {
	t.Helper()
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	store, err := ban.Open(f.path, keys, &ban.Options{Now: f.Now})
	if err != nil {
		t.Fatal(err)
	}
	f.Store = store
}

func TestRotateKeepsTheKeysThatBansNeed(t *testing.T) {
	f := open(t)
	first, second, third, fourth := testKeys[0], ban.Key{2}, ban.Key{3}, ban.Key{4}
	old := f.add(t, "203.0.113.1", time.Hour)
	steps := []struct {
		rotateTo ban.Key
		want     ban.Keys
	}{
		{second, ban.Keys{second, first}},
		{third, ban.Keys{third, second, first}}, // second: it was current until now
		{fourth, ban.Keys{fourth, third, first}},
	}
	for _, step := range steps {
		saved := f.rotate(t, step.rotateTo)
		if !slices.Equal(saved, step.want) {
			t.Fatalf("saved %d keys, want %d, or others", len(saved), len(step.want))
		}
		f.add(t, "203.0.113.0/24", time.Hour) // a prefix needs none
		for range 2 {
			if _, banned := f.Lookup(parse(t, "203.0.113.1"), ban.ScopeAll); !banned {
				t.Error("the ban under the first key is gone")
			}
			f.reopenWith(t, saved)
		}
	}
	if _, err := f.RemoveID(old.ID, "root"); err != nil {
		t.Fatal(err)
	}
	if saved := f.rotate(t, ban.Key{5}); !slices.Equal(saved, ban.Keys{{5}, fourth}) {
		t.Errorf("saved %d keys, want 2: no ban needs the first", len(saved))
	}
	if keys := f.Keys(); len(keys) != 2 || keys[0].Key != (ban.Key{5}) || !keys[0].Current || keys[1].Current {
		t.Errorf("Keys = %+v", keys)
	}
}

func TestRotateCountsWhoNeedsAKey(t *testing.T) {
	f := open(t)
	f.add(t, "203.0.113.1", time.Hour)
	f.add(t, "2001:db8::/64", time.Hour)
	f.add(t, "203.0.113.0/24", time.Hour)
	f.rotate(t, ban.Key{2})
	f.add(t, "203.0.113.2", time.Hour)
	keys := f.Keys()
	if len(keys) != 2 || keys[0].Bans != 1 || keys[1].Bans != 2 || keys[0].Number == keys[1].Number {
		t.Errorf("Keys = %+v, want 1 ban under the new and 2 under the old one", keys)
	}
}

func TestRotateIsNothingUnlessTheKeysAreSaved(t *testing.T) {
	f := open(t)
	full := errors.New("disk full")
	if err := f.Rotate(ban.Key{2}, func(ban.Keys) error { return full }); !errors.Is(err, full) {
		t.Errorf("Rotate: %v, want %v", err, full)
	}
	if keys := f.Keys(); len(keys) != 1 || keys[0].Key != testKeys[0] {
		t.Errorf("Keys = %+v, want the first alone", keys)
	}
	f.add(t, "203.0.113.1", time.Hour)
	f.reopen(t) // with the first key alone
	if !f.banned("203.0.113.1") {
		t.Error("the ban is gone")
	}
	if failures := f.Stats().Failures; failures != 0 {
		t.Errorf("%d failures of the store, want none", failures)
	}
}

// A pseudonym may be older than all keys. A ban on it would keep the store from
// being opened.
func TestRotateForgetsPseudonymsWithTheirKey(t *testing.T) {
	f := open(t)
	p := f.Pseudonym(netip.MustParseAddr("203.0.113.1"))
	f.rotate(t, ban.Key{2})
	saved := f.rotate(t, ban.Key{3})
	for _, add := range []func([]ban.Entry) (ban.Made, error){f.AddAll, f.Plan} {
		if _, err := add([]ban.Entry{{Target: ban.TargetOf(p), By: "root"}}); !errors.Is(err, ban.ErrInvalid) {
			t.Errorf("error %v, want ErrInvalid", err)
		}
	}
	f.reopenWith(t, saved)
}
