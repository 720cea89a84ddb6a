package ban

// Stats is what a store has done since it was opened.
type Stats struct {
	Changes  uint64 // transactions
	Failures uint64 // changes that the disk refused
}

// Stats returns them.
func (s *Store) Stats() Stats { return Stats{s.changes.Load(), s.failures.Load()} }
