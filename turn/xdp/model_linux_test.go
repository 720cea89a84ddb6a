package xdp_test

import (
	"encoding/binary"
	"net/netip"

	"github.com/joingyd/joingyd/turn/xdp"
)

// packet is a ChannelData message to the server, and how it is wrapped.
type packet struct {
	source, destination netip.AddrPort
	channel             uint16
	data                []byte
	padding             []byte // after the data
	ttl, tos            byte
	flow                uint32 // IPv6 flow label, IPv4 ID
	noChecksum          bool
	trailer             []byte // after the IP packet
	sourceMAC, toMAC    [6]byte
}

// frame builds the packet from nothing, checksums in full.
func (p packet) frame() []byte {
	message := binary.BigEndian.AppendUint16(nil, p.channel)
	message = binary.BigEndian.AppendUint16(message, uint16(len(p.data)))
	message = append(append(message, p.data...), p.padding...)
	return p.wrap(message)
}

// wrap is frame for any UDP payload.
func (p packet) wrap(payload []byte) []byte {
	be := binary.BigEndian
	udp := be.AppendUint16(nil, p.source.Port())
	udp = be.AppendUint16(udp, p.destination.Port())
	udp = be.AppendUint16(udp, uint16(8+len(payload)))
	udp = append(append(udp, 0, 0), payload...)

	source, destination := p.source.Addr().Unmap(), p.destination.Addr().Unmap()
	pseudo := append(source.AsSlice(), destination.AsSlice()...)
	pseudo = be.AppendUint32(pseudo, uint32(len(udp)))
	pseudo = be.AppendUint32(pseudo, 17)
	if !p.noChecksum {
		sum := checksum(append(pseudo, udp...))
		if sum == 0 {
			sum = 0xffff
		}
		be.PutUint16(udp[6:], sum)
	}
	frame := append(append([]byte(nil), p.toMAC[:]...), p.sourceMAC[:]...)
	if source.Is4() {
		ip := []byte{0x45, p.tos, 0, 0, 0, 0, 0x40, 0, p.ttl, 17, 0, 0}
		be.PutUint16(ip[2:], uint16(20+len(udp)))
		be.PutUint16(ip[4:], uint16(p.flow))
		ip = append(append(ip, source.AsSlice()...), destination.AsSlice()...)
		be.PutUint16(ip[10:], checksum(ip))
		frame = append(append(frame, 0x08, 0x00), ip...)
	} else {
		ip := be.AppendUint32(nil, 6<<28|uint32(p.tos)<<20|p.flow&0xfffff)
		ip = be.AppendUint16(ip, uint16(len(udp)))
		ip = append(ip, 17, p.ttl)
		ip = append(append(ip, source.AsSlice()...), destination.AsSlice()...)
		frame = append(append(frame, 0x86, 0xdd), ip...)
	}
	return append(append(frame, udp...), p.trailer...)
}

// checksum is RFC 1071's.
func checksum(b []byte) uint16 {
	var sum uint64
	for i, octet := range b {
		if i%2 == 0 {
			sum += uint64(octet) << 8
		} else {
			sum += uint64(octet)
		}
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

// model says what becomes of frames, in plain Go.
type model struct {
	flows map[xdp.Flow]xdp.Target
	hops  map[netip.Addr]hop // by target
}

type hop struct {
	device string // that the frame leaves through
	from   [6]byte
	to     [6]byte
}

// forward returns the frame that is sent for one that arrives, and where to, or
// false if it isn't forwardable.
func (m *model) forward(frame []byte) (out []byte, via hop, ok bool) {
	p, ok := parse(frame)
	if !ok || p.ttl <= 1 {
		return nil, hop{}, false
	}
	target, ok := m.flows[xdp.Flow{Client: p.source, Server: p.destination, Channel: p.channel}]
	if !ok {
		return nil, hop{}, false
	}
	via, ok = m.hops[target.Client.Addr()]
	p.source, p.destination, p.channel = target.Server, target.Client, target.Channel
	p.ttl, p.sourceMAC, p.toMAC = 64, via.from, via.to
	out = p.frame()
	// What this packet type has no field for stays as it came.
	if p.source.Addr().Is4() {
		out[20] = frame[20]
		copy(out[24:26], []byte{0, 0})
		binary.BigEndian.PutUint16(out[24:], checksum(out[14:34]))
	}
	return out, via, ok
}

// parse takes a frame apart if it is exactly what may be forwarded.
func parse(frame []byte) (p packet, ok bool) {
	be := binary.BigEndian
	if len(frame) < 14 {
		return p, false
	}
	var udp []byte
	var source, destination netip.Addr
	switch ip := frame[14:]; be.Uint16(frame[12:]) {
	case 0x0800:
		if len(ip) < 20 || ip[0] != 0x45 || be.Uint16(ip[6:])&^0x4000 != 0 || ip[9] != 17 {
			return p, false
		}
		total := int(be.Uint16(ip[2:]))
		if total < 28 || total > len(ip) || checksum(ip[:20]) != 0 {
			return p, false
		}
		source, destination = netip.AddrFrom4([4]byte(ip[12:16])), netip.AddrFrom4([4]byte(ip[16:20]))
		p.tos, p.flow, p.ttl = ip[1], uint32(be.Uint16(ip[4:])), ip[8]
		udp, p.trailer = ip[20:total], ip[total:]
	case 0x86dd:
		if len(ip) < 48 || ip[0]>>4 != 6 || ip[6] != 17 {
			return p, false
		}
		length := int(be.Uint16(ip[4:]))
		if length < 8 || 40+length > len(ip) {
			return p, false
		}
		source, destination = netip.AddrFrom16([16]byte(ip[8:24])), netip.AddrFrom16([16]byte(ip[24:40]))
		p.tos, p.flow, p.ttl = byte(be.Uint16(ip)>>4), be.Uint32(ip)&0xfffff, ip[7]
		udp, p.trailer = ip[40:40+length], ip[40+length:]
	default:
		return p, false
	}
	if int(be.Uint16(udp[4:])) != len(udp) || len(udp) < 12 || len(udp) > 1608 {
		return p, false
	}
	p.noChecksum = be.Uint16(udp[6:]) == 0
	if p.noChecksum && source.Is6() {
		return p, false
	}
	if !p.noChecksum {
		pseudo := append(source.AsSlice(), destination.AsSlice()...)
		pseudo = be.AppendUint32(pseudo, uint32(len(udp)))
		pseudo = be.AppendUint32(pseudo, 17)
		if checksum(append(pseudo, udp...)) != 0 {
			return p, false
		}
	}
	p.source = netip.AddrPortFrom(source, be.Uint16(udp))
	p.destination = netip.AddrPortFrom(destination, be.Uint16(udp[2:]))
	p.channel = be.Uint16(udp[8:])
	length := int(be.Uint16(udp[10:]))
	padding := len(udp) - 12 - length
	if p.channel < 0x4000 || p.channel > 0x7fff || padding < 0 || padding > 0 && (padding > 3 || len(udp)%4 != 0) {
		return p, false
	}
	p.data, p.padding = udp[12:12+length], udp[12+length:]
	copy(p.toMAC[:], frame)
	copy(p.sourceMAC[:], frame[6:])
	return p, true
}
