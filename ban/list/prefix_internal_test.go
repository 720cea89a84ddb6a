package list

import (
	"net/netip"
	"testing"
)

// address returns base with the last byte n.
func address(base netip.Addr, n int) netip.Addr {
	raw := base.AsSlice()
	raw[len(raw)-1] = byte(n)
	addr, _ := netip.AddrFromSlice(raw)
	return addr
}

// bases are networks of 256 addresses, the first and the last among them.
var bases = []netip.Addr{
	netip.MustParseAddr("203.0.113.0"), netip.MustParseAddr("0.0.0.0"), netip.MustParseAddr("255.255.255.0"),
	netip.MustParseAddr("2001:db8::"), netip.MustParseAddr("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff00"),
}

func TestSplitIsExactAndShort(t *testing.T) {
	for _, base := range bases {
		for first := range 256 {
			for last := first; last < 256; last += 1 + last%5 {
				prefixes := split(address(base, first), address(base, last))
				next := address(base, first)
				for i, p := range prefixes {
					if p.Addr() != next || p != p.Masked() {
						t.Fatalf("%s, %d to %d: %v", base, first, last, prefixes)
					}
					if twice := netip.PrefixFrom(p.Addr(), p.Bits()-1); i > 0 && prefixes[i-1] == netip.PrefixFrom(twice.Masked().Addr(), p.Bits()) {
						t.Fatalf("%s, %d to %d: %s and %s could be one", base, first, last, prefixes[i-1], p)
					}
					next = lastOf(p).Next()
				}
				if end := lastOf(prefixes[len(prefixes)-1]); end != address(base, last) {
					t.Fatalf("%s, %d to %d: %v ends at %s", base, first, last, prefixes, end)
				}
			}
		}
	}
}

func TestSplitIsBounded(t *testing.T) {
	first, last := netip.MustParseAddr("::1"), netip.MustParseAddr("ffff::1")
	if n := len(split(first, last)); n != maxPieces+1 {
		t.Errorf("%d prefixes; want %d, which says that there are more than %d", n, maxPieces+1, maxPieces)
	}
}
