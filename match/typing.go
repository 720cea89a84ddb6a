package match

import "time"

const (
	typingExpiry = 6 * time.Second // an unrepeated typing {on:true} is taken back after this
	typingRepeat = 2 * time.Second // the partner hears of repeats no more often
)

// typist is one side of a pair: whether the other was told that it types. Guarded
// by Hub.mu.
type typist struct {
	on    bool
	told  time.Time   // when the partner last heard so
	until time.Time   // how long it holds
	timer *time.Timer // runs while on
}

// stop forgets that the side types.
func (t *typist) stop() {
	if t.on {
		t.on = false
		t.timer.Stop()
	}
}

// handleTyping passes on that the session's visitor types, or no longer does. The
// first holds only for a while: clients repeat it.
func (h *Hub) handleTyping(s *session, m clientMessage, now time.Time) {
	partner := h.inPairLocked(s, m)
	if partner == nil {
		return
	}
	t := &s.pair.typists[s.pair.side(s)]
	if t.on == m.On && (!m.On || now.Sub(t.told) < typingRepeat) {
		if m.On {
			t.until = now.Add(typingExpiry)
			t.timer.Reset(typingExpiry)
		}
		return
	}
	if !h.forwardLocked(partner, &typingMessage{head{Type: "typing"}, m.Pair, m.On}) {
		h.refuseLocked(s, codeRateLimited, m.Type, farBehind)
		return
	}
	t.stop()
	if m.On {
		t.on, t.told, t.until = true, now, now.Add(typingExpiry)
		p := s.pair
		t.timer = time.AfterFunc(typingExpiry, func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			if s.pair == p && !h.opts.Now().Before(t.until) { // not repeated while this waited for the lock
				h.stopTypingLocked(s)
			}
		})
	}
}

// stopTypingLocked takes back, at the partner of s, that s types. A partner too
// far behind to hear it is left to its client, which stops showing it by itself.
func (h *Hub) stopTypingLocked(s *session) {
	if s.pair == nil {
		return
	}
	t := &s.pair.typists[s.pair.side(s)]
	if t.on {
		t.stop()
		h.forwardLocked(s.partner(), &typingMessage{head{Type: "typing"}, s.pair.id.String(), false})
	}
}
