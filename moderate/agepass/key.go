package agepass

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
)

// Key is a secret, 32 random bytes. It prints as REDACTED.
type Key [32]byte

const redacted = "REDACTED"

// Format writes REDACTED for every verb.
func (Key) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// LogValue returns REDACTED.
func (Key) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns REDACTED, for JSON and its like.
func (Key) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// A token is, in base64url without padding (RFC 4648):
//
//	1   version
//	4   key id
//	n   body
//	32  HMAC-SHA-256 over what comes before
const (
	version  = 1
	idSize   = 4
	headSize = 1 + idSize
	macSize  = sha256.Size
)

// encoding is strict: one token has one text.
var encoding = base64.RawURLEncoding.Strict()

// sealer authenticates tokens of one kind and size. It is safe for concurrent use.
type sealer struct {
	size int // of the body, in bytes
	keys []sealKey
}

type sealKey struct {
	id  [idSize]byte
	mac []byte
}

// newSealer derives the keys for a kind of token: the first signs, all check.
func newSealer(secrets []Key, kind string, size int) sealer {
	s := sealer{size: size}
	for _, secret := range secrets {
		key := sealKey{mac: derive(secret, kind)}
		copy(key.id[:], derive(secret, kind+" id"))
		s.keys = append(s.keys, key)
	}
	return s
}

func derive(secret Key, info string) []byte {
	key, err := hkdf.Key(sha256.New, secret[:], nil, "joingyd age "+info, 32)
	if err != nil {
		panic(err) // only of a length that is too long
	}
	return key
}

func (k sealKey) sum(message []byte) []byte {
	mac := hmac.New(sha256.New, k.mac)
	mac.Write(message)
	return mac.Sum(nil)
}

// seal returns the token of a body.
func (s sealer) seal(body []byte) string {
	key := s.keys[0]
	raw := append([]byte{version}, key.id[:]...)
	raw = append(raw, body...)
	return encoding.EncodeToString(append(raw, key.sum(raw)...))
}

// open returns the body of a token: ErrMalformed, ErrNotOurs.
func (s sealer) open(token string) ([]byte, error) {
	if len(token) != encoding.EncodedLen(headSize+s.size+macSize) {
		return nil, ErrMalformed
	}
	raw, err := encoding.DecodeString(token)
	if err != nil || len(raw) != headSize+s.size+macSize || raw[0] != version {
		return nil, ErrMalformed // the length is wrong where line ends were left out
	}
	message, sum := raw[:headSize+s.size], raw[headSize+s.size:]
	for _, key := range s.keys {
		if [idSize]byte(message[1:headSize]) == key.id && hmac.Equal(sum, key.sum(message)) {
			return message[headSize:], nil
		}
	}
	return nil, ErrNotOurs
}
