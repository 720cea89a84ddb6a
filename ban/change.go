package ban

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"go.etcd.io/bbolt"
)

// change is one transaction. What it does to the file at once, it does to the
// index when the file is on disk.
type change struct {
	tx  *bbolt.Tx
	idx *index // as it was before
	now time.Time

	ring *ring // the keys, as the change leaves them

	active, ends, history *bbolt.Bucket

	state state
	apply []func(*index)      // in order
	added map[scopedRule]head // by this change, and not ended by it
	gone  map[ID]bool         // ended by this change

	ledger     *ledger // nil: in no cluster
	historyFor time.Duration
}

type scopedRule struct {
	scope uint8
	rule  rule
}

// appendFill is how full bbolt packs a page that it splits.
const appendFill = 0.9

func newChange(tx *bbolt.Tx, idx *index, now time.Time) (*change, error) {
	c := &change{
		tx: tx, idx: idx, now: now.UTC().Truncate(time.Millisecond), ring: &idx.ring,
		active: tx.Bucket(activeBucket), ends: tx.Bucket(endsBucket), history: tx.Bucket(historyBucket),
		added: map[scopedRule]head{}, gone: map[ID]bool{},
	}
	// Both grow at their ends, as bans are numbered and a list's end together.
	c.active.FillPercent, c.ends.FillPercent = appendFill, appendFill
	var err error
	c.state, err = readState(tx.Bucket(metaBucket))
	return c, err
}

// add makes the ban that e asks for, in place of the one on the same target and
// of the same scope. rules is what the store may know its target by.
func (c *change) add(e *Entry, rules []rule) (*record, error) {
	scope := scopeNumbers[e.Scope]
	for _, r := range rules {
		if id := c.find(scope, r); id != 0 {
			if err := c.end(id, HowReplaced, e.By); err != nil {
				return nil, err
			}
		}
	}
	id, err := c.newID()
	if err != nil {
		return nil, err
	}
	r := &record{rule: rules[0], of: originOf(e.Target), Ban: Ban{
		ID: id, Kind: e.Target.Kind(), Scope: scopes[scope], Prefix: rules[0].prefix,
		Reason: e.Reason, Note: e.Note, By: e.By, Report: e.Report, Shared: e.Shared, Imported: e.Imported,
		Created: c.now, Until: untilTime(untilMillis(e.Until)),
	}}
	if e.KeepAddress {
		r.Address = e.Target.typed
	}
	err = c.put(r)
	c.noteBan(scope, r.rule, touch{weak: e.NeverSooner})
	return r, err
}

// lasting returns the ban that e, which is NeverSooner, leaves where it is; nil: it
// makes its own.
func (c *change) lasting(e *Entry, rules []rule) (*record, error) {
	if !e.NeverSooner {
		return nil, nil
	}
	scope, until := scopeNumbers[e.Scope], untilMillis(e.Until)
	for _, r := range rules {
		end, active := c.activeOn(scope, r)
		if active && (end == 0 || until != 0 && end >= until) {
			return c.read(c.find(scope, r))
		}
	}
	return nil, nil
}

// read returns a ban that is there.
func (c *change) read(id ID) (*record, error) {
	r, err := decodeRecord(id.key(), c.active.Get(id.key()))
	if err != nil {
		return nil, fmt.Errorf("%w: ban %s: %v", ErrCorrupt, id, err)
	}
	return r, nil
}

// put writes a record that is not there.
func (c *change) put(r *record) error {
	value, err := r.encode()
	if err != nil {
		return err
	}
	if err := c.active.Put(r.ID.key(), value); err != nil {
		return err
	}
	if !r.Permanent() {
		if err := c.ends.Put(endKey(untilMillis(r.Until), r.ID), nil); err != nil {
			return err
		}
	}
	c.state.add(value)
	h, _, err := decodeHead(r.ID.key(), value)
	if err != nil {
		return err
	}
	c.added[scopedRule{h.scope, h.rule}] = h
	c.apply = append(c.apply, func(x *index) { x.insert(h) })
	return nil
}

// end moves a ban to the history; one that was over already ends as expired,
// when it did.
func (c *change) end(id ID, how How, by string) error {
	value := c.active.Get(id.key())
	r, err := c.read(id)
	if err != nil {
		return err
	}
	at := c.now
	if !r.activeAt(at) {
		how, by, at = HowExpired, "", r.Until
	}
	key := historyKey(at, id)
	ended, err := encodeEnded(key, how, by, value)
	if err != nil {
		return err
	}
	c.state.subtract(value)
	if err := c.history.Put(key, ended); err != nil {
		return err
	}
	err = c.active.Delete(id.key())
	if !r.Permanent() {
		err = errors.Join(err, c.ends.Delete(endKey(untilMillis(r.Until), id)))
	}
	scope := scopeNumbers[r.Scope]
	delete(c.added, scopedRule{scope, r.rule})
	c.gone[id] = true
	c.apply = append(c.apply, func(x *index) { x.remove(id, scope, r.rule) })
	c.noteBan(scope, r.rule, touch{how: how, by: by, at: at})
	return err
}

// find returns the ban of a scope on exactly this rule, or 0.
func (c *change) find(scope uint8, r rule) ID {
	if h, ok := c.added[scopedRule{scope, r}]; ok {
		return h.id
	}
	if e, ok := c.idx.find(scope, r); ok && !c.gone[e.id] {
		return e.id
	}
	return 0
}

// activeOn reports whether a ban of a scope on exactly this rule is active, and
// when it ends.
func (c *change) activeOn(scope uint8, r rule) (until int64, active bool) {
	if h, ok := c.added[scopedRule{scope, r}]; ok {
		return h.until, true
	}
	e, ok := c.idx.find(scope, r)
	return e.until, ok && !c.gone[e.id] && e.activeAt(c.now.UnixMilli())
}

// newID returns the next number that no ban has.
func (c *change) newID() (ID, error) {
	for {
		n, err := c.active.NextSequence()
		if err != nil {
			return 0, err
		}
		id := ID(n & idMask)
		if id != 0 && c.active.Get(id.key()) == nil {
			return id, nil
		}
	}
}

// save writes what every change ends with. The caller's transaction commits it.
func (c *change) save() error {
	if c.ledger != nil {
		c.ledger.state.Bans = tally{c.state.count, c.state.sum}
		if err := c.ledger.save(); err != nil {
			return err
		}
	}
	c.state.seen = c.now
	return c.state.write(c.tx.Bucket(metaBucket))
}

// endKey sorts by the end.
func endKey(until int64, id ID) []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(until)), id.key()...)
}

// allow and disallow change the allowlist.
func (c *change) allow(a Allowed) error {
	key, value, err := a.encode()
	if err != nil {
		return err
	}
	c.apply = append(c.apply, func(x *index) { x.allowed.Insert(a.Prefix) })
	c.note(func() cellKey { return allowCell(a.Prefix) }, touch{})
	return c.tx.Bucket(allowedBucket).Put(key, value)
}

func (c *change) disallow(prefix netip.Prefix) error {
	c.apply = append(c.apply, func(x *index) { x.allowed.Delete(prefix) })
	c.note(func() cellKey { return allowCell(prefix) }, touch{})
	return c.tx.Bucket(allowedBucket).Delete([]byte(prefix.String()))
}
