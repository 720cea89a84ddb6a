package filter

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"sync"
	"time"

	"github.com/joingyd/joingyd/recent"
)

const (
	repeatWindow    = 10 * time.Minute
	maxFingerprints = 1 << 18 // about 60 MB when full

	// How many letters a line needs to count: "where are you from" has 15, and
	// everybody says it. With a link or contact in it a line needs fewer.
	minLetters      = 24
	minLettersFound = 8

	// A plain line may be said in so many times more chats than one with a link or
	// contact; and a link or contact on the whole site.
	plainTimes = 2
	siteTimes  = 4
)

// fingerprint stands for something that one speaker said: it cannot be read
// without the key, which is forgotten when the process ends.
type fingerprint [16]byte

// said is in which chats something was said in the last repeatWindow, the
// youngest last.
type said struct{ chats []chat }

type chat struct {
	id fingerprint
	at time.Time
}

// repeats counts in how many chats each thing was said. It is bounded: what was
// said least recently is forgotten first.
type repeats struct {
	hashers sync.Pool

	mu      sync.Mutex // guards what follows
	entries *recent.Map[fingerprint, said]
}

func newRepeats(key [32]byte) *repeats {
	return &repeats{
		hashers: sync.Pool{New: func() any { return &hasher{mac: hmac.New(sha256.New, key[:])} }},
		entries: recent.New[fingerprint, said](maxFingerprints),
	}
}

// scope is by whom something was said.
type scope byte

const (
	bySession scope = iota
	bySource
	bySite
)

// hasher is a keyed hash with its memory.
type hasher struct {
	mac   hash.Hash
	input []byte
	sum   [sha256.Size]byte
}

// print makes a fingerprint of what was said in a scope.
func (r *repeats) print(s scope, who, what []byte) (f fingerprint) {
	h := r.hashers.Get().(*hasher)
	defer r.hashers.Put(h)
	h.input = append(h.input[:0], byte(s), byte(len(who)))
	h.input = append(append(h.input, who...), what...)
	h.mac.Reset()
	h.mac.Write(h.input)
	copy(f[:], h.mac.Sum(h.sum[:0]))
	clear(h.input) // no text outlives its line
	return f
}

// sayOwn notes what the line's speaker says, and reports whether the session or
// the address has said it in more than limit chats.
func (r *repeats) sayOwn(what []byte, line *Line, limit int) bool {
	addr := line.Source.Addr().As16()
	session := r.say(r.print(bySession, line.Session[:], what), line.Chat, limit, line.At)
	source := r.say(r.print(bySource, addr[:], what), line.Chat, limit, line.At)
	return max(session, source) > limit
}

// sayAll is sayOwn for all speakers together.
func (r *repeats) sayAll(what []byte, line *Line, limit int) bool {
	return r.say(r.print(bySite, nil, what), line.Chat, limit, line.At) > limit
}

// say notes that f was said in a chat, and returns in how many it was by now: at
// most one more than limit, which is enough to know.
func (r *repeats) say(f fingerprint, in fingerprint, limit int, now time.Time) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forgetLocked(now)
	s, _ := r.entries.Use(f)
	s.note(in, limit+1, now)
	return len(s.chats)
}

// note adds a chat, and forgets those that are too old or too many.
func (s *said) note(in fingerprint, most int, now time.Time) {
	kept := s.chats[:0]
	for _, c := range s.chats {
		if c.id != in && now.Sub(c.at) < repeatWindow {
			kept = append(kept, c)
		}
	}
	if len(kept) == most {
		kept = append(kept[:0], kept[1:]...)
	}
	s.chats = append(kept, chat{in, now})
}

// forgetAtOnce is how many entries are forgotten before others get a turn.
const forgetAtOnce = 64

// forget forgets what has not been said for repeatWindow.
func (r *repeats) forget(now time.Time) {
	for more := true; more; {
		r.mu.Lock()
		more = r.forgetLocked(now)
		r.mu.Unlock()
	}
}

// forgetLocked forgets some entries that have not been said for repeatWindow, and
// reports whether there may be more.
func (r *repeats) forgetLocked(now time.Time) (more bool) {
	return r.entries.Forget(forgetAtOnce, func(s *said) bool {
		return now.Sub(s.chats[len(s.chats)-1].at) >= repeatWindow
	})
}

func (r *repeats) stats() (entries int, evicted uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.entries.Len(), r.entries.Evicted()
}
