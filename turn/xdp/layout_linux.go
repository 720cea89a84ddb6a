package xdp

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// The layouts that the program and this process share.

// header is what identifies a packet of a flow, before or after it is rewritten:
// source and destination address (16 bytes each, IPv4 mapped to ::ffff:), source
// and destination port, channel, all as on the wire; and 4 or 6, the IP version,
// lest an IPv6 packet with mapped addresses passes for one of IPv4.
type header [headerSize]byte

const (
	headerSource      = 0
	headerDestination = 16
	headerPorts       = 32
	headerChannel     = 36
	headerVersion     = 38
	headerSize        = 40
)

// A slot is a flow's place in the slots map.
const (
	slotReceived = 0                // header: packets must have it
	slotSent     = headerSize       // header: packets get it
	slotUDPDelta = 2 * headerSize   // what the rewriting adds to the UDP checksum's sum
	slotIPDelta  = slotUDPDelta + 2 // and to that of IPv4, the TTL aside
	slotUntil    = slotUDPDelta + 8 // nanoseconds of CLOCK_MONOTONIC
	slotRate     = slotUntil + 8    // bytes a second, 0 for no bound
	slotMeter    = slotRate + 8     // see charge
	slotPackets  = slotMeter + 8
	slotBytes    = slotPackets + 8
	slotDropped  = slotBytes + 8
	slotLast     = slotDropped + 8 // nanoseconds of CLOCK_MONOTONIC
	slotSize     = slotLast + 8
)

// The value of the flows map: a slot's index, and nothing yet.
const (
	flowSlot = 0
	flowSize = 8
)

// The counters map, one value a CPU.
const (
	countForwarded = 8 * iota
	countDropped
	countChecksum
	countExpired
	countForwarding
	countNeighbour
	countMTU
	countRoute
	countSize
)

// The values of the ports map, which tells how an interface (its index is the key)
// is attached.
const (
	portGeneric = 1
	portNative  = 2
)

func newHeader(source, destination netip.AddrPort, channel uint16) (h header) {
	a := source.Addr().As16()
	copy(h[headerSource:], a[:])
	a = destination.Addr().As16()
	copy(h[headerDestination:], a[:])
	binary.BigEndian.PutUint16(h[headerPorts:], source.Port())
	binary.BigEndian.PutUint16(h[headerPorts+2:], destination.Port())
	binary.BigEndian.PutUint16(h[headerChannel:], channel)
	binary.BigEndian.PutUint16(h[headerVersion:], 6)
	if source.Addr().Unmap().Is4() {
		binary.BigEndian.PutUint16(h[headerVersion:], 4)
	}
	return h
}

// received is the header of f's packets when they arrive.
func (f Flow) received() (header, error) {
	if err := check(f.Client, f.Server, f.Channel); err != nil {
		return header{}, fmt.Errorf("%w flow: %w", ErrInvalid, err)
	}
	return newHeader(f.Client, f.Server, f.Channel), nil
}

// sent is the header that packets to t get.
func (t Target) sent() (header, error) {
	if err := check(t.Client, t.Server, t.Channel); err != nil {
		return header{}, fmt.Errorf("%w target: %w", ErrInvalid, err)
	}
	return newHeader(t.Server, t.Client, t.Channel), nil
}

func check(client, server netip.AddrPort, channel uint16) error {
	for _, a := range []netip.AddrPort{client, server} {
		addr := a.Addr().Unmap()
		switch {
		case !addr.IsValid() || a.Port() == 0:
			return fmt.Errorf("address %v is not complete", a)
		case addr.IsUnspecified() || addr.IsMulticast() || addr.Zone() != "":
			return fmt.Errorf("address %v is not one host's", a)
		}
	}
	if client.Addr().Unmap().Is4() != server.Addr().Unmap().Is4() {
		return fmt.Errorf("%v and %v are of two families", client, server)
	}
	if channel < 0x4000 || channel > 0x7fff {
		return fmt.Errorf("no channel has number %#04x", channel)
	}
	return nil
}

// delta is the one's complement sum of what replaces the first n bytes of from,
// minus that of what is replaced (RFC 1624). The mapped prefixes of IPv4 addresses
// cancel out.
func delta(from, to *header, n int) uint16 {
	var sum uint32
	for i := 0; i < n; i += 2 {
		sum += uint32(^binary.BigEndian.Uint16(from[i:]))
		sum += uint32(binary.BigEndian.Uint16(to[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return uint16(sum)
}
