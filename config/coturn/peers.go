package coturn

import (
	"net/netip"
	"slices"
	"strings"
)

// peers are the ranges of denied-peer-ip and allowed-peer-ip.
type peers struct{ denied, allowed []addrRange }

// addrRange is every address from first to last, of one family.
type addrRange struct{ first, last netip.Addr }

// parseRange reads an address, first-last, or a prefix, which coturn 4.6 does not take.
func parseRange(text string) (addrRange, bool) {
	if prefix, err := netip.ParsePrefix(text); err == nil {
		return addrRange{prefix.Masked().Addr(), lastOf(prefix.Masked())}, true
	}
	from, to, isRange := strings.Cut(text, "-")
	first, err := netip.ParseAddr(strings.TrimSpace(from))
	last := first
	if err == nil && isRange {
		last, err = netip.ParseAddr(strings.TrimSpace(to))
	}
	first, last = first.Unmap(), last.Unmap()
	if err != nil || first.Zone()+last.Zone() != "" || first.Is4() != last.Is4() || last.Less(first) {
		return addrRange{}, false
	}
	return addrRange{first, last}, true
}

func peerRange(list func(*state) *[]addrRange, key string) func(*state, line) (Fate, string, string) {
	return func(s *state, l line) (Fate, string, string) {
		r, ok := parseRange(l.value)
		if !ok {
			return Wrong, key, "is neither an address nor first-last"
		}
		*list(s) = append(*list(s), r)
		return Taken, key, ""
	}
}

// finishPeers makes turn.deny_peers and turn.allow_peers. In coturn what is allowed
// wins, and here what is denied: it is denied without what is allowed.
func (s *state) finishPeers() {
	c := &s.Config.TURN
	denied := s.peers.denied
	for _, allowed := range s.peers.allowed {
		var rest []addrRange
		for _, r := range denied {
			rest = append(rest, r.without(allowed)...)
		}
		denied = rest
	}
	c.DenyPeers, c.AllowPeers = prefixes(denied), prefixes(s.peers.allowed)
}

// without is what is left of a range.
func (r addrRange) without(hole addrRange) (rest []addrRange) {
	if hole.first.Is4() != r.first.Is4() || r.last.Less(hole.first) || hole.last.Less(r.first) {
		return []addrRange{r}
	}
	if r.first.Less(hole.first) {
		rest = append(rest, addrRange{r.first, hole.first.Prev()})
	}
	if hole.last.Less(r.last) {
		rest = append(rest, addrRange{hole.last.Next(), r.last})
	}
	return rest
}

// prefixes are the fewest that ranges consist of, each once.
func prefixes(ranges []addrRange) []string {
	list := []string{}
	for _, r := range ranges {
		for at := r.first; at.IsValid(); {
			bits := at.BitLen()
			for bits > 0 {
				wider := netip.PrefixFrom(at, bits-1)
				if wider.Masked().Addr() != at || r.last.Less(lastOf(wider)) {
					break
				}
				bits--
			}
			prefix := netip.PrefixFrom(at, bits)
			if text := prefix.String(); !slices.Contains(list, text) {
				list = append(list, text)
			}
			end := lastOf(prefix)
			if !end.Less(r.last) {
				break
			}
			at = end.Next()
		}
	}
	return list
}

// lastOf is the last address of a prefix.
func lastOf(p netip.Prefix) netip.Addr {
	bytes := p.Addr().AsSlice()
	for bit := p.Bits(); bit < 8*len(bytes); bit++ {
		bytes[bit/8] |= 0x80 >> (bit % 8)
	}
	addr, _ := netip.AddrFromSlice(bytes)
	return addr
}
