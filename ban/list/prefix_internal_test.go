package list

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ban"
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

// Each address is in one span at most, and that has the latest end of the
// prefixes around it.
func TestFlatten(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	start := time.Unix(1_800_000_000, 0)
	for round := range 2_000 {
		base := bases[round%len(bases)]
		n := nftWriter{}
		for range 1 + random.IntN(8) {
			bits := base.BitLen() - random.IntN(9)
			prefix := netip.PrefixFrom(address(base, random.IntN(256)), bits).Masked()
			target, err := ban.ParseTarget(prefix.String())
			if err != nil {
				t.Fatal(err)
			}
			var until time.Time
			if random.IntN(5) > 0 {
				until = start.Add(time.Duration(random.IntN(3)) * time.Hour)
			}
			n.add(row{target: target, until: until})
		}
		n.sort()
		spans := flatten(n.rows)
		for i := range 256 {
			checkSpans(t, spans, n.rows, address(base, i))
		}
	}
}

func checkSpans(t *testing.T, spans []span, rows []row, addr netip.Addr) {
	t.Helper()
	banned, want := false, span{until: time.Unix(0, 0)}
	for _, r := range rows {
		if r.target.Contains(addr) {
			banned = true
			if r := (span{until: r.until}); r.outlasts(want.until) {
				want = r
			}
		}
	}
	found := 0
	for _, s := range spans {
		if !addr.Less(s.first) && !s.last.Less(addr) {
			if found++; !s.until.Equal(want.until) {
				t.Fatalf("%s is banned until %v; want %v\nspans %v\nrows %v", addr, s.until, want.until, spans, rows)
			}
		}
	}
	if banned && found != 1 || !banned && found != 0 {
		t.Fatalf("%s is in %d spans, banned %t\nspans %v\nrows %v", addr, found, banned, spans, rows)
	}
}
