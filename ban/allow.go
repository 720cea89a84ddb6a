package ban

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"go.etcd.io/bbolt"
)

// Allowed is an address or prefix that no ban keeps out. It is stored in clear.
type Allowed struct {
	Prefix  netip.Prefix `json:"prefix"`
	Note    string       `json:"note"`
	By      string       `json:"by"`
	Created time.Time    `json:"created"`
}

// Allow lets a target in whatever bans are on it, from now on. An entry on the
// same target is replaced.
func (s *Store) Allow(t Target, note, by string) (Allowed, error) {
	if !t.prefix.IsValid() {
		return Allowed{}, fmt.Errorf("%w: the target is missing; make one with ParseTarget", ErrInvalid)
	}
	if err := validateLine("note", note, MaxNote); err != nil {
		return Allowed{}, err
	}
	if err := validateLine("name of the admin", by, maxBy); err != nil {
		return Allowed{}, err
	}
	a := Allowed{Prefix: t.prefix, Note: note, By: by}
	err := s.update(func(c *change) error {
		a.Created = c.now
		return c.allow(a)
	})
	return a, err
}

// Disallow takes exactly this target off the allowlist. The error is ErrNotFound
// if it is not on it.
func (s *Store) Disallow(t Target) (Allowed, error) {
	var a Allowed
	err := s.update(func(c *change) (err error) {
		key := []byte(t.prefix.String())
		value := c.tx.Bucket(allowedBucket).Get(key)
		if value == nil {
			return refusal{ErrNotFound}
		}
		if a, err = decodeAllowed(key, value); err != nil {
			return err
		}
		return c.disallow(t.prefix)
	})
	return a, err
}

// Allowed returns the allowlist, sorted by text.
func (s *Store) Allowed() (list []Allowed, err error) {
	err = s.view(func(tx *bbolt.Tx) error {
		return tx.Bucket(allowedBucket).ForEach(func(key, value []byte) error {
			a, err := decodeAllowed(key, value)
			list = append(list, a)
			return err
		})
	})
	return list, err
}

// AllowedBy returns the entry of the allowlist that lets addr in, the narrowest
// if there are several.
func (s *Store) AllowedBy(addr netip.Addr) (netip.Prefix, bool) {
	addr = plain(addr)
	if !addr.IsValid() {
		return netip.Prefix{}, false
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	prefix, ok := s.idx.allowed.LookupPrefixLPM(netip.PrefixFrom(addr, addr.BitLen()))
	return prefix, ok
}

// encode returns the key and the value in the file.
func (a Allowed) encode() (key, value []byte, err error) {
	key = []byte(a.Prefix.String())
	value, err = json.Marshal(a)
	return key, seal(key, value), err
}

func decodeAllowed(key, value []byte) (a Allowed, err error) {
	content, err := unseal(key, value)
	if err == nil {
		err = json.Unmarshal(content, &a)
	}
	if err == nil && (!a.Prefix.IsValid() || a.Prefix.String() != string(key)) {
		err = errors.New("it holds another prefix")
	}
	if err != nil {
		return a, fmt.Errorf("%w: allowlist %q: %v", ErrCorrupt, key, err)
	}
	return a, nil
}
