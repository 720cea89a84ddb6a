package ban

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
)

// Key is the secret of the HMACs. It prints as REDACTED, whatever prints it.
type Key [32]byte

const redacted = "REDACTED"

// String returns REDACTED.
func (Key) String() string { return redacted }

// GoString returns REDACTED.
func (Key) GoString() string { return redacted }

// Format writes REDACTED for every verb.
func (Key) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// LogValue returns REDACTED.
func (Key) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns REDACTED, for JSON and its like.
func (Key) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// tag stands for an address or a /64 in the store: the first half of an HMAC.
type tag [16]byte

func (t tag) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, t[:]), nil }

func (t *tag) UnmarshalText(text []byte) error {
	if hex.DecodedLen(len(text)) != len(t) {
		return errors.New("tag has the wrong length")
	}
	_, err := hex.Decode(t[:], text)
	return err
}

// maxMessage is the longest message that a tagger takes.
const maxMessage = sha256.Size

// tagger computes HMAC-SHA256 on the stack. crypto/hmac would need a hash per
// call on the heap or a pool of them; messages this short need neither.
type tagger struct {
	inner, outer [sha256.BlockSize]byte // key xor ipad, key xor opad
}

func newTagger(key Key) *tagger {
	t := new(tagger)
	for i := range t.inner {
		t.inner[i], t.outer[i] = 0x36, 0x5c
	}
	for i, b := range key {
		t.inner[i] ^= b
		t.outer[i] ^= b
	}
	return t
}

// sum takes at most maxMessage bytes.
func (t *tagger) sum(message []byte) [sha256.Size]byte {
	var block [sha256.BlockSize + maxMessage]byte
	n := copy(block[:], t.inner[:])
	n += copy(block[n:], message)
	digest := sha256.Sum256(block[:n])
	copy(block[:], t.outer[:])
	copy(block[sha256.BlockSize:], digest[:])
	return sha256.Sum256(block[:])
}

// keyID tells one key from another without giving it away.
func (t *tagger) keyID() []byte {
	sum := t.sum([]byte("joingyd ban key"))
	return sum[:8]
}

// address tags one unmapped address.
func (t *tagger) address(addr netip.Addr) tag {
	if addr.Is4() {
		raw := addr.As4()
		return t.tag('4', raw[:])
	}
	raw := addr.As16()
	return t.tag('6', raw[:])
}

// net64 tags the /64 around an IPv6 address.
func (t *tagger) net64(addr netip.Addr) tag {
	raw := addr.As16()
	return t.tag('n', raw[:8])
}

// tag keeps the kinds apart: an address never has the tag of a /64.
func (t *tagger) tag(kind byte, raw []byte) tag {
	var message [maxMessage]byte
	message[0] = kind
	n := 1 + copy(message[1:], raw)
	sum := t.sum(message[:n])
	return tag(sum[:len(tag{})])
}
