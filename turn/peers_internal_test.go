package turn

import (
	"net/netip"
	"testing"
)

// Trial R2: every special range, first and last address, and every way to write
// an IPv4 address into an IPv6 one.
func TestR2SpecialPeers(t *testing.T) {
	policy := peerPolicy{own: []netip.Addr{netip.MustParseAddr("193.0.6.139"), netip.MustParseAddr("2a00::1")}}
	tried, allowed := 0, 0
	denied := func(addr netip.Addr) {
		tried++
		if policy.allows(addr) {
			allowed++
			t.Errorf("%v is allowed", addr)
		}
	}
	for _, prefix := range specialRanges {
		denied(prefix.Addr())
		denied(lastOf(prefix))
	}
	for _, text := range []string{
		"0.0.0.0", "127.0.0.1", "169.254.169.254", "100.100.100.200", "255.255.255.255", "198.18.1.1", "198.19.255.255", "224.0.0.1",
		"::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b:1::7f00:1",
		"2002:7f00:1::", "2002:a00:1::1", "2001::7f00:1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "fe80::1", "fe80::1%eth0", "fc00::1",
		"fd00::1", "ff02::1", "fec0::1", "4000::1", "1000::1", "e000::1", "193.0.6.139", "2a00::1",
	} {
		denied(netip.MustParseAddr(text))
	}
	denied(netip.Addr{})
	for _, text := range []string{"8.8.8.8", "193.0.6.140", "2a00::2", "2606:4700::1"} {
		if !policy.allows(netip.MustParseAddr(text)) {
			t.Errorf("%s is denied", text)
		}
	}
	t.Logf("figure: allowed %d of %d", allowed, tried)
}

func lastOf(prefix netip.Prefix) netip.Addr {
	raw := prefix.Addr().AsSlice()
	for bit := prefix.Bits(); bit < len(raw)*8; bit++ {
		raw[bit/8] |= 0x80 >> (bit % 8)
	}
	addr, _ := netip.AddrFromSlice(raw)
	return addr
}

func TestPeerPolicyOfTheOperator(t *testing.T) {
	policy := peerPolicy{
		allow: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("198.18.0.0/15")},
		deny:  []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("8.8.8.0/24")},
	}
	for text, want := range map[string]bool{"10.0.0.1": true, "10.1.0.1": false, "8.8.8.8": false, "8.8.4.4": true, "192.168.0.1": false, "198.18.0.1": false} {
		if got := policy.allows(netip.MustParseAddr(text)); got != want {
			t.Errorf("allows(%s) = %v", text, got)
		}
	}
}

func TestOpenRefusesBadOptions(t *testing.T) {
	loopback, six := netip.MustParseAddr("127.0.0.1"), netip.IPv6Loopback()
	for name, open := range map[string]Open{
		"no relay address":   {},
		"external of others": {Relay: []netip.Addr{loopback}, External: []netip.Addr{loopback, six}},
		"mixed families":     {Relay: []netip.Addr{loopback}, External: []netip.Addr{six}},
		"empty port range":   {Relay: []netip.Addr{loopback}, MinPort: 60000, MaxPort: 50000},
		"short secret":       {Relay: []netip.Addr{loopback}, Secrets: [][]byte{make([]byte, 31)}},
	} {
		if _, err := New(Options{Open: &open}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
