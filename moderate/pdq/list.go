package pdq

import (
	"fmt"
	"image"
	"slices"
	"sync"
	"sync/atomic"
)

// MaxEntries is how many pictures a list may know. A million take 100 MB, and 300 MB
// while they are imported.
const MaxEntries = 2_000_000

// Entry is a picture that is known.
type Entry struct {
	Hash  Hash
	Label string // which list it is from, or of what kind it is; at most 80 characters, none of control
}

// List is what is known. The zero value is an empty one. Its methods may be called at
// the same time: who reads sees a list as it was before a change or after it.
type List struct {
	path string     // of the file that has each change before anybody sees it; "": there is none
	mu   sync.Mutex // held while a change is made
	set  atomic.Pointer[set]
}

// current returns what is known now, never nil.
func (l *List) current() *set {
	if s := l.set.Load(); s != nil {
		return s
	}
	return &set{}
}

// Len returns how many pictures are known.
func (l *List) Len() int { return len(l.current().hashes) }

// Labels returns how many pictures are known under each label.
func (l *List) Labels() map[string]int {
	s := l.current()
	counts := make([]int, len(s.labels))
	for _, label := range s.label {
		counts[label]++
	}
	labels := make(map[string]int)
	for i, n := range counts {
		if n > 0 {
			labels[s.labels[i]] = n
		}
	}
	return labels
}

// Match returns the known picture whose hash is nearest, and in how many bits it
// differs, if that is MaxDistance or fewer. The hash has to be of a picture of
// MinQuality or more.
func (l *List) Match(h Hash) (e Entry, distance int, ok bool) {
	s := l.current()
	i, distance := s.nearest(h)
	if i < 0 {
		return Entry{}, 0, false
	}
	return s.entry(i), distance, true
}

// Outcome is what comparing a picture with a list can tell.
type Outcome string

const (
	Unknown       Outcome = "unknown"        // nothing that is known looks like it
	Known         Outcome = "known"          // it looks like a picture that is known
	NotComparable Outcome = "not_comparable" // too small or without features: it may be known or not
)

// Comparison is what comparing a picture with a list told.
type Comparison struct {
	Outcome  Outcome
	Hash     Hash // of the picture as it is
	Quality  int  // of the picture, 0 to 100
	Entry    Entry
	Distance int // from Entry's hash to the nearest of the picture's; these two only if it is known
}

// Compare compares a picture with what is known, as it is, turned and mirrored: a
// camera's picture is often mirrored, and to mirror one is an easy way to hide it.
func (l *List) Compare(img image.Image) Comparison { return l.CompareHashes(Turned(img)) }

// CompareHashes compares what Turned returned of a picture with what is known.
func (l *List) CompareHashes(hashes [Turns]Hash, quality int) Comparison {
	c := Comparison{Outcome: NotComparable, Hash: hashes[0], Quality: quality}
	if quality < MinQuality {
		return c
	}
	c.Outcome = Unknown
	for _, h := range hashes {
		if e, distance, ok := l.Match(h); ok && (c.Outcome == Unknown || distance < c.Distance) {
			c.Outcome, c.Entry, c.Distance = Known, e, distance
		}
	}
	return c
}

// Remove forgets all that is known under a label, and returns how many that were. The
// error is that of the list's file: then nothing has changed.
func (l *List) Remove(label string) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.current()
	var rest []Entry
	for i := range s.hashes {
		if e := s.entry(i); e.Label != label {
			rest = append(rest, e)
		}
	}
	removed := len(s.hashes) - len(rest)
	if removed == 0 {
		return 0, nil
	}
	if err := l.replaceLocked(newSet(rest)); err != nil {
		return 0, err
	}
	return removed, nil
}

// addLocked makes known what is not known yet. The list must have room, and the
// entries are not the caller's any more.
func (l *List) addLocked(fresh []Entry) error {
	s := l.current()
	all := slices.Grow(fresh, len(s.hashes))
	for i := range s.hashes {
		all = append(all, s.entry(i))
	}
	return l.replaceLocked(newSet(all))
}

// replaceLocked makes a set what is known, first in the list's file.
func (l *List) replaceLocked(s *set) error {
	if l.path != "" {
		if err := s.save(l.path); err != nil {
			return fmt.Errorf("the list of known pictures is as it was: %w; make room, or check the disk", err)
		}
	}
	l.set.Store(s)
	return nil
}

// full is why a hash finds no room.
func full() string {
	return fmt.Sprintf("the list is full: it takes %d; remove a label that is no longer needed", MaxEntries)
}
