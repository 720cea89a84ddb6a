package agepass

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// What may be wrong with a pass or a state.
var (
	ErrMalformed = errors.New("malformed: it was cut or changed on the way")
	ErrNotOurs   = errors.New("not ours: no key of this site signed it")
	ErrOtherSite = errors.New("made for another site")
	ErrExpired   = errors.New("expired: prove your age again")
	ErrNotYet    = errors.New("not yet valid: it ends later than any that is made now, so a clock is wrong or less time is given than before")
	ErrNonce     = errors.New("of another page: the state was not given out with this nonce")
	ErrShort     = errors.New("too short: the checker's word must hold until the next full hour at least")
)

// Bounds of how long a pass lasts.
const (
	DefaultLifetime = 24 * time.Hour
	leastLifetime   = 2 * time.Hour
	mostLifetime    = 30 * 24 * time.Hour

	// skew is how far the clocks of two nodes may differ.
	skew = 2 * time.Minute
)

// Options are what a Signer is made of.
type Options struct {
	Keys     []Key         // the first signs, all check
	Audience string        // the site's host name, in lower case, as visitors type it: chat.example
	Lifetime time.Duration // of a pass, 2 h to 30 days; 0 means DefaultLifetime
}

// Signer makes and checks passes and states. It is safe for concurrent use.
type Signer struct {
	sealers  atomic.Pointer[sealers]
	audience [audienceSize]byte
	lifetime time.Duration
}

// sealers are those of the kinds of tokens, under the same keys.
type sealers struct{ passes, states sealer }

// audienceSize is how much of the hash of a host name a token carries.
const audienceSize = 16

// NewSigner returns a Signer. The error names the option.
func NewSigner(o Options) (*Signer, error) {
	if o.Lifetime == 0 {
		o.Lifetime = DefaultLifetime
	}
	switch {
	case o.Audience == "" || strings.ToLower(o.Audience) != o.Audience || strings.ContainsAny(o.Audience, ":/"):
		return nil, fmt.Errorf("audience: %q is no host name; write it like chat.example", o.Audience)
	case o.Lifetime < leastLifetime || o.Lifetime > mostLifetime:
		return nil, fmt.Errorf("lifetime: %v is not from %v to %v", o.Lifetime, leastLifetime, mostLifetime)
	}
	sum := sha256.Sum256([]byte(o.Audience))
	s := &Signer{audience: [audienceSize]byte(sum[:audienceSize]), lifetime: o.Lifetime}
	if err := s.UseKeys(o.Keys); err != nil {
		return nil, err
	}
	return s, nil
}

// UseKeys replaces the keys: the first signs from now on, and all check. What a key
// that is left out has signed is not ours any more. After an error the keys are those
// before.
func (s *Signer) UseKeys(keys []Key) error {
	if len(keys) == 0 {
		return errors.New("keys: there is none; make one of 32 random bytes")
	}
	if slices.Contains(keys, Key{}) {
		return errors.New("keys: one is all zeros; make one of 32 random bytes")
	}
	s.sealers.Store(&sealers{newSealer(keys, "pass", passSize), newSealer(keys, "state", stateSize)})
	return nil
}

// within checks when something ends that lasts no longer than longest.
func within(ends, now time.Time, longest time.Duration) error {
	switch {
	case !now.Before(ends):
		return ErrExpired
	case ends.After(now.Add(longest + skew)):
		return ErrNotYet
	}
	return nil
}
