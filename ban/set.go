package ban

import (
	"net/netip"

	"github.com/gaissmai/bart"
)

// Set is what some targets cover together. The zero value is empty. It must not be
// changed while it is asked.
type Set struct{ prefixes bart.Lite }

// Add adds what t covers; of a pseudonym nobody knows what that is.
func (s *Set) Add(t Target) {
	if t.prefix.IsValid() {
		s.prefixes.Insert(t.prefix)
	}
}

// Contains reports whether one of the targets covers addr.
func (s *Set) Contains(addr netip.Addr) bool {
	addr = plain(addr)
	return addr.IsValid() && s.prefixes.Contains(addr)
}
