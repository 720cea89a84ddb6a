package ban

// Offences counts the bans that each target has or had, and returns the highest
// count: bans that are in force and those that have run their time. One that
// somebody removed or replaced was not deserved. It reads the whole history.
func (s *Store) Offences(targets []Target) (most int, err error) {
	counts := map[rule]int{}
	target := map[rule]rule{} // what a target is known by, whichever key made the tag
	s.mu.RLock()
	for _, t := range targets {
		rules := s.idx.ring.rules(t)
		for _, r := range rules {
			target[r] = rules[0]
			for scope := range s.idx.sets {
				if _, found := s.idx.find(uint8(scope), r); found {
					counts[rules[0]]++
				}
			}
		}
	}
	s.mu.RUnlock()
	for e, err := range s.Ended() {
		if err != nil {
			return 0, err
		}
		if t, asked := target[e.rule]; asked && e.How == HowExpired {
			counts[t]++
		}
	}
	for _, n := range counts {
		most = max(most, n)
	}
	return most, nil
}
