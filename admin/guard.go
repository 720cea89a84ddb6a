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

var (
	loopback4 = netip.MustParsePrefix("127.0.0.0/8")
	loopback6 = netip.MustParsePrefix("::1/128")
)

// guard refuses targets that are a slip of the hand more often than a wish, unless
// the request is forced.
func (s *Service) guard(targets []ban.Target, req BanRequest) error {
	own, err := req.own()
	if err != nil || req.Force {
		return err
	}
	for _, target := range targets {
		if err := s.guardOne(target, own); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) guardOne(target ban.Target, own []netip.Addr) error {
	prefix, name := target.Prefix(), target.String()
	if !prefix.IsValid() {
		name = "the reported address"
	}
	if err := guardWidth(prefix, "keeps out"); err != nil {
		return err
	}
	covers := func(addr netip.Addr) bool { return s.bans.Covers(target, addr) }
	switch {
	case prefix.Overlaps(loopback4), prefix.Overlaps(loopback6), covers(loopback4.Addr().Next()), covers(loopback6.Addr()):
		return needsForce("%s is this machine's own address (behind a proxy, that of every visitor)", name)
	case prefix.Contains(netip.IPv4Unspecified()), prefix.Contains(netip.IPv6Unspecified()):
		return needsForce("%s contains the unspecified address, which no visitor has", name)
	}
	for _, addr := range own {
		switch {
		case !covers(addr):
		case prefix.IsValid() && !prefix.IsSingleIP():
			return needsForce("%s contains %s, the address that you are connected from", name, addr)
		default:
			return needsForce("%s is the address that you are connected from", name)
		}
	}
	return nil
}

// guardWidth refuses what is a slip of the hand for being wide.
func guardWidth(prefix netip.Prefix, does string) error {
	widest := widest4
	if prefix.Addr().Is6() {
		widest = widest6
	}
	if prefix.IsValid() && prefix.Bits() < widest {
		return needsForce("%s is wider than a /%d and %s very many people", prefix, widest, does)
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
