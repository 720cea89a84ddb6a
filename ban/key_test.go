package ban

import (
	"crypto/hmac"
	"crypto/sha256"
	"net/netip"
	"testing"
)

func TestTaggerIsHMAC(t *testing.T) {
	key := Key([]byte("0123456789abcdef0123456789abcdef"))
	tags := newTagger(key)
	want := func(message string) []byte {
		mac := hmac.New(sha256.New, key[:])
		mac.Write([]byte(message))
		return mac.Sum(nil)
	}
	six := netip.MustParseAddr("2001:db8:1:2:3:4:5:6")
	raw := six.As16()
	four := tags.address(netip.AddrFrom4([4]byte{1, 2, 3, 4}))
	one, net := tags.address(six), tags.net64(six)
	for _, tt := range []struct {
		message string
		got     []byte
	}{
		{"4\x01\x02\x03\x04", four[:]},
		{"6" + string(raw[:]), one[:]},
		{"n" + string(raw[:8]), net[:]},
		{"joingyd ban key", key.id()},
	} {
		if want := want(tt.message)[:len(tt.got)]; string(tt.got) != string(want) {
			t.Errorf("tag of %q = %x, want %x", tt.message, tt.got, want)
		}
	}
}
