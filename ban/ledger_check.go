package ban

import (
	"errors"
	"fmt"
	"slices"
)

// check reads all of a log, and tells problem what is wrong with it: with the checksums
// of its records and with their number, or, if it looks deep, with what they say. It returns
// how many items there are.
func (l *ledger) check(problem func(string, ...any), deep bool) (items int, err error) {
	var gotCells, gotItems tally
	if err := l.items.ForEach(func(k, v []byte) error {
		items++
		if err := l.checkItem(k, v, deep); err != nil {
			problem("%s: record %x: %v", itemsBucket, k, err)
			return nil
		}
		gotItems.add(v)
		return nil
	}); err != nil {
		return items, err
	}
	if err := l.cells.ForEach(func(k, v []byte) error {
		if err := l.checkCell(cellKey(k), v, deep); err != nil {
			problem("%s: record %x: %v", cellsBucket, k, err)
			return nil
		}
		gotCells.add(v)
		return nil
	}); err != nil {
		return items, err
	}
	if gotCells != l.state.Cells || gotItems != l.state.Items {
		problem("the cluster's log has %d items on %d rules and should have %d on %d, or others", gotItems.Count, gotCells.Count, l.state.Items.Count, l.state.Cells.Count)
	}
	return items, nil
}

func (l *ledger) checkItem(key, value []byte, deep bool) error {
	if len(key) != len(place{}.key()) || l.heads[placeOf(key).origin] == nil {
		return errors.New("it is of no origin")
	}
	text, err := unseal(key, value)
	if err != nil || !deep {
		return err
	}
	i, err := decodeItem(text)
	if err == nil {
		_, err = i.cell()
	}
	return err
}

func (l *ledger) checkCell(key cellKey, value []byte, deep bool) error {
	if !deep {
		_, err := unseal([]byte(key), value)
		return err
	}
	if !key.valid() {
		return errors.New("it is on nothing")
	}
	c, err := decodeCell(key, value, l.originOf)
	if err != nil {
		return err
	}
	if !slices.IsSortedFunc(c.acts, func(a, b act) int { return a.stamp.compare(b.stamp) }) {
		return errors.New("what was done to it is out of order")
	}
	for _, a := range c.acts {
		if l.items.Get(a.at.key()) == nil {
			return fmt.Errorf("item %d of origin %d is missing", a.at.version, a.at.origin)
		}
	}
	return nil
}

// unlogged counts the bans that the log does not have, and those that it alone has:
// changes made while no log was kept. The next start with a node's name logs them.
func (l *ledger) unlogged(c *change) (n int, err error) {
	err = c.active.ForEach(func(k, v []byte) error {
		h, _, err := decodeHead(k, v)
		if err != nil {
			return nil // a problem of its own
		}
		state, err := l.cell(c.ring.cellOf(h.scope, h.rule))
		if err == nil && state.id != h.id {
			n++
		}
		return nil
	})
	if err != nil {
		return n, err
	}
	return n, l.cells.ForEach(func(k, v []byte) error {
		state, err := decodeCell(cellKey(k), v, l.originOf)
		if err == nil && state.id != 0 && c.active.Get(state.id.key()) == nil {
			n++
		}
		return nil
	})
}

// intact returns the first problem as an error.
func (l *ledger) intact() (err error) {
	_, reading := l.check(func(format string, args ...any) {
		if err == nil {
			err = fmt.Errorf("%w: "+format, append([]any{ErrCorrupt}, args...)...)
		}
	}, false)
	return errors.Join(err, reading)
}
