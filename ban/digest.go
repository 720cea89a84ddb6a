package ban

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.etcd.io/bbolt"
)

// Origin names the log of this store: the node, a slash, and a number. It is another
// one when the store was put back from a copy; without a cluster it is empty.
func (s *Store) Origin() (origin string, err error) {
	if s.opts.Node == "" {
		return "", nil
	}
	err = s.view(func(tx *bbolt.Tx) error {
		l, err := openLedger(tx)
		if err == nil {
			origin = l.own().Origin
		}
		return err
	})
	return origin, err
}

// Version is how many items an origin's log has here, those that it has forgotten too.
func (s *Store) Version(origin string) (version uint64, err error) {
	err = s.eachHead(func(h *logHead) {
		if h.Origin == origin {
			version = h.Version
		}
	})
	return version, err
}

func (s *Store) eachHead(visit func(*logHead)) error {
	if s.opts.Node == "" {
		return ErrNoNode
	}
	return s.view(func(tx *bbolt.Tx) error {
		l, err := openLedger(tx)
		if err != nil {
			return err
		}
		for _, h := range l.heads {
			visit(h)
		}
		return nil
	})
}

// Digest says how much of every log the store has, for Learn of another store: versions by
// ORIGIN@MILLIS.COUNT. The last two are the time of the stamp at that version.
func (s *Store) Digest() (digest map[string]uint64, err error) {
	digest = map[string]uint64{}
	err = s.eachHead(func(h *logHead) {
		if h.Version > 0 {
			digest[fmt.Sprintf("%s@%d.%d", h.Origin, h.Mark.Millis, h.Mark.Count)] = h.Version
		}
	})
	return digest, err
}

// Learn compares the store with the Digest of another. It returns the origins of which the
// other has more, with the versions up to which this store has them. If
// the other knows a log of this store that it does not have, then this store was put
// back from a copy: it goes on under another origin. The error wraps ErrInvalid if the
// digest makes no sense.
func (s *Store) Learn(digest map[string]uint64) (lacks map[string]uint64, err error) {
	theirs, err := parseDigest(digest)
	if err != nil {
		return nil, err
	}
	forked := false
	look := func(l *ledger) {
		forked, lacks = false, map[string]uint64{}
		for _, h := range theirs {
			number, known := l.numbers[h.Origin]
			have := uint64(0)
			if known {
				have = l.heads[number].Version
			}
			if known && number == l.state.Own && (h.Version > have || l.differs(number, h.Version, &h.Mark)) {
				forked = true
			}
			if h.Version > have {
				lacks[h.Origin] = have
			}
		}
	}
	if s.opts.Node == "" {
		return nil, ErrNoNode
	}
	if err := s.view(func(tx *bbolt.Tx) error {
		l, err := openLedger(tx)
		if err == nil {
			look(l)
		}
		return err
	}); err != nil || !forked {
		return lacks, err
	}
	err = s.update(func(c *change) error {
		if look(c.ledger); !forked {
			return nil
		}
		if err := c.fork(); err != nil {
			return err
		}
		look(c.ledger)
		return nil
	})
	if err == nil {
		s.opts.Log.Warn("this node's ban store has been put back from a copy that the cluster has outrun: it goes on as another origin, and gets back what others have", "node", s.opts.Node)
	}
	return lacks, err
}

// fork leaves the log of this store to what others know of it, and puts what stands in it
// here into a new one. What others know already they pass over, by its stamp.
func (c *change) fork() error {
	l := c.ledger
	old := l.state.Own
	var places []place
	cursor := l.items.Cursor()
	for k, _ := cursor.Seek(place{old, 0}.key()); k != nil && placeOf(k).origin == old; k, _ = cursor.Next() {
		places = append(places, placeOf(k))
	}
	if err := l.newOrigin(l.state.Node, c.active); err != nil {
		return err
	}
	for _, at := range places {
		i, err := l.item(at)
		if err != nil {
			return err
		}
		key, err := i.cell()
		if err != nil {
			return err
		}
		state, err := l.cell(key)
		if err != nil {
			return err
		}
		if err := l.deleteItem(at); err != nil {
			return err
		}
		n := slices.IndexFunc(state.acts, func(e act) bool { return e.at == at })
		if n < 0 {
			continue
		}
		if state.acts[n].at, err = l.append(i); err != nil {
			return err
		}
		if err := l.putCell(key, state); err != nil {
			return err
		}
	}
	l.advance(old, 0, mark{})
	l.fed = true
	c.touch()
	return nil
}

func parseDigest(digest map[string]uint64) (heads []logHead, err error) {
	if len(digest) > maxOrigins {
		return nil, fmt.Errorf("%w: a digest of %d origins", ErrInvalid, len(digest))
	}
	for key, version := range digest {
		origin, at, _ := strings.Cut(key, "@")
		millis, count, _ := strings.Cut(at, ".")
		t, err1 := strconv.ParseInt(millis, 10, 64)
		n, err2 := strconv.ParseUint(count, 10, 32)
		if err1 != nil || err2 != nil || !isOrigin(origin) {
			return nil, fmt.Errorf("%w: %s is no part of a digest", ErrInvalid, quote(key))
		}
		heads = append(heads, logHead{origin, version, mark{t, uint32(n)}})
	}
	return heads, nil
}
