package moderate

import "slices"

// Flagging is a flag as it comes in.
type Flagging struct {
	Flag
	Session  string   // whose picture it is
	Suspects []string // pseudonyms of that session's addresses
	Parts    []Part   // the still
}

// Flag makes a flag a part of the session's case, and returns that, when both are on disk.
// Viewers is how many different ones have seen something by now, claims aside: one browser
// alone can make a still up. The error is ErrFull where nobody judges the cases that there are.
func (s *Store) Flag(f Flagging) (caseID string, viewers int, err error) {
	if s.of(f.Session) == "" && s.Waiting() >= s.opts.Cases {
		s.drop()
		return "", 0, ErrFull
	}
	err = s.update(func(c *change) error {
		k, err := s.caseFor(c, Filing{ID: NewID(), Session: f.Session, Suspects: f.Suspects})
		if err != nil {
			return err
		}
		caseID = k.ID
		if len(k.Flags) < mostPerCase {
			if err := s.seal(k, f.Parts); err != nil {
				return err
			}
			f.At = c.now
			k.Flags = append(k.Flags, f.Flag)
		}
		viewers = k.viewers()
		k.weigh()
		if err := c.count(func(t *Totals) { t.Flags[f.Label]++ }); err != nil {
			return err
		}
		return c.put(k)
	})
	return caseID, viewers, err
}

// viewers counts the different ones whose stills were flagged here: what browsers claim
// is no evidence against anybody.
func (c *Case) viewers() int {
	var seen []string
	for _, f := range c.Flags {
		if !f.Claimed && !slices.Contains(seen, f.Viewer) {
			seen = append(seen, f.Viewer)
		}
	}
	return len(seen)
}
