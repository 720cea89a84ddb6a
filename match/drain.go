package match

import (
	"math/rand/v2"
	"time"
)

// A hub that is drained empties: no chat begins here that could elsewhere, a session that is in
// none moves to another hub, and a socket whose session is elsewhere is asked to come again, so
// that the balancer leads it to another node. Chats stay until they end.
//
//	X: a idles or waits       Y
//	give: a's record     →    a is a guest, whom nobody waits for
//	                     ←    taken
//	(as in move.go)      ←    attach, of a's door
//
// All that is done by and by, at most drainRate a second. What comes to nothing is tried again,
// and where there is no hub to go to all goes on as without.
const (
	drainEvery  = 250 * time.Millisecond
	drainStep   = int(drainRate * drainEvery / time.Second) // sessions given, and sockets told, at a time
	arrivedTime = 10 * time.Second                          // that a new socket is let alone: the balancer may not know yet
	giveTries   = 3                                         // after which who waits is paired here as well
)

// Drain has the hub empty, or no more.
func (h *Hub) Drain(on bool) {
	h.draining.Store(on)
	if on {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.sessions {
		if s.strayed() {
			h.lineUpLocked(s)
		}
	}
}

// strayed reports whether the session waits in no pool and for no hub: see findLocked.
func (s *session) strayed() bool {
	return s.ticket != nil && !s.ticket.Waiting() && s.link != nil && s.abroad != nil && s.abroad.move == nil
}

// emptyingLocked reports whether the hub is drained and there are others to go to.
func (h *Hub) emptyingLocked() bool {
	return h.others != nil && h.draining.Load() && !h.others.Away() && len(h.others.Open()) > 0
}

// empty does the next step.
func (h *Hub) empty() {
	if !h.draining.Load() {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	emptying := h.emptyingLocked()
	left := drainStep
	for _, s := range h.sessions {
		switch {
		case s.strayed() && (!emptying || s.abroad.failed >= giveTries):
			s.abroad.failed = 0
			h.lineUpLocked(s)
		case left == 0 || !emptying:
		case h.giveLocked(s):
			left--
		}
	}
	if emptying {
		h.sendAwayLocked()
	}
}

// sendAwayLocked asks clients to come again whose sessions are at another hub.
func (h *Hub) sendAwayLocked() {
	left, now := drainStep, h.clock()
	for k := range h.open {
		if left == 0 {
			return
		}
		if d := k.door; d != nil && d.home != "" && len(d.ups) == 0 && now-k.since >= arrivedTime && !k.isShutting() {
			k.shut(closeGoingAway, "1")
			left--
		}
	}
}

// giveLocked offers a session that is in no chat to another hub, and reports whether it did: to
// that of its door, if it may.
func (h *Hub) giveLocked(s *session) bool {
	if s.pair != nil || s.abroad == nil || s.abroad.move != nil || !h.mayMoveLocked(s) {
		return false
	}
	open := h.others.Open()
	to := open[rand.IntN(len(open))]
	if l, away := s.link.(*remote); away {
		for _, node := range open {
			if node == l.node {
				to = node
			}
		}
	}
	data, m := h.departingLocked(s, to)
	if data == nil {
		return false
	}
	h.others.stats.Moves[moveGiven]++
	h.sendFrameLocked(to, &frame{Kind: frameGive, Session: s.id, Epoch: m.epoch, data: data})
	return true
}

// onGiveLocked takes a session of a hub that is drained.
func (h *Hub) onGiveLocked(node string, f *frame) {
	answer := &frame{Kind: frameDrop, Session: f.Session, Epoch: f.Epoch}
	r, err := parseRecord(f.data)
	switch {
	case err != nil:
		h.opts.Logger.Warn("record of another node", "node", node, "error", err)
	case r.Session == f.Session && r.Epoch == f.Epoch && !h.draining.Load() && h.mayComeLocked(nil, r):
		answer.Kind = frameTaken
		h.expectGuestLocked(r, node, nil)
	}
	h.sendFrameLocked(node, answer)
}
