package ban

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Pseudonym stands for an address or an IPv6 /64 without giving it away: its tag
// under one of the store's keys. It can be banned when the address is known no
// longer. The zero value is invalid.
type Pseudonym struct {
	tag  tag
	key  uint8
	kind Kind
}

// Pseudonym returns that of the usual target for a visitor's address, as
// TargetFor does.
func (s *Store) Pseudonym(addr netip.Addr) Pseudonym {
	t := TargetFor(addr)
	s.mu.RLock()
	defer s.mu.RUnlock()
	ring := &s.idx.ring
	return Pseudonym{tag: ring.taggers[ring.current].target(t), key: ring.current, kind: t.Kind()}
}

// Pseudonyms returns those that the same target has under every key of the store, the
// current one's first: what was noted before a rotation is found by one of them, until
// its key is dropped.
func (s *Store) Pseudonyms(addr netip.Addr) (list []Pseudonym) {
	t := TargetFor(addr)
	s.mu.RLock()
	defer s.mu.RUnlock()
	ring := &s.idx.ring
	for _, key := range ring.numbers {
		list = append(list, Pseudonym{tag: ring.taggers[key].target(t), key: key, kind: t.Kind()})
	}
	return list
}

// Reads reports whether the key of a pseudonym is at hand: of one whose key is gone nobody
// can tell any more whose it is.
func (s *Store) Reads(p Pseudonym) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.idx.ring.has(p.key)
}

// IsValid reports whether p stands for something.
func (p Pseudonym) IsValid() bool { return p.key != 0 }

// String returns KEY:KIND:TAG, which ParsePseudonym reads.
func (p Pseudonym) String() string {
	return fmt.Sprintf("%d:%s:%s", p.key, p.kind, hex.EncodeToString(p.tag[:]))
}

// ParsePseudonym reads what String writes. The error wraps ErrInvalid.
func ParsePseudonym(text string) (p Pseudonym, err error) {
	wrong := fmt.Errorf("%w: %s is no pseudonym", ErrInvalid, quote(text))
	number, rest, _ := strings.Cut(text, ":")
	kind, hexTag, _ := strings.Cut(rest, ":")
	key, err := strconv.ParseUint(number, 10, 8)
	if err != nil || key == 0 || Kind(kind) != KindAddress && Kind(kind) != KindNet64 || p.tag.UnmarshalText([]byte(hexTag)) != nil {
		return Pseudonym{}, wrong
	}
	p.key, p.kind = uint8(key), Kind(kind)
	return p, nil
}

// TargetOf returns the target that p stands for.
func TargetOf(p Pseudonym) Target { return Target{pseudonym: p} }
