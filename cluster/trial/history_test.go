package trial_test

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// deed is one thing that a visitor did or was told.
type deed struct {
	at      time.Duration // since the history's start
	visitor int
	session string
	what    string
	node    string // that the visitor's socket is at
	mode    string
	pair    string
	body    string // of a line
	order   uint64 // of a line
}

// What visitors do, and what becomes of them; the rest are types of messages that they were told.
const (
	didFind  = "find"
	didLeave = "leave"
	didSay   = "say"
	didBlock = "block"
	didCome  = "came"  // has a socket, and is welcome
	didLose  = "lost"  // has a new session, after asking for the one before
	didBreak = "broke" // has no socket any more
	didEnd   = "over"  // does not come back to the session
	noAnswer = "unanswered"
	badOrder = "sequence"
)

// span is a time, from and to.
type span struct{ from, to time.Duration }

func (s span) lasts() time.Duration { return s.to - s.from }

// history is all that visitors did and were told, in one order, and when something was broken.
type history struct {
	start time.Time

	mu      sync.Mutex // guards what follows
	deeds   []deed
	trouble []span // faults, and the time until all has to be well again
}

func newHistory() *history { return &history{start: time.Now()} }

func (h *history) now() time.Duration { return time.Since(h.start) }

func (h *history) note(d deed) {
	h.mu.Lock()
	defer h.mu.Unlock()
	d.at = h.now() // under the lock: times go up
	h.deeds = append(h.deeds, d)
}

// troubled notes a time in which answers may fail to come.
func (h *history) troubled(s span) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.trouble = append(h.trouble, s)
}

// all returns the deeds there are. They do not change any more.
func (h *history) all() []deed {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.deeds[:len(h.deeds):len(h.deeds)]
}

// well returns the part of s that is after all trouble which touches it.
func (h *history) well(s span) span {
	for _, t := range h.trouble {
		if t.from < s.to && s.from < t.to {
			s.from = min(t.to, s.to)
		}
	}
	return s
}

// around returns the deeds of who a breach is about, shortly before it, for who reads them.
func (h *history) around(b breach) string {
	var lines []string
	for _, d := range h.all() {
		mine := d.session != "" && strings.Contains(b.text, d.session) || d.pair != "" && strings.Contains(b.text, d.pair)
		if mine && d.at > b.at-time.Minute && d.at <= b.at+time.Second {
			lines = append(lines, fmt.Sprintf("  %8.3f %s at %s: %s %s %s %s", d.at.Seconds(), d.session, d.node, d.what, d.mode, d.pair, d.body))
		}
	}
	return strings.Join(lines[max(0, len(lines)-30):], "\n")
}
