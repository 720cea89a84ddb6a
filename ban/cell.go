package ban

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"
)

// A cell is one thing that the nodes of a cluster agree on: who may not come in by
// one rule and scope, or whether one prefix is on the allowlist. Its state is what
// came of everything that was done to it, carried out in the order of the stamps:
//
//	a ban                     is in force
//	an end                    ends it
//	a ban that is NeverSooner is in force, unless the one before lasts as long
//
// whatever the order in which a store heard of it. So a cell keeps the last ban or
// end, and those NeverSooner after it that another end, which is not known yet,
// could leave in force: each of them lasts longer than all after it.
type cell struct {
	id     ID    // of the ban in force, in this store
	ended  int64 // Unix milliseconds of when nothing was in force any more; 0: something is
	parked bool  // in force, and not in this store: the key of its tag is not at hand

	wasParked bool // in the file
	acts      []act
}

// deed is what an act does to its cell.
type deed uint8

const (
	deedEnd  deed = iota // also: off the allowlist
	deedBan              // also: on the allowlist
	deedWeak             // a ban that is NeverSooner
	deeds
)

// act is an item of the log, as far as its cell is concerned.
type act struct {
	stamp stamp
	deed  deed
	until int64 // Unix milliseconds; 0: never, or it is no ban
	at    place
}

// place is where an item is in the log.
type place struct {
	origin  uint16 // number of the log's origin in this file
	version uint64
}

// maxWeak bounds the bans of a cell that are kept for what is not known yet: that
// takes as many nodes which make shorter and shorter ones and do not hear of each other.
const maxWeak = 16

// lasts reports whether a ban until a lasts as long as one until b.
func lasts(a, b int64) bool { return a == 0 || b != 0 && a >= b }

// merge takes an act in, and returns what is needed no more, of which it may be one.
// known tells of one that was there already.
func (c *cell) merge(e act) (dropped []act, known bool) {
	at, known := slices.BinarySearchFunc(c.acts, e, func(a, b act) int { return a.stamp.compare(b.stamp) })
	if known {
		return nil, true
	}
	all := slices.Insert(slices.Clone(c.acts), at, e)
	c.acts = c.acts[:0:0]
	least := 0
	for i, e := range all {
		if e.deed != deedWeak {
			least = i
		}
	}
	for i, e := range all {
		later := all[i+1:]
		outlasted := e.deed == deedWeak && slices.ContainsFunc(later, func(l act) bool { return lasts(l.until, e.until) })
		if i < least || outlasted || len(c.acts) > maxWeak {
			dropped = append(dropped, e)
			continue
		}
		c.acts = append(c.acts, e)
	}
	return dropped, false
}

// effective returns the act that says what the state is; none: nothing was done.
func (c *cell) effective() (e act, some bool) {
	if len(c.acts) == 0 {
		return act{}, false
	}
	e = c.acts[0]
	if len(c.acts) > 1 && (e.deed == deedEnd || e.deed == deedBan && !lasts(e.until, c.acts[1].until)) {
		e = c.acts[1]
	}
	return e, true
}

// has reports whether the cell needs the item at a place.
func (c *cell) has(at place) bool {
	return slices.ContainsFunc(c.acts, func(e act) bool { return e.at == at })
}

// keyID tells a key of the cluster, whatever its number in a file.
type keyID [8]byte

// cellKey names a cell in the file:
//
//	'b', scope, 'h', id of the key, tag
//	'b', scope, 'p', prefix
//	'a', prefix
type cellKey string

func banCell(scope uint8, r rule, key keyID) cellKey {
	if r.prefix.IsValid() {
		return cellKey(appendPrefix([]byte{'b', scope, 'p'}, r.prefix))
	}
	return cellKey(slices.Concat([]byte{'b', scope, 'h'}, key[:], r.tag[:]))
}

func allowCell(prefix netip.Prefix) cellKey { return cellKey(appendPrefix([]byte{'a'}, prefix)) }

func appendPrefix(out []byte, prefix netip.Prefix) []byte {
	family := byte(6)
	if prefix.Addr().Is4() {
		family = 4
	}
	addr := prefix.Addr().As16()
	return append(append(out, family, byte(prefix.Bits())), addr[:]...)
}

