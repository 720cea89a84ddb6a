package ban_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ban"
)

// What was said once must not be said again when it is true no longer.
func TestVerdictsAreForgotten(t *testing.T) {
	f := open(t)
	addr := netip.MustParseAddr("203.0.113.7")
	says := func(when string, want *ban.Ban) {
		t.Helper()
		for range 2 { // the second time from memory
			got, is := f.Check(addr, ban.UseSite)
			if is != (want != nil) || is && got != verdict(*want) {
				t.Errorf("%s: Check = %+v, %v; want %+v", when, got, is, want)
			}
		}
	}
	says("at first", nil)
	long := f.add(t, "203.0.113.0/24", 2*time.Hour)
	says("with one ban", &long)
	longer := f.add(t, "203.0.113.7", 3*time.Hour)
	says("with two", &longer)
	if _, err := f.RemoveID(longer.ID, "root"); err != nil {
		t.Fatal(err)
	}
	says("with one again", &long)
	short := f.add(t, "203.0.113.7", time.Hour)
	says("with a shorter one", &long)
	if _, err := f.RemoveID(long.ID, "root"); err != nil {
		t.Fatal(err)
	}
	says("with the shorter one", &short)
	f.Advance(time.Hour)
	says("at its end", nil)
	if _, err := f.Check(addr, ban.UseRelay); err {
		t.Error("banned from the relay")
	}
	f.add(t, "203.0.113.7", 0)
	if _, err := f.Allow(parse(t, "203.0.113.7"), "", "root"); err != nil {
		t.Fatal(err)
	}
	says("when it is allowed", nil)
}

func TestVerdictsOfManyAddresses(t *testing.T) {
	f := open(t)
	f.add(t, "10.0.0.0/9", 0)
	wrong := 0
	for range 2 {
		for i := range 40_000 { // several to each slot
			addr := netip.AddrFrom4([4]byte{10, byte(i), byte(i >> 8), 1})
			if _, is := f.Check(addr, ban.UseSite); is != (byte(i) < 128) {
				wrong++
			}
		}
	}
	if wrong > 0 {
		t.Errorf("%d of 80,000 verdicts are wrong", wrong)
	}
}
