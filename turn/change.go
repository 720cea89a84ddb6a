package turn

import (
	"fmt"
	"maps"
	"slices"
)

// Limits are how many allocations there may be. They mean what Options says of them.
type Limits struct {
	AllocationsPerSession, AllocationsPerSource, Allocations int
}

func (l Limits) withDefaults() Limits {
	if l.AllocationsPerSession == 0 {
		l.AllocationsPerSession = 32
	}
	if l.AllocationsPerSource == 0 {
		l.AllocationsPerSource = 1024
	}
	if l.Allocations == 0 {
		l.Allocations = 100_000
	}
	return l
}

// Limits are those that hold.
func (s *Server) Limits() Limits { return *s.limits.Load() }

// Limit has other limits hold from now on. Allocations that are past them live on.
func (s *Server) Limit(l Limits) {
	l = l.withDefaults()
	s.limits.Store(&l)
}

// accounts are who may use the relay besides sessions, in open mode.
type accounts struct {
	users   map[string]string
	secrets [][]byte
}

func newAccounts(users map[string]string, secrets [][]byte) (*accounts, error) {
	for _, secret := range secrets {
		if len(secret) < minSecret {
			return nil, fmt.Errorf("turn: a shared secret has %d bytes; use at least %d random ones", len(secret), minSecret)
		}
	}
	return &accounts{maps.Clone(users), slices.Clone(secrets)}, nil
}

// Admitting replaces Open.Users and Open.Secrets. The allocations of who is no longer
// among them live on for as long as their clients refresh them. It does nothing in masked
// mode. An error changes nothing.
func (s *Server) Admitting(users map[string]string, secrets [][]byte) error {
	a, err := newAccounts(users, secrets)
	if err == nil && s.open != nil {
		s.open.accounts.Store(a)
	}
	return err
}

// Accounts returns how many static users and shared secrets there are.
func (s *Server) Accounts() (users, secrets int) {
	if s.open == nil {
		return 0, 0
	}
	a := s.open.accounts.Load()
	return len(a.users), len(a.secrets)
}
