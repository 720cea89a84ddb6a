package evidence

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"
)

// Delete removes all files of a case. Its error is a *[HeldError] if the case is on
// hold. What the disk does not remove stays listed, and another Delete tries again.
func (s *Store) Delete(caseName string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if until, held := s.heldLocked(caseName, s.now()); held {
		return &HeldError{Case: caseName, Until: until}
	}
	_, err := s.removeLocked(caseName, s.listLocked(func(f File) bool { return f.Case == caseName }))
	return errors.Join(err, s.dir.Sync())
}

// Sweep removes the files of each case that is not on hold at a time and that is
// not to be kept. It returns how many. Files that are sealed meanwhile stay.
func (s *Store) Sweep(now time.Time, keep func(caseName string) bool) (removed int, err error) {
	s.mu.Lock()
	files := map[string][]File{}
	for name := range s.holds {
		files[name] = nil
	}
	for _, f := range s.files {
		files[f.Case] = append(files[f.Case], f)
	}
	s.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if keep(name) {
			continue
		}
		n, failure := s.sweep(now, name, files[name])
		removed += n
		err = errors.Join(err, failure)
	}
	return removed, errors.Join(err, s.dir.Sync())
}

func (s *Store) sweep(now time.Time, caseName string, files []File) (removed int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, held := s.heldLocked(caseName, now); held {
		return 0, nil
	}
	return s.removeLocked(caseName, files)
}

// removeLocked removes files of a case, and its hold, which is over. The directory
// has to be synced.
func (s *Store) removeLocked(caseName string, files []File) (removed int, err error) {
	for _, f := range files {
		if _, ok := s.files[f.ID]; !ok {
			continue
		}
		if failure := os.Remove(s.dir.Path(f.name())); failure != nil && !errors.Is(failure, fs.ErrNotExist) {
			err = errors.Join(err, fmt.Errorf("evidence: %s is still there: %w", f.name(), failure))
			continue
		}
		delete(s.files, f.ID)
		s.bytes -= f.Size
		removed++
	}
	if _, ok := s.holds[caseName]; ok && err == nil {
		err = s.releaseLocked(caseName)
	}
	return removed, err
}