// valid reports whether k is as banCell and allowCell make them.
func (k cellKey) valid() bool {
	if _, is := k.allows(); is {
		return true
	}
	if len(k) < 3 || k[0] != 'b' || int(k[1]) >= len(scopes) {
		return false
	}
	if k[2] == 'p' {
		return len(k) == 3+18 && decodePrefix([]byte(k[3:])).IsValid()
	}
	return k[2] == 'h' && len(k) == 3+len(keyID{})+len(tag{})
}

// allows returns the prefix of a cell of the allowlist.
func (k cellKey) allows() (prefix netip.Prefix, ok bool) {
	if len(k) != 1+18 || k[0] != 'a' {
		return prefix, false
	}
	prefix = decodePrefix([]byte(k[1:]))
	return prefix, prefix.IsValid()
}

// rule returns what the ban of a cell is on; known is false if the ring lacks its key.
func (k cellKey) rule(ring *ring) (scope uint8, r rule, known bool) {
	if len(k) < 3 || k[0] != 'b' || int(k[1]) >= len(scopes) {
		return 0, rule{}, false
	}
	scope = k[1]
	switch rest := []byte(k[3:]); {
	case k[2] == 'p' && len(rest) == 18:
		r.prefix = decodePrefix(rest)
		return scope, r, r.prefix.IsValid()
	case k[2] == 'h' && len(rest) == len(keyID{})+len(tag{}):
		r.tag = tag(rest[len(keyID{}):])
		r.key, known = ring.number(keyID(rest))
		return scope, r, known
	}
	return 0, rule{}, false
}

// number returns the number of a key at hand.
func (r *ring) number(id keyID) (uint8, bool) {
	for _, n := range r.numbers {
		if r.ids[n] == id {
			return n, true
		}
	}
	return 0, false
}

// cellOf names the cell of a ban.
func (r *ring) cellOf(scope uint8, on rule) cellKey {
	if on.prefix.IsValid() {
		return banCell(scope, on, keyID{})
	}
	return banCell(scope, on, r.ids[on.key])
}

// encode returns the cell as it is in the file, where origins have numbers: ID, end,
// 1 if it is parked, and the acts, all varints but for the seal.
func (c *cell) encode(key cellKey, numberOf func(origin string) (uint16, error)) ([]byte, error) {
	out := binary.AppendUvarint(nil, uint64(c.id))
	out = binary.AppendUvarint(out, uint64(c.ended))
	parked := uint64(0)
	if c.parked {
		parked = 1
	}
	out = binary.AppendUvarint(out, parked)
	for _, e := range c.acts {
		stamped, err := numberOf(e.stamp.origin)
		if err != nil {
			return nil, err
		}
		for _, n := range []uint64{
			uint64(e.deed), uint64(e.stamp.millis), uint64(e.stamp.count), uint64(stamped),
			uint64(e.until), uint64(e.at.origin), e.at.version,
		} {
			out = binary.AppendUvarint(out, n)
		}
	}
	return seal([]byte(key), out), nil
}

func decodeCell(key cellKey, value []byte, originOf func(number uint16) (string, bool)) (*cell, error) {
	content, err := unseal([]byte(key), value)
	if err != nil {
		return nil, err
	}
	short := false
	next := func() uint64 {
		n, size := binary.Uvarint(content)
		if size <= 0 {
			short, content = true, nil
			return 0
		}
		content = content[size:]
		return n
	}
	c := &cell{id: ID(next()), ended: int64(next()), parked: next() == 1}
	c.wasParked = c.parked
	for len(content) > 0 {
		e := act{deed: deed(next())}
		e.stamp.millis, e.stamp.count = int64(next()), uint32(next())
		stamped := next()
		e.until = int64(next())
		e.at = place{uint16(next()), next()}
		origin, known := originOf(uint16(stamped))
		if !known || e.deed >= deeds {
			return nil, errors.New("what was done to it makes no sense")
		}
		e.stamp.origin = origin
		c.acts = append(c.acts, e)
	}
	if short {
		return nil, errors.New("it is cut off")
	}
	return c, nil
}
