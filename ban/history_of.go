package ban

// Unread returns what reports whether an ended ban was on what is stored as an HMAC under a
// key that is gone: nobody can tell any more on whom it was.
func (s *Store) Unread() func(Ended) bool {
	s.mu.RLock()
	ring := s.idx.ring
	s.mu.RUnlock()
	return func(e Ended) bool { return !ring.has(e.rule.key) }
}

// WasOn returns what reports whether an ended ban was on all of t: on exactly it,
// or on what is around it. Of what is stored as an HMAC only that under the keys
// at hand is found.
func (s *Store) WasOn(t Target) func(Ended) bool {
	s.mu.RLock()
	ring := s.idx.ring
	s.mu.RUnlock()
	same := map[rule]bool{}
	for _, r := range ring.rules(t) {
		same[r] = true
	}
	if t.Kind() == KindAddress && t.prefix.Addr().Is6() {
		for _, r := range ring.rules(TargetFor(t.prefix.Addr())) {
			same[r] = true
		}
	}
	return func(e Ended) bool {
		around := e.Ban.Prefix
		return same[e.rule] || t.prefix.IsValid() && around.IsValid() && around.Bits() <= t.prefix.Bits() && around.Contains(t.prefix.Addr())
	}
}
