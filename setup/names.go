package setup

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// NamePoints says what is wrong with where a name points, found being its addresses
// and own those of this machine's interfaces; empty if nothing is.
func NamePoints(name string, found, own []netip.Addr) string {
	var elsewhere []string
	for _, addr := range found {
		if !slices.Contains(own, addr.Unmap()) {
			elsewhere = append(elsewhere, addr.Unmap().String())
		}
	}
	here := slices.DeleteFunc(slices.Clone(own), func(a netip.Addr) bool {
		return !a.IsGlobalUnicast() || a.IsPrivate()
	})
	switch {
	case len(found) == 0:
		return fmt.Sprintf("%s has no address: give it an A record with this machine's IPv4 address (and AAAA with its IPv6 address)", name)
	case len(elsewhere) == 0:
		return ""
	case len(here) == 0:
		return fmt.Sprintf("%s is %s, and no interface of this machine has that address: it seems to be behind NAT, which has to forward the ports below to it", name, strings.Join(elsewhere, " and "))
	}
	return fmt.Sprintf("%s is %s, which is not this machine: correct its A and AAAA records", name, strings.Join(elsewhere, " and "))
}
