package main

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"encoding/binary"
	"net/netip"
)

const (
	stunHeader  = 20
	magicCookie = 0x2112a442
)

// Types of requests (RFC 8489 section 5, RFC 8656 section 17).
const (
	allocateRequest    = 0x0003
	refreshRequest     = 0x0004
	channelBindRequest = 0x0009

	successBit = 0x0100
	errorBits  = 0x0110
)

// Attributes (RFC 8489 section 18.3, RFC 8656 section 18).
const (
	attrUsername         = 0x0006
	attrIntegrity        = 0x0008
	attrErrorCode        = 0x0009
	attrChannelNumber    = 0x000c
	attrLifetime         = 0x000d
	attrPeerAddress      = 0x0012
	attrRealm            = 0x0014
	attrNonce            = 0x0015
	attrRelayedAddress   = 0x0016
	attrRequestTransport = 0x0019
)

type transactionID [12]byte

// appendRequest starts a STUN message without attributes.
func appendRequest(b []byte, kind uint16, id transactionID) []byte {
	b = binary.BigEndian.AppendUint16(b, kind)
	b = binary.BigEndian.AppendUint16(b, 0)
	b = binary.BigEndian.AppendUint32(b, magicCookie)
	return append(b, id[:]...)
}

// appendAttribute adds an attribute to the message that b holds from its start.
func appendAttribute[T string | []byte](b []byte, kind uint16, value T) []byte {
	b = binary.BigEndian.AppendUint16(b, kind)
	b = binary.BigEndian.AppendUint16(b, uint16(len(value)))
	b = append(b, value...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)-stunHeader))
	return b
}

// appendIntegrity signs the message with MESSAGE-INTEGRITY (RFC 8489 section 14.5).
func appendIntegrity(b, key []byte) []byte {
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)-stunHeader+4+sha1.Size))
	mac := hmac.New(sha1.New, key)
	mac.Write(b)
	return appendAttribute(b, attrIntegrity, mac.Sum(nil))
}

// longTermKey is the key of RFC 8489 section 9.2.2.
func longTermKey(username, realm, password string) []byte {
	key := md5.Sum([]byte(username + ":" + realm + ":" + password))
	return key[:]
}

// response is a STUN message from a server. It aliases the bytes it came in.
type response struct {
	kind uint16
	id   transactionID
	rest []byte // attributes
}

// parseResponse checks the header only: attributes are checked as they are read.
func parseResponse(b []byte) (r response, ok bool) {
	if len(b) < stunHeader || b[0]>>6 != 0 || binary.BigEndian.Uint32(b[4:]) != magicCookie ||
		int(binary.BigEndian.Uint16(b[2:])) != len(b)-stunHeader {
		return response{}, false
	}
	copy(r.id[:], b[8:])
	r.kind, r.rest = binary.BigEndian.Uint16(b), b[stunHeader:]
	return r, true
}

// attribute returns the value of the first attribute of the kind, nil if there is
// none.
func (r response) attribute(kind uint16) []byte {
	for b := r.rest; len(b) >= 4; {
		length := int(binary.BigEndian.Uint16(b[2:]))
		padded := 4 + (length+3)/4*4
		if len(b) < padded {
			return nil
		}
		if binary.BigEndian.Uint16(b) == kind {
			return b[4 : 4+length]
		}
		b = b[padded:]
	}
	return nil
}

// errorCode returns the number in ERROR-CODE, 0 if there is none.
func (r response) errorCode() int {
	value := r.attribute(attrErrorCode)
	if len(value) < 4 {
		return 0
	}
	return int(value[2]&7)*100 + int(value[3])
}

// xorIPv4 is the value of an XOR-…-ADDRESS (RFC 8489 section 14.2).
func xorIPv4(addr netip.AddrPort) []byte {
	ip := addr.Addr().As4()
	value := []byte{0, 1}
	value = binary.BigEndian.AppendUint16(value, addr.Port()^magicCookie>>16)
	return binary.BigEndian.AppendUint32(value, binary.BigEndian.Uint32(ip[:])^magicCookie)
}

// parseXORIPv4 is the inverse of xorIPv4.
func parseXORIPv4(value []byte) (addr netip.AddrPort, ok bool) {
	if len(value) != 8 || value[1] != 1 {
		return netip.AddrPort{}, false
	}
	var ip [4]byte
	binary.BigEndian.PutUint32(ip[:], binary.BigEndian.Uint32(value[4:])^magicCookie)
	return netip.AddrPortFrom(netip.AddrFrom4(ip), binary.BigEndian.Uint16(value[2:])^magicCookie>>16), true
}
