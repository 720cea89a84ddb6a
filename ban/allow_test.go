package ban_test

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/joingyd/joingyd/ban"
)

func TestAllowlistWins(t *testing.T) {
	f := open(t)
	f.add(t, "203.0.113.0/24", 0)
	f.add(t, "203.0.113.7", 0)
	if !f.banned("203.0.113.7") {
		t.Fatal("not banned")
	}
	made, err := f.Allow(parse(t, "203.0.113.7"), "office", "alice")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Allow(parse(t, "2001:db8::/32"), "", "alice"); err != nil {
		t.Fatal(err)
	}
	for range 2 { // as made, and as read back
		if f.banned("203.0.113.7") || !f.banned("203.0.113.8") {
			t.Errorf("203.0.113.7 banned %v, its neighbour %v", f.banned("203.0.113.7"), f.banned("203.0.113.8"))
		}
		if by, ok := f.AllowedBy(netip.MustParseAddr("::ffff:203.0.113.7")); !ok || by != made.Prefix {
			t.Errorf("AllowedBy = %v, %v; want %v", by, ok, made.Prefix)
		}
		if list, err := f.Allowed(); err != nil || len(list) != 2 || list[1] != made {
			t.Errorf("Allowed = %+v, %v; want two, the last %+v", list, err, made)
		}
		f.reopen(t)
	}
	if got, err := f.Disallow(parse(t, "203.0.113.7")); err != nil || got != made {
		t.Errorf("Disallow = %+v, %v; want %+v", got, err, made)
	}
	if !f.banned("203.0.113.7") {
		t.Error("not banned when it is off the allowlist")
	}
	if _, err := f.Disallow(parse(t, "203.0.113.7")); !errors.Is(err, ban.ErrNotFound) {
		t.Errorf("second Disallow: %v, want ErrNotFound", err)
	}
	if _, err := f.Allow(parse(t, "203.0.113.7"), "a\nb", "alice"); !errors.Is(err, ban.ErrInvalid) {
		t.Errorf("a note of two lines: %v, want ErrInvalid", err)
	}
}
