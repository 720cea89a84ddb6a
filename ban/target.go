package ban

import (
	"fmt"
	"net/netip"
	"strings"
)

// Target is what a ban is put on. The zero value is invalid.
type Target struct {
	prefix    netip.Prefix // unmapped, without zone, masked
	pseudonym Pseudonym    // in its place
	typed     string
}

// ParseTarget reads an address or a prefix, as an admin types it. An IPv4
// address stands for itself and an IPv6 address for its /64; write /128 to mean
// a single one. IPv4-mapped forms become IPv4. Zones and set host bits are
// refused. The error wraps ErrInvalid and says what to type instead.
func ParseTarget(text string) (Target, error) {
	text = strings.TrimSpace(text)
	if strings.Contains(text, "%") {
		return Target{}, fmt.Errorf("%w: %s has a zone, which means nothing to other machines; leave out the part from %% on", ErrInvalid, quote(text))
	}
	if !strings.Contains(text, "/") {
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return Target{}, notATarget(text)
		}
		target := TargetFor(addr)
		target.typed = text
		return target, nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return Target{}, notATarget(text)
	}
	if prefix, err = unmapPrefix(prefix); err != nil {
		return Target{}, err
	}
	if masked := prefix.Masked(); masked != prefix {
		return Target{}, fmt.Errorf("%w: %s has bits set behind the prefix; write %s for the prefix, or %s for one address",
			ErrInvalid, prefix, masked, single(prefix.Addr()))
	}
	return Target{prefix: prefix, typed: text}, nil
}

// TargetFor returns the usual target for a visitor's address: itself if IPv4,
// its /64 if IPv6.
func TargetFor(addr netip.Addr) Target {
	addr = plain(addr)
	bits := 64
	if addr.Is4() {
		bits = 32
	}
	prefix := netip.PrefixFrom(addr, bits).Masked()
	return Target{prefix: prefix, typed: single(addr)}
}

// IsValid reports whether t came from ParseTarget, TargetFor or TargetOf.
func (t Target) IsValid() bool { return t.prefix.IsValid() || t.pseudonym.IsValid() }

// Prefix returns what t covers; it is invalid if only a pseudonym is known.
func (t Target) Prefix() netip.Prefix { return t.prefix }

// Contains reports whether t covers addr. Of a pseudonym only the store can tell:
// see [Store.Covers].
func (t Target) Contains(addr netip.Addr) bool { return t.prefix.Contains(plain(addr)) }

// Kind tells how t is stored.
func (t Target) Kind() Kind {
	switch bits := t.prefix.Bits(); {
	case t.pseudonym.IsValid():
		return t.pseudonym.kind
	case bits == t.prefix.Addr().BitLen():
		return KindAddress
	case bits == 64: // IPv4 has no 64 bits
		return KindNet64
	default:
		return KindPrefix
	}
}

// String returns the shortest text that ParseTarget reads as the same target.
func (t Target) String() string {
	switch {
	case t.pseudonym.IsValid():
		return "an address that is not known"
	case t.prefix.IsValid() && t.prefix.IsSingleIP():
		return single(t.prefix.Addr())
	}
	return t.prefix.String()
}

// single writes one address so that ParseTarget means only it.
func single(addr netip.Addr) string {
	if addr.Is6() {
		return netip.PrefixFrom(addr, 128).String()
	}
	return addr.String()
}

// plain strips what lets one address be written in two ways.
func plain(addr netip.Addr) netip.Addr { return addr.Unmap().WithZone("") }

func unmapPrefix(prefix netip.Prefix) (netip.Prefix, error) {
	if !prefix.Addr().Is4In6() {
		return prefix, nil
	}
	bits := prefix.Bits() - 96
	if bits < 0 {
		return prefix, fmt.Errorf("%w: %s mixes an IPv4 address with an IPv6 prefix; write the IPv4 prefix, such as %s",
			ErrInvalid, prefix, netip.PrefixFrom(prefix.Addr().Unmap(), 24).Masked())
	}
	return netip.PrefixFrom(prefix.Addr().Unmap(), bits), nil
}

func notATarget(text string) error {
	return fmt.Errorf("%w: %s is neither an address nor a prefix; write one like 203.0.113.7, 2001:db8::1 or 203.0.113.0/24", ErrInvalid, quote(text))
}

// quote makes any text safe to print, and short.
func quote(text string) string {
	if len(text) > 60 {
		text = text[:60] + "…"
	}
	return fmt.Sprintf("%q", text)
}
