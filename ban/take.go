package ban

import "slices"

// Take makes the key that another node has begun to use the one for new bans, as Rotate does,
// and puts those in force that waited for it here. A key that is there already changes
// nothing. It reports whether it did.
func (s *Store) Take(key Key, save func(Keys) error) (took bool, err error) {
	if slices.ContainsFunc(s.Keys(), func(use KeyUse) bool { return use.Key == key }) {
		return false, nil
	}
	if err := s.Rotate(key, save); err != nil {
		return false, err
	}
	if s.opts.Node == "" {
		return true, nil
	}
	return true, s.adopt()
}
