package match

import (
	"net/netip"
	"slices"
	"testing"
)

func TestAddressesOfASession(t *testing.T) {
	first := netip.MustParseAddr("2001:db8::1")
	s := newSession(first, nil)
	for n := range 1000 { // of one /64, however many
		s.cameFrom(netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 0, 0, 0, 9, 15: byte(n)}))
	}
	if want := []netip.Addr{first, netip.MustParseAddr("2001:db8:0:9::e7")}; !slices.Equal(s.addrs, want) {
		t.Errorf("addrs = %v, want %v", s.addrs, want)
	}
	for n := range 20 {
		s.cameFrom(visitorAddr(n))
	}
	if len(s.addrs) != maxAddrs || s.addrs[0] != first || s.addrs[1] != visitorAddr(5) || s.addrs[maxAddrs-1] != visitorAddr(19) {
		t.Errorf("addrs = %v, want the first and the newest", s.addrs)
	}
	s.cameFrom(visitorAddr(7))
	again := netip.MustParseAddr("2001:db8::2")
	s.cameFrom(again)
	if len(s.addrs) != maxAddrs || s.addrs[0] != again || s.addrs[maxAddrs-1] != visitorAddr(7) || s.addr != again {
		t.Errorf("at %v, addrs = %v, want the first one's /64 in its place", s.addr, s.addrs)
	}
}
