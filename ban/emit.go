package ban

import "time"

// note remembers that the change has done something to a cell, for flush. What was done
// elsewhere is in the log already.
func (c *change) note(key func() cellKey, t touch) {
	l := c.ledger
	if l == nil || l.foreign {
		return
	}
	k := key()
	if _, again := l.deeds[k]; !again {
		l.touched = append(l.touched, k)
	}
	l.deeds[k] = t
}

func (c *change) noteBan(scope uint8, on rule, t touch) {
	c.note(func() cellKey { return c.ring.cellOf(scope, on) }, t)
}

// flush puts what an operation has come to into the log: of each cell that it has
// touched, how it leaves it. That bans run out needs no word: every node can tell.
func (c *change) flush() error {
	l := c.ledger
	if l == nil {
		return nil
	}
	for _, key := range l.touched {
		state, err := l.cell(key)
		if err != nil {
			return err
		}
		i, id, err := c.present(key, l.deeds[key])
		if err != nil {
			return err
		}
		if i == nil {
			err = c.ended(key, state, l.deeds[key].at)
		} else {
			err = c.log(key, state, i, id, l.clock.next(c.now, l.own().Origin))
		}
		if err != nil {
			return err
		}
	}
	l.touched = l.touched[:0]
	clear(l.deeds)
	return nil
}

// present describes a cell as it is now, with the ban that is in force; nil: the ban has
// run out.
func (c *change) present(key cellKey, t touch) (*item, ID, error) {
	if prefix, is := key.allows(); is {
		i := itemOn(key)
		text := []byte(prefix.String())
		value := c.tx.Bucket(allowedBucket).Get(text)
		if i.Disallow = value == nil; i.Disallow {
			return i, 0, nil
		}
		a, err := decodeAllowed(text, value)
		i.Allow = &itemAllow{a.Note, a.By, a.Created}
		return i, 0, err
	}
	if scope, on, known := key.rule(c.ring); known {
		if id := c.find(scope, on); id != 0 {
			r, err := c.read(id)
			if err != nil {
				return nil, 0, err
			}
			return itemOfBan(key, r, t.weak), id, nil
		}
	}
	if t.how == HowExpired {
		return nil, 0, nil
	}
	i := itemOn(key)
	i.End = &ending{t.how, t.by}
	return i, 0, nil
}

// log writes what was done at this store to a cell, and to the log.
func (c *change) log(key cellKey, state *cell, i *item, id ID, s stamp) error {
	l := c.ledger
	i.setStamp(s)
	if i.Ban != nil && i.Ban.Weak {
		before, some := state.effective()
		i.Ban.Weak = !some || before.deed == deedEnd || !lasts(before.until, i.Ban.Until)
	}
	at, err := l.append(i)
	if err != nil {
		return err
	}
	dropped, _ := state.merge(i.act(at))
	if err := c.forget(dropped); err != nil {
		return err
	}
	c.touch()
	state.id, state.ended, state.parked = id, 0, false
	if i.End != nil || i.Disallow {
		return c.ended(key, state, c.now)
	}
	return l.putCell(key, state)
}

// forget lets the log drop what no cell needs any more, in time.
func (c *change) forget(dropped []act) error {
	for _, e := range dropped {
		if err := c.ledger.dropLater(c.now.Add(c.historyFor), e.at.key()); err != nil {
			return err
		}
	}
	return nil
}

// ended notes that nothing is in force in a cell since then. What was, and when, is
// remembered as long as in the history: until then an older ban is known to be over.
func (c *change) ended(key cellKey, state *cell, at time.Time) error {
	if len(state.acts) == 0 {
		return nil // nobody else has heard of it
	}
	state.id, state.ended, state.parked = 0, max(1, at.UnixMilli()), false
	c.touch()
	if err := c.ledger.dropLater(at.Add(c.historyFor), []byte(key)); err != nil {
		return err
	}
	return c.ledger.putCell(key, state)
}

// dropItems forgets what dropLater has named and is needed no more, and reports how much
// it has looked at.
func (c *change) dropItems() (looked int, err error) {
	l := c.ledger
	if l == nil {
		return 0, nil
	}
	cursor := l.drops.Cursor()
	for k, _ := cursor.First(); looked < sweepChunk && due(k, c.now); k, _ = cursor.First() {
		what := append([]byte(nil), k[8:]...)
		if err := cursor.Delete(); err != nil {
			return looked, err
		}
		looked++
		if err := c.drop(what); err != nil {
			return looked, err
		}
	}
	if looked > 0 {
		c.touch()
	}
	return looked, nil
}

func (c *change) drop(what []byte) error {
	l := c.ledger
	if len(what) == len(place{}.key()) {
		at := placeOf(what)
		if l.items.Get(at.key()) == nil {
			return nil
		}
		i, err := l.item(at)
		if err != nil {
			return err
		}
		key, err := i.cell()
		if err != nil {
			return l.deleteItem(at)
		}
		state, err := l.cell(key)
		if err != nil || state.has(at) {
			return err
		}
		return l.deleteItem(at)
	}
	key := cellKey(what)
	state, err := l.cell(key)
	if err != nil || len(state.acts) == 0 {
		return err
	}
	ended := state.ended
	if e, _ := state.effective(); state.parked {
		ended = e.until
	}
	if ended == 0 || time.UnixMilli(ended).Add(c.historyFor).After(c.now) {
		return nil // something was done to it since
	}
	for _, e := range state.acts {
		if err := l.deleteItem(e.at); err != nil {
			return err
		}
	}
	l.state.Cells.subtract(l.cells.Get([]byte(key)))
	if state.parked {
		l.state.Parked--
	}
	return l.cells.Delete([]byte(key))
}
