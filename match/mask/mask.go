// Package mask removes addresses from what two browsers tell each other before
// they talk: SDP descriptions and trickled ICE candidates.
//
// Nothing is edited in place. A text is checked, parsed, and a new one is built
// of the parts that are known and that match a strict grammar:
//
//	offer ─ plain ─ sdp.Unmarshal ─┬─ v= o= s= t= c=  written anew
//	        ≤ 32 KiB               ├─ session a=      sessionRules ─┐
//	        no NUL, lone CR, …     ├─ m= b=           audio, video  ├─ require ─ sdp.Marshal
//	                               └─ media a=        mediaRules ───┘
//	candidate ─ parseCandidate ─ relayed (udp, typ relay, owned) ─ written anew
//
// A rule says of an attribute's value: keep this rebuilt form, drop it, or
// refuse the whole description. What has no rule is an extension and is dropped
// in silence; a known attribute with a value outside its grammar is refused. No
// grammar has room for a dotted quad, for colon-separated hex (but for a
// fingerprint, which has an exact length), or for a URI that is not on a list.
//
// Two things besides addresses would let a partner recognise somebody: ids of
// streams and tracks, which a page keeps as long as its camera is open, and the
// RTCP cname. They become pseudonyms that change with the DTLS certificate,
// that is, with each peer connection; see pseudonym.
//
// Masking is idempotent: a masked text comes back byte for byte. What a sender
// encodes on purpose in numbers or names of its own choice (an SSRC, a mid) is
// out of reach, as it is in a chat line.
//
// References: RFC 8829 and RFC 9429 (JSEP), RFC 8839 (ICE in SDP), RFC 8445
// (ICE), RFC 8843 (BUNDLE), RFC 8866 (SDP).
package mask

import (
	"errors"
	"fmt"
	"net/netip"
)

// Owns reports whether addr is a relayed transport address of an allocation
// that the sender of the message holds.
type Owns func(addr netip.AddrPort) bool

var (
	// ErrMasked is matched by every refusal: the text cannot be masked and must
	// not be passed on. The detail after it names rules and positions for a
	// client's developer, never a part of the input.
	ErrMasked = errors.New("cannot be masked")

	// ErrIgnored says that a trickled candidate is in order but of no use to the
	// partner (RTCP's own component, while RTCP is multiplexed): drop it without
	// telling anyone. It does not match ErrMasked.
	ErrIgnored = errors.New("candidate of no use to the partner")
)

// Limits on a description, for the one that comes in and the one that goes out.
const (
	maxDescription = 32 << 10 // bytes
	maxMedia       = 16       // m-lines
	maxAttributes  = 2000     // a- and b-lines in all
	maxCandidate   = 1024     // bytes of one trickled candidate
)

// neutral stands where a grammar demands an address.
const neutral = "0.0.0.0"

// refusef makes a refusal. Its arguments are positions, counts and names that
// stand in this package, never input.
func refusef(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMasked, fmt.Sprintf(format, args...))
}
