package admin

import (
	"fmt"
	"net/netip"
	"strconv"

	"github.com/joingyd/joingyd/ban"
)

// The widest prefixes that need no force: a /16 is what a large provider has,
// and an IPv6 /32 is one provider.
const (
	widest4 = 16
	widest6 = 32
)

// guard refuses targets that are a slip of the hand more often than a wish.
func guard(target ban.Target) error {
	prefix := target.Prefix()
	widest := widest4
	if prefix.Addr().Is6() {
		widest = widest6
	}
	if prefix.Bits() < widest {
		return needsForce("%s is wider than a /%d and keeps out very many people", target, widest)
	}
	for _, special := range []string{"127.0.0.0/8", "::1/128"} {
		if prefix.Overlaps(netip.MustParsePrefix(special)) {
			return needsForce("%s is this machine's own address (behind a proxy, that of every visitor)", target)
		}
	}
	if prefix.Contains(netip.IPv4Unspecified()) || prefix.Contains(netip.IPv6Unspecified()) {
		return needsForce("%s contains the unspecified address, which no visitor has", target)
	}
	return nil
}

func needsForce(format string, args ...any) *Error {
	return &Error{CodeNeedsForce, fmt.Sprintf(format, args...) + "; if you mean it, add --force"}
}

// quote makes any text safe to print, and short.
func quote(text string) string {
	if len(text) > 60 {
		text = text[:60] + "…"
	}
	return strconv.Quote(text)
}
