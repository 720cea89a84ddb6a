package front

import "slices"

// kind is which service a connection belongs to.
type kind uint8

const (
	kindUnknown kind = iota
	kindHTTP
	kindTURN
)

// What a client may ask for by ALPN (RFC 7301): RFC 7443 for STUN and TURN.
const (
	protocolTURN = "stun.turn"
	protocolSTUN = "stun.nat-discovery"
	protocolHTTP = "http/1.1"
	protocolH2   = "h2"
)

// protocols returns what the port offers by ALPN: its own, the preferred first,
// then what else is asked for.
func protocols(others []string) []string {
	offered := []string{protocolTURN, protocolSTUN, protocolH2, protocolHTTP}
	for _, other := range others {
		if !slices.Contains(offered, other) {
			offered = append(offered, other)
		}
	}
	return offered
}

func byProtocol(protocol string) kind {
	switch protocol {
	case protocolTURN, protocolSTUN:
		return kindTURN
	case protocolH2, protocolHTTP:
		return kindHTTP
	default:
		return kindUnknown
	}
}

// byFirstByte tells what a client speaks from the first byte that it sends.
//
// A STUN message starts with two zero bits, the high five of the method's twelve,
// and one of its class: at most 0x03, as every method of STUN and TURN is far below
// 0x100 (RFC 8489 section 5, RFC 8656 section 17). An HTTP
// request starts with a method, for which only letters are registered (RFC 9110
// section 9). ChannelData starts with 0x40 to 0x4F (RFC 8656 section 12.4), as do
// DELETE, GET, HEAD and OPTIONS, but it never comes first: a channel belongs to a
// connection on which it was bound before. All else, as a TLS record (0x16) on a
// plain port, belongs to nobody.
func byFirstByte(first byte) kind {
	switch {
	case first <= 0x03:
		return kindTURN
	case 'A' <= first && first <= 'Z', 'a' <= first && first <= 'z':
		return kindHTTP
	default:
		return kindUnknown
	}
}
