package match

import (
	"iter"
	"net/netip"
	"time"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/match/pool"
)

// State is what a session is doing.
type State string

// The states.
const (
	StateIdle     State = "idle"     // has a socket and nothing to do
	StateWaiting  State = "waiting"  // for a partner
	StateChatting State = "chatting" // with one
	StateAway     State = "away"     // has lost its socket and may come back; its chat, if any, goes on
)

// Session is what an operator may know of a live session. With whom it talks, about
// what, and what it likes are not among it: nobody needs them to end it.
type Session struct {
	ID         ident.Session
	State      State
	Mode       pool.Mode  // of its chat or search; empty: it has none
	Since      time.Time  // when it began
	StateSince time.Time  // when its state, or its chat, did
	Addr       netip.Addr // that its last socket came from: personal data
	Reports    int        // against it, one a chat at most
}

// walkBatch is how many sessions are looked at under one hold of the hub's lock:
// less than 100 µs.
const walkBatch = 256

// Sessions returns the live sessions, in no order. The hub is its visitors' again
// after every 256, and while its caller looks at one. What comes and goes
// meanwhile may be among them or not.
func (h *Hub) Sessions() iter.Seq[Session] {
	return func(yield func(Session) bool) {
		batch := make([]Session, 0, walkBatch)
		pass := func() bool {
			for _, s := range batch {
				if !yield(s) {
					return false
				}
			}
			batch = batch[:0]
			return true
		}
		h.mu.Lock()
		for _, s := range h.sessions {
			if batch = append(batch, h.describeLocked(s)); len(batch) < walkBatch {
				continue
			}
			h.mu.Unlock()
			if !pass() {
				return
			}
			h.mu.Lock()
		}
		h.mu.Unlock()
		pass()
	}
}

func (h *Hub) describeLocked(s *session) Session {
	d := Session{ID: s.id, Since: h.at(s.since), Addr: s.addr, Reports: int(s.reports)}
	switch {
	case s.pair != nil:
		d.State, d.Mode, d.StateSince = StateChatting, s.pair.mode, h.at(s.pair.since)
	case s.ticket != nil:
		d.State, d.Mode, d.StateSince = StateWaiting, s.ticket.Mode, s.ticket.Since
	default:
		d.State, d.StateSince = StateIdle, h.at(s.turned)
	}
	if s.link == nil {
		d.State, d.StateSince = StateAway, h.at(s.turned)
	}
	return d
}

// restLocked notes that the session, unless it is away, has nothing to do from now on.
func (h *Hub) restLocked(s *session) {
	if s.link != nil {
		s.turned = h.clock()
	}
}

// clock is the time since the hub was made: an offset takes a third of a
// time.Time, and there may be 100,000 sessions.
func (h *Hub) clock() time.Duration { return h.opts.Now().Sub(h.start) }

// at returns what the hub's clock read as a time.
func (h *Hub) at(clock time.Duration) time.Time { return h.start.Add(clock) }
