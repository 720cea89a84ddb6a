package ban

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/gaissmai/bart"
)

// Apply carries out what was done at other nodes: batches of Items of other stores, in
// order. It returns when that is on disk and in force. What the store has already is passed
// over. concerns picks the addresses that something may keep out now that did not before;
// nil: none.
//
// Batches that do not fit are passed over as well, and refused tells why: it wraps ErrGap if
// something is missing before one, ErrForked if an origin has two logs, and ErrInvalid if
// one makes no sense. After any other error, err, nothing was carried out.
func (s *Store) Apply(batches ...[]byte) (concerns func(netip.Addr) bool, refused, err error) {
	if s.opts.Node == "" {
		return nil, nil, ErrNoNode
	}
	var all []*decoded
	for _, text := range batches {
		d, err := decodeBatch(text)
		if err != nil {
			refused = errors.Join(refused, err)
			continue
		}
		all = append(all, &d)
	}
	var t *tightened
	if err := s.update(func(c *change) error {
		t = &tightened{ring: *c.ring, tags: map[tag]bool{}}
		for _, d := range all {
			err := c.takeIn(d, t)
			if no, is := errors.AsType[refusal](err); is {
				refused = errors.Join(refused, fmt.Errorf("%s after %d: %w", d.Origin, d.After, no.error))
			} else if err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return nil, nil, err
	}
	if t.parked > 0 {
		s.opts.Log.Warn("bans of other nodes are under a key that this node does not have, so they keep nobody out here: copy ban.key from a node that has it, and restart", "bans", t.parked)
	}
	if !t.any {
		return nil, refused, nil
	}
	return t.concerns, refused, nil
}

func (c *change) takeIn(d *decoded, t *tightened) error {
	l := c.ledger
	if d.Origin == l.own().Origin {
		return nil
	}
	number, err := l.numberOf(d.Origin)
	if err != nil {
		return refusal{err}
	}
	have := l.heads[number].Version
	switch {
	case d.After > have:
		return refusal{ErrGap}
	case l.differs(number, d.After, d.Before) || d.To <= have && l.differs(number, d.To, &d.Mark):
		return refusal{ErrForked}
	}
	for n, i := range d.items {
		if version := d.Items[n].Version; version <= have && l.differs(number, version, &mark{i.Millis, i.Count}) {
			return refusal{ErrForked}
		}
	}
	if d.To <= have {
		return nil
	}
	l.foreign = true
	defer func() { l.foreign = false }()
	for n, i := range d.items {
		at := place{number, d.Items[n].Version}
		if at.version <= have {
			continue
		}
		if err := l.putItem(at, d.Items[n].Item); err != nil {
			return err
		}
		if err := c.merge(d.cells[n], i.act(at), t); err != nil {
			return err
		}
	}
	l.advance(number, d.To, d.Mark)
	l.fed = true
	c.touch()
	return nil
}

// differs reports whether the log of an origin is known to have something else at a
// version.
func (l *ledger) differs(number uint16, version uint64, m *mark) bool {
	here := l.markAt(number, version)
	return m != nil && here != nil && *m != *here
}

// merge takes one thing that was done elsewhere in.
func (c *change) merge(key cellKey, e act, t *tightened) error {
	state, err := c.ledger.cell(key)
	if err != nil {
		return err
	}
	c.ledger.clock.observe(e.stamp)
	before, _ := state.effective()
	dropped, known := state.merge(e)
	if known { // another log had it
		dropped = []act{e}
	}
	if err := c.forget(dropped); err != nil {
		return err
	}
	after, _ := state.effective()
	if before == after {
		return c.ledger.putCell(key, state)
	}
	return c.settle(key, state, after, t)
}

// settle brings a cell of the store to what the log says of it.
func (c *change) settle(key cellKey, state *cell, to act, t *tightened) error {
	i, err := c.ledger.item(to.at)
	if err != nil {
		return err
	}
	if prefix, is := key.allows(); is {
		return c.settleAllowed(key, state, prefix, i, t)
	}
	scope, on, known := key.rule(c.ring)
	standing := ID(0)
	if known {
		standing = c.find(scope, on)
	}
	if standing != 0 {
		how, by := HowReplaced, ""
		if i.End != nil {
			how, by = i.End.How, i.End.By
		} else {
			by = i.Ban.By
		}
		if err := c.end(standing, how, by); err != nil {
			return err
		}
	}
	switch over := time.UnixMilli(to.until); {
	case i.End != nil:
		return c.ended(key, state, c.now)
	case to.until != 0 && !over.Add(c.historyFor).After(c.now):
		return c.ended(key, state, over) // so long ago that the history has forgotten it
	case !known:
		t.parked++
		return c.park(key, state, to)
	}
	return c.install(key, state, i, scope, on, t)
}

// install makes the ban that a cell has.
func (c *change) install(key cellKey, state *cell, i *item, scope uint8, on rule, t *tightened) (err error) {
	id := i.Ban.ID
	if id == 0 || id > idMask || c.active.Get(id.key()) != nil {
		if id, err = c.newID(); err != nil {
			return err
		}
	}
	if err := c.put(i.record(id, on)); err != nil {
		return err
	}
	t.add(on)
	state.id, state.ended, state.parked = id, 0, false
	return c.ledger.putCell(key, state)
}

// park keeps a ban whose key is not at hand for when it is.
func (c *change) park(key cellKey, state *cell, e act) error {
	state.id, state.ended, state.parked = 0, 0, true
	if e.until != 0 {
		if err := c.ledger.dropLater(time.UnixMilli(e.until).Add(c.historyFor), []byte(key)); err != nil {
			return err
		}
	}
	return c.ledger.putCell(key, state)
}

func (c *change) settleAllowed(key cellKey, state *cell, prefix netip.Prefix, i *item, t *tightened) error {
	if i.Disallow {
		t.add(rule{prefix: prefix})
		if err := c.disallow(prefix); err != nil {
			return err
		}
		return c.ended(key, state, c.now)
	}
	state.id, state.ended, state.parked = 0, 0, false
	if err := c.allow(Allowed{Prefix: prefix, Note: i.Allow.Note, By: i.Allow.By, Created: i.Allow.Created}); err != nil {
		return err
	}
	return c.ledger.putCell(key, state)
}

// tightened is where a change has made the store stricter.
type tightened struct {
	any      bool
	parked   int // bans that are not in force, for want of a key
	ring     ring
	tags     map[tag]bool
	prefixes bart.Lite
}

func (t *tightened) add(on rule) {
	if t.any = true; on.prefix.IsValid() {
		t.prefixes.Insert(on.prefix)
	} else {
		t.tags[on.tag] = true
	}
}

// concerns reports whether addr is in what was added.
func (t *tightened) concerns(addr netip.Addr) bool {
	if addr = plain(addr); !addr.IsValid() {
		return false
	}
	if t.prefixes.Contains(addr) {
		return true
	}
	if len(t.tags) == 0 {
		return false
	}
	for _, number := range t.ring.numbers {
		tagger := t.ring.taggers[number]
		if t.tags[tagger.address(addr)] || addr.Is6() && t.tags[tagger.net64(addr)] {
			return true
		}
	}
	return false
}
