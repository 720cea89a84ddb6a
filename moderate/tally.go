package moderate

// Tally counts what has no transaction of its own here, such as bans and stills, in the
// figures of this month: in memory, so that it costs nothing, and on disk when the next
// Sweep or Close has returned. What a crash loses is what was counted since the last: a
// minute of it, where Sweep is called once a minute. f must not call the store.
func (s *Store) Tally(f func(*Totals)) {
	month := s.opts.Now().UTC().Format(monthForm)
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.tallyLocked(month))
}

func (s *Store) tallyLocked(month string) *Totals {
	if s.tally[month] == nil {
		s.tally[month] = newTotals(month)
	}
	return s.tally[month]
}

// flush puts what was tallied on disk, with all else that the transaction writes. If
// that fails, update counts it in memory again.
func (s *Store) flush(c *change) error {
	s.mu.Lock()
	c.tally, s.tally = s.tally, make(map[string]*Totals)
	s.mu.Unlock()
	for month, counted := range c.tally {
		if err := c.countIn(month, func(t *Totals) { t.add(counted) }); err != nil {
			return err
		}
	}
	return nil
}

// unflush undoes flush.
func (s *Store) unflush(c *change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for month, counted := range c.tally {
		s.tallyLocked(month).add(counted)
	}
}

// tallied reports whether something is in memory only.
func (s *Store) tallied() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.tally) > 0
}
