package agepass

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
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

// Signer makes and checks passes and states. It is safe for concurrent use; to
// replace a key, make another one.
type Signer struct {
	passes, states sealer
	audience       [audienceSize]byte
	lifetime       time.Duration
}

// audienceSize is how much of the hash of a host name a token carries.
const audienceSize = 16

// NewSigner returns a Signer. The error names the option.
func NewSigner(o Options) (*Signer, error) {
	if o.Lifetime == 0 {
		o.Lifetime = DefaultLifetime
	}
	switch {
	case len(o.Keys) == 0:
		return nil, errors.New("keys: there is none; make one of 32 random bytes")
	case o.Audience == "" || strings.ToLower(o.Audience) != o.Audience || strings.ContainsAny(o.Audience, ":/"):
		return nil, fmt.Errorf("audience: %q is no host name; write it like chat.example", o.Audience)
	case o.Lifetime < leastLifetime || o.Lifetime > mostLifetime:
		return nil, fmt.Errorf("lifetime: %v is not from %v to %v", o.Lifetime, leastLifetime, mostLifetime)
	}
	for _, key := range o.Keys {
		if key == (Key{}) {
			return nil, errors.New("keys: one is all zeros; make one of 32 random bytes")
		}
	}
	sum := sha256.Sum256([]byte(o.Audience))
	return &Signer{
		passes:   newSealer(o.Keys, "pass", passSize),
		states:   newSealer(o.Keys, "state", stateSize),
		audience: [audienceSize]byte(sum[:audienceSize]),
		lifetime: o.Lifetime,
	}, nil
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
