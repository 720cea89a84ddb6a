package ban

import "fmt"

// errKeyGone is about a pseudonym that has outlived its key.
var errKeyGone = fmt.Errorf("%w: the key of this pseudonym is gone; ban the address", ErrInvalid)

// KeyUse is a key of the store, by its number, and how many bans need it.
type KeyUse struct {
	Key     Key  `json:"-"`
	Number  int  `json:"number"`
	Current bool `json:"current"`
	Bans    int  `json:"bans"`
}

// Keys returns the keys at hand, the current first.
func (s *Store) Keys() (list []KeyUse) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	ring := &s.idx.ring
	for _, number := range ring.numbers {
		list = append(list, KeyUse{ring.keys[number], int(number), number == ring.current, s.idx.taggedBy(number)})
	}
	return list
}

// Rotate makes key the one for new bans. The keys before stay valid as long as
// bans need them, and the last one at any rate; others are forgotten, and what
// the history tells of their bans is no offence any more.
//
// Before anything changes, save gets all keys that are left, key first: it has to
// put them where Open gets them the next time. Its error ends the rotation. No
// ban is made while it runs.
func (s *Store) Rotate(key Key, save func(Keys) error) error {
	return s.update(func(c *change) error {
		keys := Keys{key}
		for _, number := range c.ring.numbers {
			if number == c.ring.current || c.needs(number) {
				keys = append(keys, c.ring.keys[number])
			}
		}
		ring, err := newRing(c.tx, keys)
		if err != nil {
			return refusal{err}
		}
		if err := save(keys); err != nil {
			return refusal{err}
		}
		if _, err := ring.saveNumbers(c.tx); err != nil {
			return err
		}
		c.ring = &ring
		c.apply = append(c.apply, func(x *index) { x.ring = ring })
		return nil
	})
}

// needs reports whether a ban has a tag of this key, now or before the change.
func (c *change) needs(number uint8) bool {
	for at := range c.added {
		if at.rule.key == number {
			return true
		}
	}
	return c.idx.taggedBy(number) > 0
}

// taggedBy counts the bans whose tag a key has made.
func (x *index) taggedBy(number uint8) (n int) {
	for _, bans := range x.tagged[number] {
		n += bans
	}
	return n
}
