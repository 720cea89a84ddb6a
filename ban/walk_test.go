package ban_test

import (
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
}
