package turn

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// nonceLifetime is how long a NONCE is good; RFC 8489 section 9.2 recommends an
// hour at most.
const nonceLifetime = time.Hour

// nonces makes and checks NONCE values without remembering them: an instant, and
// a MAC of it under a key of this process.
type nonces struct{ key [32]byte }

func newNonces() *nonces {
	n := new(nonces)
	rand.Read(n.key[:])
	return n
}

const nonceInstant = 8 // bytes, before a MAC of as many

func (n *nonces) make(now time.Duration) []byte {
	var raw [2 * nonceInstant]byte
	binary.BigEndian.PutUint64(raw[:], uint64(now))
	copy(raw[nonceInstant:], n.mac(raw[:nonceInstant]))
	return hex.AppendEncode(nil, raw[:])
}

// fresh reports whether the nonce was made here, and not too long ago.
func (n *nonces) fresh(now time.Duration, nonce []byte) bool {
	var raw [2 * nonceInstant]byte
	if len(nonce) != hex.EncodedLen(len(raw)) {
		return false
	}
	if _, err := hex.Decode(raw[:], nonce); err != nil {
		return false
	}
	if !hmac.Equal(raw[nonceInstant:], n.mac(raw[:nonceInstant])[:nonceInstant]) {
		return false
	}
	made := time.Duration(binary.BigEndian.Uint64(raw[:]))
	return now-made < nonceLifetime
}

func (n *nonces) mac(instant []byte) []byte {
	mac := hmac.New(sha256.New, n.key[:])
	mac.Write(instant)
	return mac.Sum(nil)
}
