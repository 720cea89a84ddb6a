package turn

import (
	"net/netip"
	"slices"
)

// specialRanges are those of IANA's special-purpose registries (RFC 6890 and its
// updates), multicast, and every form that carries an IPv4 address inside an
// IPv6 one. In open mode no peer is in one of them unless the operator allows it.
var specialRanges = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
	"192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
	"198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"::/96",         // unspecified, loopback, IPv4-compatible
	"::ffff:0:0/96", // IPv4-mapped
	"64:ff9b::/96",  // NAT64
	"64:ff9b:1::/48", "100::/64", "100:0:0:1::/64",
	"2001::/23", // Teredo, benchmarking, ORCHID and more
	"2001:db8::/32",
	"2002::/16", // 6to4
	"2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
)

// globalUnicast is what IANA has given out of IPv6; the rest is nobody's.
var globalUnicast = netip.MustParsePrefix("2000::/3")

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		list[i] = netip.MustParsePrefix(text)
	}
	return list
}

// peerPolicy decides which peers an open relay talks to.
type peerPolicy struct {
	allow, deny []netip.Prefix
	own         []netip.Addr // addresses of this machine
}

// allows reports whether addr may be a peer: an address that the operator denies
// never, one that the operator allows or that is public and not this machine's
// always. Ports are not its business.
func (p peerPolicy) allows(addr netip.Addr) bool {
	if !addr.IsValid() || addr.Is4In6() || addr.Zone() != "" {
		return false
	}
	contains := func(prefix netip.Prefix) bool { return prefix.Contains(addr) }
	switch {
	case slices.ContainsFunc(p.deny, contains), RelayRange.Contains(addr):
		return false
	case slices.ContainsFunc(p.allow, contains):
		return true
	case addr.Is6() && !globalUnicast.Contains(addr), slices.ContainsFunc(specialRanges, contains):
		return false
	}
	return !slices.Contains(p.own, addr)
}
