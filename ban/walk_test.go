package ban_test

import (
	"iter"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ban"
)

func TestListsHoldNobodyUp(t *testing.T) {
	f := open(t)
	f.add(t, "203.0.113.7", time.Hour)
	f.add(t, "203.0.113.8", time.Hour)
	seen := 0
	for _, err := range f.Active() {
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil { // waits for the end of every transaction
			t.Fatal(err)
		}
		seen++
	}
	if seen != 2 {
		t.Errorf("saw %d bans, want 2", seen)
	}
}

func TestListLongerThanATransaction(t *testing.T) {
	f := open(t)
	var entries []ban.Entry
	for i := range 10_000 {
		addr := netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
		entries = append(entries, ban.Entry{Target: ban.TargetFor(addr), By: "test"})
	}
	made, err := f.AddAll(entries)
	if err != nil {
		t.Fatal(err)
	}
	if list := f.list(t); !slices.Equal(list, made.Bans) {
		t.Errorf("%d bans listed, want the %d that were made, in their order", len(list), len(made.Bans))
	}
	slices.Reverse(made.Bans)
	if list := latest(t, f); !slices.Equal(list, made.Bans) {
		t.Errorf("%d bans listed backwards, want the %d that were made, the last first", len(list), len(made.Bans))
	}
}

// latest returns the bans, the newest first.
func latest(t *testing.T, f *fixture) (list []ban.Ban) {
	t.Helper()
	for b, err := range f.Latest() {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, b)
	}
	return list
}

// What ends while a list is read does not break it off, wherever the reader is.
func TestListWhileBansEnd(t *testing.T) {
	const n = 5000 // more than a transaction reads
	for name, list := range map[string]func(*ban.Store) iter.Seq2[ban.Ban, error]{"Active": (*ban.Store).Active, "Latest": (*ban.Store).Latest} {
		f := open(t)
		var entries []ban.Entry
		for i := range n {
			entries = append(entries, ban.Entry{Target: ban.TargetFor(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})), By: "test"})
		}
		made, err := f.AddAll(entries)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[ban.ID]int{}
		for b, err := range list(f.Store) {
			if err != nil {
				t.Fatal(err)
			}
			if len(seen) == 0 {
				for _, i := range []int{4096, n - 4097} { // where the second transaction begins
					if _, err := f.RemoveID(made.Bans[i].ID, "test"); err != nil {
						t.Fatal(err)
					}
				}
			}
			seen[b.ID]++
		}
		for i, b := range made.Bans {
			if times := seen[b.ID]; times != 1 && i != 4096 && i != n-4097 {
				t.Errorf("%s: saw number %d %d times", name, i, times)
			}
		}
	}
}
