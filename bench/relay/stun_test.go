package main

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"testing"
)

// RFC 5769 section 2.4: a request with long-term authentication.
func TestRequestWithLongTermAuthentication(t *testing.T) {
	want, err := hex.DecodeString("000100602112a44278ad3433c6ad72c029da412e" +
		"00060012e3839ee38388e383aae38383e382afe382b90000" +
		"0015001c662f2f3439396b39353464364f4c33346f4c394653547679363473410014000b6578616d706c652e6f726700" +
		"00080014f67024656dd64a3e02b8e0712e85c9a28ca89666")
	if err != nil {
		t.Fatal(err)
	}
	const user, realm = "マトリックス", "example.org"
	got := appendRequest(nil, 0x0001, transactionID(want[8:20]))
	got = appendAttribute(got, attrUsername, user)
	got = appendAttribute(got, attrNonce, "f//499k954d6OL34oL9FSTvy64sA")
	got = appendAttribute(got, attrRealm, realm)
	got = appendIntegrity(got, longTermKey(user, realm, "TheMatrIX"))
	if !bytes.Equal(got, want) {
		t.Errorf("got  %x\nwant %x", got, want)
	}
}

func TestResponse(t *testing.T) {
	id := transactionID{1, 2, 3}
	peer := netip.MustParseAddrPort("198.18.7.9:54321")
	b := appendRequest(nil, allocateRequest|errorBits, id)
	b = appendAttribute(b, attrErrorCode, "\x00\x00\x04\x25Allocation Mismatch")
	b = appendAttribute(b, attrRelayedAddress, xorIPv4(peer))
	r, ok := parseResponse(b)
	if !ok || r.kind != 0x0113 || r.id != id || r.errorCode() != 437 {
		t.Fatalf("parseResponse = %+v, %v, code %d", r, ok, r.errorCode())
	}
	if addr, ok := parseXORIPv4(r.attribute(attrRelayedAddress)); !ok || addr != peer {
		t.Errorf("relayed address %v, %v, want %v", addr, ok, peer)
	}
	if r.attribute(attrNonce) != nil {
		t.Error("an attribute that is not there was found")
	}
	for cut := range b {
		if r, ok := parseResponse(b[:cut]); ok {
			t.Errorf("%d of %d bytes parse as %+v", cut, len(b), r)
		}
	}
	if _, ok := parseXORIPv4(make([]byte, 20)); ok {
		t.Error("an IPv6 address parses as IPv4")
	}
}

func TestAttributeThatLiesAboutItsLength(t *testing.T) {
	b := appendRequest(nil, allocateRequest|successBit, transactionID{})
	b = appendAttribute(b, attrNonce, "four")
	b[stunHeader+3] = 200
	r, ok := parseResponse(b)
	if !ok || r.attribute(attrNonce) != nil {
		t.Errorf("parseResponse ok %v, attribute %q", ok, r.attribute(attrNonce))
	}
}
