package ban_test

import (
	"net/netip"
	"testing"

	"github.com/joingyd/joingyd/ban"
)

func TestSet(t *testing.T) {
	var s ban.Set
	for _, target := range []string{"203.0.113.7", "198.51.100.0/24", "2001:db8::1"} {
		s.Add(parse(t, target))
	}
	s.Add(ban.TargetOf(ban.Pseudonym{}))
	for addr, want := range map[string]bool{
		"203.0.113.7": true, "::ffff:203.0.113.7": true, "203.0.113.8": false, "198.51.100.9": true, "2001:db8::2%eth0": true, "2001:db8:0:1::1": false,
	} {
		if got := s.Contains(netip.MustParseAddr(addr)); got != want {
			t.Errorf("Contains(%s) = %v, want %v", addr, got, want)
		}
	}
	if s.Contains(netip.Addr{}) {
		t.Error("it contains no address")
	}
}
