package agepass

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"time"
)

// stateLasts is how long a visitor has at the checker's.
const stateLasts = 10 * time.Minute

// The body of a state:
//
//	8   when it ends, in seconds since 1970
//	16  the first half of SHA-256 of the site's host name
//	32  SHA-256 of the nonce
const (
	secondsSize = 8
	stateSize   = secondsSize + audienceSize + sha256.Size
)

// NewState returns a state, which goes to the checker and comes back with the
// visitor, the nonce that the page keeps to itself meanwhile, and when the state
// ends: in 10 minutes.
func (s *Signer) NewState(now time.Time) (state, nonce string, ends time.Time) {
	var raw [nonceSize]byte
	rand.Read(raw[:]) // never fails: see crypto/rand
	nonce = encoding.EncodeToString(raw[:])
	ends = now.Add(stateLasts).UTC().Truncate(time.Second)
	body := binary.BigEndian.AppendUint64(make([]byte, 0, stateSize), uint64(ends.Unix()))
	body = append(body, s.audience[:]...)
	sum := sha256.Sum256([]byte(nonce))
	return s.sealers.Load().states.seal(append(body, sum[:]...)), nonce, ends
}

// CheckState returns nil for a state that this site gave out together with nonce
// and that is good now, else ErrMalformed, ErrNotOurs, ErrOtherSite, ErrNonce,
// ErrExpired or ErrNotYet. A state is good more than once: that a code is not is
// up to the checker.
func (s *Signer) CheckState(state, nonce string, now time.Time) error {
	body, err := s.sealers.Load().states.open(state)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(nonce))
	switch {
	case [audienceSize]byte(body[secondsSize:]) != s.audience:
		return ErrOtherSite
	case subtle.ConstantTimeCompare(body[secondsSize+audienceSize:], sum[:]) != 1:
		return ErrNonce
	}
	ends := int64(binary.BigEndian.Uint64(body))
	return within(time.Unix(ends, 0), now, stateLasts)
}
