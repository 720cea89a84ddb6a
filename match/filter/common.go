package filter

import (
	"crypto/rand"
	"time"
)

// Common counts over all filters of a site, which have the same Key, in how many chats
// something was said. It is called by Check.
type Common interface {
	// Said notes that each of the things was said in a chat more, and returns how long ago each
	// was said, in any: the oldest first, and no more than are asked for. Nothing of
	// what is not known. It may take a moment.
	Said(things []Thing) [][]time.Duration
}

// Thing is what somebody said.
type Thing struct {
	Print [16]byte
	Most  int // chats that matter, the youngest, each for RepeatWindow
}

// mostThings is how many of a line are counted in common.
const mostThings = 12

// share counts what is said in a chat more in common with other filters, and takes note of the
// chats there. A link or contact counts from the first chat on; a plain line, which most
// say once, from the second at this filter: so a spammer has one chat more at each.
func (r *repeats) share(with Common, list []saying, found bool, now time.Time) {
	var things []Thing
	var of []*saying
	for i := range list {
		s := &list[i]
		if s.fresh && (found || s.chats > 1) && len(things) < mostThings {
			things, of = append(things, Thing{s.print, s.limit + 1}), append(of, s)
		}
	}
	if len(things) == 0 {
		return
	}
	answers := with.Said(things)
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, ago := range answers[:min(len(answers), len(of))] {
		s, _ := r.entries.Use(of[i].print)
		s.learn(ago, of[i].limit+1, now)
		of[i].chats = len(s.chats)
	}
}

// learn adds chats at other filters, of which nothing is known but when they were: as many as
// are missing.
func (s *said) learn(ago []time.Duration, most int, now time.Time) {
	missing := min(len(ago), most) - len(s.chats)
	if missing <= 0 {
		return
	}
	others := make([]chat, 0, missing+len(s.chats))
	for _, d := range ago[:missing] { // the oldest: those here are not older
		c := chat{at: now.Add(-d)}
		rand.Read(c.id[:])
		others = append(others, c)
	}
	s.chats = append(others, s.chats...)
}
