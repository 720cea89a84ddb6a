package moderate

// Tell notes that a report of a case to NCMEC is written, which is counted once a case.
func (s *Store) Tell(id string) error {
	return s.update(func(c *change) error {
		k, err := c.find(id)
		if err != nil || !k.Told.IsZero() {
			return err
		}
		k.Told = c.now
		if err := c.count(func(t *Totals) { t.NCMEC++ }); err != nil {
			return err
		}
		return c.put(k)
	})
}

// Disclosed counts a disclosure to an authority, by kind.
func (s *Store) Disclosed(kind string) error {
	return s.update(func(c *change) error {
		return c.count(func(t *Totals) { t.Disclosures[kind]++ })
	})
}
