package ban

import (
	"bytes"

	"go.etcd.io/bbolt"
)

// adoptChunk is how many records one transaction of adopt looks at.
const adoptChunk = 4096

// join makes the store one of a cluster: it gets its log, if it has none yet, and a new
// origin if it is another node's, or was put back from a backup.
func (s *Store) join() error {
	if err := validateNode(s.opts.Node); err != nil {
		return err
	}
	if err := guarded(func() error { return update(s.db, s.joinIn) }); err != nil {
		return err
	}
	return s.adopt()
}

func (s *Store) joinIn(tx *bbolt.Tx) (changed bool, err error) {
	if tx.Bucket(feedBucket) == nil {
		return true, createLedger(tx, s.opts.Node)
	}
	l, err := openLedger(tx)
	if err != nil {
		return false, err
	}
	if err := l.intact(); err != nil {
		return false, err
	}
	if last, err := readState(tx.Bucket(metaBucket)); err != nil {
		return false, err
	} else if away := s.now().Sub(last.seen); last.seen.UnixMilli() > 0 && away > s.opts.HistoryFor { // if anything was ever changed
		s.opts.Log.Warn("this ban store is older than what the cluster remembers, and may bring back bans that were ended: empty the data directory but for ban.key, and let the node join anew", "last_change", last.seen)
	}
	restored := l.feed.Get(restoredKey) != nil
	if !restored && l.state.Node == s.opts.Node {
		return false, nil
	}
	if err := l.feed.Delete(restoredKey); err != nil {
		return false, err
	}
	if err := l.newOrigin(s.opts.Node, tx.Bucket(activeBucket)); err != nil {
		return false, err
	}
	return true, l.save()
}

// adopt brings the log up to what the store holds: to what there was before it had a
// log, and to what was changed since by whoever did not keep it. Where the store's bans are
// those that were logged last it looks at the allowlist alone.
func (s *Store) adopt() error {
	all := false
	if err := s.view(func(tx *bbolt.Tx) error {
		l, err := openLedger(tx)
		if err != nil {
			return err
		}
		now, err := readState(tx.Bucket(metaBucket))
		all = l.state.Bans != tally{now.count, now.sum} || l.state.Parked > 0
		return err
	}); err != nil {
		return err
	}
	if all {
		if err := s.adoptEach(activeBucket, nil, (*change).adoptBan); err != nil {
			return err
		}
		if err := s.adoptEach(cellsBucket, []byte{'b'}, (*change).adoptCell); err != nil {
			return err
		}
	}
	if err := s.adoptEach(allowedBucket, nil, (*change).adoptAllowed); err != nil {
		return err
	}
	return s.adoptEach(cellsBucket, []byte{'a'}, (*change).adoptCell)
}

// adoptEach looks at the records of a bucket whose keys begin with a prefix.
func (s *Store) adoptEach(bucket, prefix []byte, look func(c *change, key, value []byte) error) error {
	from := prefix
	for done := false; !done; {
		if err := s.update(func(c *change) error {
			keys, values, next := chunk(c.tx.Bucket(bucket), from, prefix)
			for n, key := range keys {
				if err := look(c, key, values[n]); err != nil {
					return err
				}
			}
			from, done = next, next == nil
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// chunk returns the next records of a bucket, which may be changed meanwhile.
func chunk(bucket *bbolt.Bucket, from, prefix []byte) (keys, values [][]byte, next []byte) {
	cursor := bucket.Cursor()
	k, v := cursor.Seek(from)
	for ; k != nil && bytes.HasPrefix(k, prefix); k, v = cursor.Next() {
		if len(keys) == adoptChunk {
			return keys, values, bytes.Clone(k)
		}
		keys, values = append(keys, bytes.Clone(k)), append(values, bytes.Clone(v))
	}
	return keys, values, nil
}

func (c *change) adoptBan(key, value []byte) error {
	h, _, err := decodeHead(key, value)
	if err != nil {
		return err
	}
	l := c.ledger
	on := c.ring.cellOf(h.scope, h.rule)
	state, err := l.cell(on)
	if err != nil || state.id == h.id {
		return err
	}
	r, err := c.read(h.id)
	if err != nil {
		return err
	}
	made := l.clock.next(c.now, l.own().Origin)
	if len(state.acts) == 0 { // before there was a log: as old as it is
		made = stamp{max(0, r.Created.UnixMilli()), 0, l.own().Origin}
	}
	return c.log(on, state, itemOfBan(on, r, false), h.id, made)
}

func (c *change) adoptAllowed(key, value []byte) error {
	a, err := decodeAllowed(key, value)
	if err != nil {
		return err
	}
	l := c.ledger
	on := allowCell(a.Prefix)
	state, err := l.cell(on)
	if err != nil {
		return err
	}
	made := l.clock.next(c.now, l.own().Origin)
	if e, some := state.effective(); !some {
		made = stamp{max(0, a.Created.UnixMilli()), 0, l.own().Origin}
	} else if i, err := l.item(e.at); err != nil {
		return err
	} else if i.Allow != nil && i.Allow.Note == a.Note && i.Allow.By == a.By && i.Allow.Created.Equal(a.Created) {
		return nil
	}
	i := itemOn(on)
	i.Allow = &itemAllow{a.Note, a.By, a.Created}
	return c.log(on, state, i, 0, made)
}

// adoptCell is for a cell of which the log says that something is in force.
func (c *change) adoptCell(raw, _ []byte) error {
	l, key := c.ledger, cellKey(raw)
	state, err := l.cell(key)
	if err != nil || state.ended != 0 {
		return err
	}
	e, some := state.effective()
	if !some {
		return nil
	}
	i := itemOn(key)
	if prefix, is := key.allows(); is {
		if c.tx.Bucket(allowedBucket).Get([]byte(prefix.String())) != nil {
			return nil
		}
		i.Disallow = true
		return c.log(key, state, i, 0, l.clock.next(c.now, l.own().Origin))
	}
	scope, on, known := key.rule(c.ring)
	switch {
	case state.parked && known:
		l.foreign = true
		defer func() { l.foreign = false }()
		return c.settle(key, state, e, &tightened{tags: map[tag]bool{}})
	case state.parked, known && c.find(scope, on) != 0:
		return nil
	case e.until != 0 && e.until <= c.now.UnixMilli():
		return c.ended(key, state, untilTime(e.until))
	}
	i.End = &ending{HowRemoved, ""}
	return c.log(key, state, i, 0, l.clock.next(c.now, l.own().Origin))
}
