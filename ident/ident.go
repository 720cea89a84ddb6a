// Package ident holds the two identities that the relay, the matchmaker and
// the control API share: a session and a pair. They are small comparable
// values, so a swapped argument does not compile and a map key costs no
// allocation.
package ident

import (
	"crypto/rand"
	"encoding/base32"
	"errors"
)

// ErrMalformed says that a text is not the printed form of an identity.
var ErrMalformed = errors.New("not an identity: want 26 characters of a-z and 2-7")

// encoding prints 16 bytes as 26 characters that survive a shell, a URL and a
// double click.
var encoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Session names one visitor's session, from its first hello until it ends. The
// zero value names nobody. It is 128 random bits and says nothing about the
// visitor.
type Session [16]byte

// Pair names one chat between two sessions. The zero value names none. Two
// sessions that meet again are a new pair.
type Pair [16]byte

// NewSession draws a session's identity from crypto/rand.
func NewSession() Session { return Session(random()) }

// NewPair draws a pair's identity from crypto/rand.
func NewPair() Pair { return Pair(random()) }

// String returns the 26-character printed form.
func (s Session) String() string { return encoding.EncodeToString(s[:]) }

// MarshalText implements encoding.TextMarshaler with the printed form.
func (s Session) MarshalText() ([]byte, error) { return encoding.AppendEncode(nil, s[:]), nil }

// UnmarshalText reads what MarshalText writes. Its only error is ErrMalformed.
func (s *Session) UnmarshalText(text []byte) (err error) {
	*s, err = ParseSession(string(text))
	return err
}

// IsZero reports whether s names nobody.
func (s Session) IsZero() bool { return s == Session{} }

// String returns the 26-character printed form.
func (p Pair) String() string { return encoding.EncodeToString(p[:]) }

// IsZero reports whether p names no pair.
func (p Pair) IsZero() bool { return p == Pair{} }

// ParseSession reads the form that String prints. Its only error is
// ErrMalformed.
func ParseSession(text string) (Session, error) {
	raw, err := parse(text)
	return Session(raw), err
}

// ParsePair reads the form that String prints. Its only error is ErrMalformed.
func ParsePair(text string) (Pair, error) {
	raw, err := parse(text)
	return Pair(raw), err
}

func random() (raw [16]byte) {
	rand.Read(raw[:]) // never fails: see crypto/rand
	return raw
}

func parse(text string) (raw [16]byte, err error) {
	if len(text) != encoding.EncodedLen(len(raw)) {
		return raw, ErrMalformed
	}
	decoded, err := encoding.DecodeString(text)
	if err != nil {
		return raw, ErrMalformed
	}
	copy(raw[:], decoded)
	if encoding.EncodeToString(raw[:]) != text {
		return [16]byte{}, ErrMalformed // padding bits set: two texts for one identity
	}
	return raw, nil
}
