package turn

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/binary"
	"net/netip"
)

const (
	magicCookie   = 0x2112a442
	integritySize = 24 // MESSAGE-INTEGRITY with its header
)

// Methods and classes (RFC 8489 section 5, RFC 8656 section 17).
const (
	methodBinding          = 0x001
	methodAllocate         = 0x003
	methodRefresh          = 0x004
	methodSend             = 0x006
	methodData             = 0x007
	methodCreatePermission = 0x008
	methodChannelBind      = 0x009

	classRequest    = 0
	classIndication = 1
	classError      = 3
)

// Attributes (RFC 8489 section 18.3, RFC 8656 section 18).
const (
	attrUsername           = 0x0006
	attrMessageIntegrity   = 0x0008
	attrChannelNumber      = 0x000c
	attrLifetime           = 0x000d
	attrXORPeerAddress     = 0x0012
	attrData               = 0x0013
	attrRealm              = 0x0014
	attrNonce              = 0x0015
	attrRequestedFamily    = 0x0017
	attrEvenPort           = 0x0018
	attrRequestedTransport = 0x0019
	attrDontFragment       = 0x001a
	attrIntegritySHA256    = 0x001c
	attrReservationToken   = 0x0022
)

// Address families (RFC 8489 section 14.1).
const (
	familyIPv4 = 1
	familyIPv6 = 2
)

// message is a STUN message whose framing has been checked. It aliases the bytes
// that it was parsed from.
type message struct {
	raw       []byte
	method    uint16
	class     int
	integrity int // offset of MESSAGE-INTEGRITY, 0 if there is none
}

// parseMessage checks header and attribute framing (RFC 8489 section 5 and 14).
func parseMessage(raw []byte) (message, bool) {
	if len(raw) < stunHeader || raw[0]>>6 != 0 || binary.BigEndian.Uint32(raw[4:]) != magicCookie {
		return message{}, false
	}
	if length := int(binary.BigEndian.Uint16(raw[2:])); length%4 != 0 || length != len(raw)-stunHeader {
		return message{}, false
	}
	kind := binary.BigEndian.Uint16(raw)
	m := message{
		raw:    raw,
		method: kind&0x000f | kind&0x00e0>>1 | kind&0x3e00>>2,
		class:  int(kind>>4&1 | kind>>7&2),
	}
	for at := stunHeader; at < len(raw); {
		if at+4 > len(raw) {
			return message{}, false
		}
		attr, length := binary.BigEndian.Uint16(raw[at:]), int(binary.BigEndian.Uint16(raw[at+2:]))
		if at+4+length > len(raw) {
			return message{}, false
		}
		if attr == attrMessageIntegrity && m.integrity == 0 {
			if length != sha1.Size {
				return message{}, false
			}
			m.integrity = at
		}
		at += 4 + (length+3)/4*4
	}
	return m, true
}

// attributes calls visit with each attribute that counts: those before
// MESSAGE-INTEGRITY, or all where there is none. It ends when visit returns
// false.
func (m message) attributes(visit func(attr uint16, value []byte) bool) {
	end := len(m.raw)
	if m.integrity != 0 {
		end = m.integrity
	}
	for at := stunHeader; at < end; {
		attr, length := binary.BigEndian.Uint16(m.raw[at:]), int(binary.BigEndian.Uint16(m.raw[at+2:]))
		if !visit(attr, m.raw[at+4:at+4+length]) {
			return
		}
		at += 4 + (length+3)/4*4
	}
}

// get returns the first attribute of the kind that counts.
func (m message) get(attr uint16) (value []byte, ok bool) {
	m.attributes(func(kind uint16, v []byte) bool {
		if kind == attr {
			value, ok = v, true
		}
		return !ok
	})
	return value, ok
}

// transaction returns the transaction id.
func (m message) transaction() (id [12]byte) {
	copy(id[:], m.raw[8:])
	return id
}

// truncate cuts what comes after MESSAGE-INTEGRITY: it is not protected, and
// must be ignored (RFC 8489 section 14.5). It changes the bytes in place.
func (m message) truncate() []byte {
	if m.integrity == 0 {
		return m.raw
	}
	end := m.integrity + integritySize
	binary.BigEndian.PutUint16(m.raw[2:], uint16(end-stunHeader))
	return m.raw[:end]
}

// signedBy reports whether MESSAGE-INTEGRITY is right under key.
func (m message) signedBy(key []byte) bool {
	mac := hmac.New(sha1.New, key)
	var length [2]byte
	binary.BigEndian.PutUint16(length[:], uint16(m.integrity+integritySize-stunHeader))
	mac.Write(m.raw[:2])
	mac.Write(length[:])
	mac.Write(m.raw[4:m.integrity])
	return hmac.Equal(mac.Sum(nil), m.raw[m.integrity+4:m.integrity+integritySize])
}

// peers returns every XOR-PEER-ADDRESS; !ok if one is malformed.
func (m message) peers() (peers []netip.AddrPort, ok bool) {
	ok = true
	m.attributes(func(attr uint16, value []byte) bool {
		if attr == attrXORPeerAddress {
			var peer netip.AddrPort
			peer, ok = m.xorAddress(value)
			peers = append(peers, peer)
		}
		return ok
	})
	return peers, ok
}

// xorAddress decodes an XOR-…-ADDRESS (RFC 8489 section 14.2).
func (m message) xorAddress(value []byte) (netip.AddrPort, bool) {
	if len(value) < 4 {
		return netip.AddrPort{}, false
	}
	family, port := value[1], binary.BigEndian.Uint16(value[2:])^magicCookie>>16
	ip := append([]byte(nil), value[4:]...)
	if !(family == familyIPv4 && len(ip) == 4 || family == familyIPv6 && len(ip) == 16) {
		return netip.AddrPort{}, false
	}
	for i := range ip {
		ip[i] ^= m.raw[4+i] // cookie, then transaction id
	}
	addr, _ := netip.AddrFromSlice(ip)
	return netip.AddrPortFrom(addr, port), true
}

// messageType is the type field of a method and class.
func messageType(method uint16, class int) uint16 {
	return method&0x000f | method&0x0070<<1 | method&0x0f80<<2 | uint16(class&1)<<4 | uint16(class&2)<<7
}

// knownAttribute reports whether a request may carry the attribute: it is
// comprehension-optional, or understood, or refused where it matters.
func knownAttribute(attr uint16) bool {
	switch attr {
	case attrUsername, attrMessageIntegrity, attrChannelNumber, attrLifetime, attrXORPeerAddress, attrData, attrRealm,
		attrNonce, attrRequestedFamily, attrEvenPort, attrRequestedTransport, attrDontFragment, attrIntegritySHA256, attrReservationToken:
		return true
	}
	return attr >= 0x8000
}

// wellFormed reports whether the attributes of fixed size have it.
func (m message) wellFormed() bool {
	ok := true
	m.attributes(func(attr uint16, value []byte) bool {
		switch attr {
		case attrChannelNumber, attrLifetime, attrRequestedTransport, attrRequestedFamily:
			ok = len(value) == 4
		case attrEvenPort:
			ok = len(value) == 1
		case attrReservationToken:
			ok = len(value) == 8
		case attrDontFragment:
			ok = len(value) == 0
		case attrXORPeerAddress:
			_, ok = m.xorAddress(value)
		case attrUsername:
			ok = len(value) <= 508
		case attrRealm, attrNonce:
			ok = len(value) <= 763
		}
		return ok
	})
	return ok
}
