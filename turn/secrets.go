package turn

import (
	"errors"
	"fmt"
	"time"
)

// maxSecrets bounds the secrets at a time: a request may be tried with each.
const maxSecrets = 8

// ErrTooManySecrets says that credentials under so many secrets have not ended yet.
var ErrTooManySecrets = errors.New("turn: credentials under too many secrets are still good")

// SecretUse is a secret that signs credentials of sessions, or has signed some that
// are still good.
type SecretUse struct {
	Secret [32]byte
	Until  time.Time // end of the last credentials under it; zero: new ones get it
}

// Rotate makes secret the one that signs credentials. Those given before are good
// until they end, and allocations that were made with them go on for as long as
// their clients refresh them: an allocation remembers the key of its requests, so no
// secret is kept for it. The secret before is forgotten when the last credentials
// under it have ended.
//
// Before anything changes, save has to put the secret where the next New gets it.
// Its error ends the rotation, and so does ErrTooManySecrets. Nothing else need be
// saved: sessions do not outlive a Server, nor do their credentials.
func (s *Server) Rotate(secret [32]byte, save func() error) error {
	s.rotating.Lock() // so that the secret that is used is the one that was saved last
	defer s.rotating.Unlock()
	if held := s.Secrets(); len(held) >= maxSecrets {
		return fmt.Errorf("%w; rotate again after %v", ErrTooManySecrets, held[len(held)-1].Until.Sub(s.now()).Round(time.Second))
	}
	if err := save(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	secrets := []SecretUse{{Secret: secret}}
	for i, held := range s.secrets {
		if i == 0 {
			held.Until = s.now().Add(s.opts.CredentialLifetime)
		}
		secrets = append(secrets, held)
	}
	s.secrets = secrets
	s.forgetSecretsLocked()
	return nil
}

// Secrets lists the secrets, the current first, then the one before.
func (s *Server) Secrets() []SecretUse {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgetSecretsLocked()
	return append([]SecretUse(nil), s.secrets...)
}

// forgetSecrets forgets the secrets that nobody needs any more.
func (s *Server) forgetSecrets() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgetSecretsLocked()
}

// forgetSecretsLocked forgets them, and does so again when the next one's time is over.
func (s *Server) forgetSecretsLocked() {
	left := len(s.secrets)
	for left > 1 && !s.secrets[left-1].Until.After(s.now()) { // the last one ends first
		left--
	}
	if left < len(s.secrets) {
		s.secrets = append([]SecretUse(nil), s.secrets[:left]...) // the list was given out
	}
	if left == 1 || s.closed {
		return
	}
	after := max(s.secrets[left-1].Until.Sub(s.now()), time.Second)
	if s.forget == nil {
		s.forget = time.AfterFunc(after, s.forgetSecrets)
		return
	}
	s.forget.Reset(after)
}

// sessionKeys are the keys that a session's username may go with: one of each secret
// under which its credentials can have been made. What claims to end later than the
// last ones of a secret was made by somebody who has read it.
func (s *Server) sessionKeys(secrets []SecretUse, username string, expires time.Time) (keys [][]byte) {
	for _, held := range secrets {
		if held.Until.IsZero() || !expires.After(held.Until) {
			keys = append(keys, longTermKey(username, s.opts.Realm, password(held.Secret[:], username)))
		}
	}
	return keys
}
