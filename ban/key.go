package ban

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"net/netip"
	"sync"
)

// Key is the secret of the HMACs. It prints as REDACTED, whatever prints it.
type Key [32]byte

// Keys are the keys of a store: the first makes the tags of new bans, and all of
// them find the bans that there are.
type Keys []Key

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

// tagger computes HMAC-SHA256 without allocating. crypto/hmac remembers the state
// after its key, which halves the work, but needs memory of its own.
type tagger struct{ pool sync.Pool }

// mac is a tagger's memory for one call.
type mac struct {
	hash    hash.Hash
	message [1 + 16]byte
	sum     [sha256.Size]byte
}

func newTagger(key Key) *tagger {
	return &tagger{sync.Pool{New: func() any { return &mac{hash: hmac.New(sha256.New, key[:])} }}}
}

// tag keeps the kinds apart: an address never has the tag of a /64. raw has 16
// bytes at most.
func (t *tagger) tag(kind byte, raw []byte) tag {
	m := t.pool.Get().(*mac)
	defer t.pool.Put(m)
	m.message[0] = kind
	n := 1 + copy(m.message[1:], raw)
	m.hash.Reset()
	m.hash.Write(m.message[:n])
	return tag(m.hash.Sum(m.sum[:0]))
}

// id tells one key from another without giving it away.
func (k Key) id() []byte {
	h := hmac.New(sha256.New, k[:])
	h.Write([]byte("joingyd ban key"))
	return h.Sum(nil)[:8]
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
