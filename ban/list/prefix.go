package list

import (
	"fmt"
	"net/netip"
	"strings"
)

// maxPieces is how many prefixes a range may become. IPv4 needs 62 at most,
// IPv6 up to 254.
const maxPieces = 64

// rangeOf returns the prefixes that a range such as 192.0.2.1-192.0.2.9 is made
// of: none if text is not a range.
func rangeOf(text string) (prefixes []netip.Prefix, why string) {
	before, after, found := strings.Cut(text, "-")
	if !found {
		return nil, ""
	}
	first, err1 := netip.ParseAddr(strings.TrimSpace(before))
	last, err2 := netip.ParseAddr(strings.TrimSpace(after))
	if err1 != nil || err2 != nil {
		return nil, ""
	}
	if first.Zone() != "" || last.Zone() != "" {
		return nil, "the range has a zone, which means nothing to other machines; leave out the part from % on"
	}
	first, last = first.Unmap(), last.Unmap()
	if first.BitLen() != last.BitLen() || last.Less(first) {
		return nil, fmt.Sprintf("%s-%s is not a range; write the first address before the last, both IPv4 or both IPv6", first, last)
	}
	if prefixes = split(first, last); len(prefixes) > maxPieces {
		return nil, fmt.Sprintf("the range %s-%s makes more than %d prefixes; write the prefixes that you mean", first, last, maxPieces)
	}
	return prefixes, ""
}

// split returns the fewest prefixes that are exactly first to last, or more than
// maxPieces of them.
func split(first, last netip.Addr) (prefixes []netip.Prefix) {
	for first.IsValid() && !last.Less(first) && len(prefixes) <= maxPieces {
		prefix := netip.PrefixFrom(first, first.BitLen())
		for prefix.Bits() > 0 {
			wider := netip.PrefixFrom(first, prefix.Bits()-1)
			if wider != wider.Masked() || last.Less(lastOf(wider)) {
				break
			}
			prefix = wider
		}
		prefixes = append(prefixes, prefix)
		first = lastOf(prefix).Next() // invalid after the last of all
	}
	return prefixes
}

// lastOf returns the last address of a prefix.
func lastOf(prefix netip.Prefix) netip.Addr {
	raw := prefix.Addr().AsSlice()
	for i := range raw {
		if ones := prefix.Bits() - 8*i; ones < 8 {
			raw[i] |= 0xff >> max(ones, 0)
		}
	}
	last, _ := netip.AddrFromSlice(raw)
	return last
}
