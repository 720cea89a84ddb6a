package agepass

import (
	"crypto/rand"
	"encoding/binary"
	"time"
)

// The body of a pass:
//
//	16  nonce, random
//	4   when it ends, in hours since 1970, UTC
//	16  the first half of SHA-256 of the site's host name
const (
	nonceSize = 16
	hoursSize = 4
	passSize  = nonceSize + hoursSize + audienceSize
)

// Issue returns a pass and when it ends: after the lifetime, or when the checker's
// word does (until, if it is not zero), whichever comes first, and on the full hour
// before it, so that a pass tells nothing of when it was made. The error is
// ErrShort.
func (s *Signer) Issue(now, until time.Time) (pass string, ends time.Time, err error) {
	ends = now.Add(s.lifetime)
	if !until.IsZero() && until.Before(ends) {
		ends = until
	}
	hours := ends.Unix() / 3600
	ends = time.Unix(hours*3600, 0).UTC()
	if !ends.After(now) {
		return "", time.Time{}, ErrShort
	}
	body := make([]byte, nonceSize, passSize)
	rand.Read(body) // never fails: see crypto/rand
	body = binary.BigEndian.AppendUint32(body, uint32(hours))
	return s.sealers.Load().passes.seal(append(body, s.audience[:]...)), ends, nil
}

// Check returns nil for a pass that this site gave out and that is good now, else
// ErrMalformed, ErrNotOurs, ErrOtherSite, ErrExpired or ErrNotYet. The time it
// takes says nothing about the keys.
func (s *Signer) Check(pass string, now time.Time) error {
	body, err := s.sealers.Load().passes.open(pass)
	if err != nil {
		return err
	}
	if [audienceSize]byte(body[nonceSize+hoursSize:]) != s.audience {
		return ErrOtherSite
	}
	hours := binary.BigEndian.Uint32(body[nonceSize:])
	return within(time.Unix(int64(hours)*3600, 0), now, s.lifetime)
}
