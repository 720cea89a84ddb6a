package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// needle is what must not turn up, in every form in which it could.
type needle struct {
	name  string
	forms [][]byte
}

// shortest is the form that is long enough not to turn up by chance, in bytes: an
// IPv4 address in binary.
const shortest = 4

func (n *needle) add(forms ...string) {
	for _, form := range forms {
		if len(form) >= shortest {
			n.forms = append(n.forms, []byte(form))
		}
	}
}

// addBytes adds bytes as they are, in hexadecimal, in base64 wherever they begin
// in what is encoded, and as fmt prints them.
func (n *needle) addBytes(raw []byte) {
	digits := hex.EncodeToString(raw)
	n.add(string(raw), digits, strings.ToUpper(digits), strings.Trim(fmt.Sprint(raw), "[]"))
	for skip := range 3 {
		whole := raw[min(skip, len(raw)):]
		whole = whole[:len(whole)/3*3]
		if len(whole) >= 6 {
			n.add(base64.StdEncoding.EncodeToString(whole), base64.URLEncoding.EncodeToString(whole))
		}
	}
}

func secretBytes(name string, raw []byte) needle {
	n := needle{name: name}
	n.addBytes(raw)
	return n
}

// secretText is a text, and what it may be an encoding of.
func secretText(name, text string) needle {
	n := secretBytes(name, []byte(text))
	for _, decode := range []func(string) ([]byte, error){
		base64.StdEncoding.DecodeString, base64.RawURLEncoding.DecodeString, hex.DecodeString,
	} {
		if raw, err := decode(text); err == nil {
			n.addBytes(raw)
		}
	}
	return n
}

// secretPrefix is an address, or an IPv6 /64 by whatever address in it.
func secretPrefix(text string) needle {
	prefix := netip.MustParsePrefix(text)
	addr, raw := prefix.Addr(), prefix.Addr().AsSlice()
	n := needle{name: text}
	switch {
	case addr.Is4():
		n.add(addr.String(), fmt.Sprintf("%02x%02x:%02x%02x", raw[0], raw[1], raw[2], raw[3]))
	case prefix.Bits() == 64:
		n.add(strings.TrimSuffix(addr.String(), ":"), addr.StringExpanded()[:len("2001:0db8:0077:0077")])
	default:
		n.add(addr.String(), addr.StringExpanded())
	}
	n.addBytes(raw[:prefix.Bits()/8])
	return n
}

func (n *needle) in(place []byte) bool {
	return slices.ContainsFunc(n.forms, func(form []byte) bool { return bytes.Contains(place, form) })
}

func TestNeedle(t *testing.T) {
	raw := []byte("\x00\xffkeep this to yourself\x80")
	secret, text := secretBytes("", raw), secretText("", base64.StdEncoding.EncodeToString(raw))
	four, net, six := secretPrefix("203.0.113.77/32"), secretPrefix("2001:db8:77:77::/64"), secretPrefix("2001:db8::77/128")
	for _, tt := range []struct {
		needle needle
		place  string
		want   bool
	}{
		{secret, "a" + string(raw) + "b", true},
		{secret, "a" + string(raw[1:]), false},
		{secret, fmt.Sprintf("key=%x", raw), true},
		{secret, fmt.Sprintf("key=%X", raw), true},
		{secret, fmt.Sprintf("key=%v", raw), true},
		{secret, base64.StdEncoding.EncodeToString(append([]byte("a"), raw...)), true},
		{secret, base64.RawURLEncoding.EncodeToString(append([]byte("ab"), raw...)), true},
		{secret, base64.StdEncoding.EncodeToString(append([]byte("abc"), raw...)), true},
		{text, base64.StdEncoding.EncodeToString(raw), true},
		{text, string(raw), true},
		{four, "from 203.0.113.77:80", true},
		{four, "from 203.0.113.78:80", false},
		{four, "::ffff:cb00:714d", true},
		{four, "\xcb\x00\x71\x4d", true},
		{net, "2001:db8:77:77:1::1", true},
		{net, "2001:db8:77:78::1", false},
		{net, "x\x20\x01\x0d\xb8\x00\x77\x00\x77x", true},
		{six, "2001:db8::77", true},
		{six, "2001:0db8:0000:0000:0000:0000:0000:0077", true},
		{six, "20010db8000000000000000000000077", true},
	} {
		if got := tt.needle.in([]byte(tt.place)); got != tt.want {
			t.Errorf("%q in %q: %v, want %v", tt.needle.forms[0], tt.place, got, tt.want)
		}
	}
}
