package filter

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"sync"
	"time"

	"github.com/joingyd/joingyd/recent"
)

// RepeatWindow is how long it counts that something was said in a chat.
const RepeatWindow = 10 * time.Minute

const (
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

// said is in which chats something was said in the last RepeatWindow, the
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

// saying is something that a line says, in one scope.
type saying struct {
	print fingerprint
	scope scope
	limit int  // chats in which it may be said
	chats int  // in which it was, by now: at most one more than limit, which is enough to know
	fresh bool // this chat is one more
}

// bySpeaker appends what the line's speaker says: the session, and the address.
func (r *repeats) bySpeaker(list []saying, what []byte, line *Line, limit int) []saying {
	addr := line.Source.Addr().As16()
	return append(list,
		saying{print: r.print(bySession, line.Session[:], what), scope: bySession, limit: limit},
		saying{print: r.print(bySource, addr[:], what), scope: bySource, limit: limit})
}

// byAll is bySpeaker for all speakers together.
func (r *repeats) byAll(list []saying, what []byte, limit int) []saying {
	return append(list, saying{print: r.print(bySite, nil, what), scope: bySite, limit: limit})
}

// say notes that all of it was said in the line's chat, and in how many it was by now.
func (r *repeats) say(list []saying, line *Line) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range list {
		r.forgetLocked(line.At)
		s, _ := r.entries.Use(list[i].print)
		list[i].fresh = s.note(line.Chat, list[i].limit+1, line.At)
		list[i].chats = len(s.chats)
	}
}

// note adds a chat, and forgets those that are too old or too many. It reports whether
// it was not there before.
func (s *said) note(in fingerprint, most int, now time.Time) (fresh bool) {
	kept := s.chats[:0]
	fresh = true
	for _, c := range s.chats {
		switch {
		case c.id == in:
			fresh = false
		case now.Sub(c.at) < RepeatWindow:
			kept = append(kept, c)
		}
	}
	if len(kept) == most {
		kept = append(kept[:0], kept[1:]...)
	}
	s.chats = append(kept, chat{in, now})
	return fresh
}

// forgetAtOnce is how many entries are forgotten before others get a turn.
const forgetAtOnce = 64

// forget forgets what has not been said for RepeatWindow.
func (r *repeats) forget(now time.Time) {
	for more := true; more; {
		r.mu.Lock()
		more = r.forgetLocked(now)
		r.mu.Unlock()
	}
}

// forgetLocked forgets some entries that have not been said for RepeatWindow, and
// reports whether there may be more.
func (r *repeats) forgetLocked(now time.Time) (more bool) {
	return r.entries.Forget(forgetAtOnce, func(s *said) bool {
		return now.Sub(s.chats[len(s.chats)-1].at) >= RepeatWindow
	})
}

func (r *repeats) stats() (entries int, evicted uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.entries.Len(), r.entries.Evicted()
}
