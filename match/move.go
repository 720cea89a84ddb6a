package match

import (
	"time"

	"github.com/joingyd/joingyd/ident"
)

// Two sessions of two hubs are paired in one of them. Who finds the other asks:
//
//	A: a waits            B: b waits
//	propose a, b     →                     a is held: nobody else finds it
//	                 ←    accept: b's record   b is held, until B hears of it or anything happens to b
//	taken            →                     A has the record, and keeps it apart
//	                 ←    attach           b is A's: B is its door, no more
//	matched a, b
//
// B alone decides whether b has moved, when it gets taken: before, b is woken up by whatever
// its client says or is told, and by time; after, B has forgotten b. A does nothing with the
// record until b's door attaches, which it does when B has decided. So whatever is lost or late,
// b is in one hub only, and nobody is matched with somebody who is not there. The same goes for
// a session whose door is at a third hub: its home tells that of the move (rehome), and the door
// believes in nobody else.
//
// Should a have gone by then, b waits in A's pool. Should b's door not attach, because B has
// ended, A forgets the record; b's client comes again when its tunnel gives up.
const (
	answerTime = time.Second      // for an answer to propose, and for the door to attach after taken
	heldTime   = 3 * time.Second  // for taken
	guestTime  = 10 * time.Second // for the door to attach, at all
	departKept = 2 * time.Minute  // to tell doors, and for reports of the chat before: longer than reportWindow
)

// What became of moves, and of what was to become one.
const (
	moveProposed = "proposed" // to another hub
	moveRefused  = "refused"  // by the other hub, or too late
	moveAccepted = "accepted" // by this hub
	moveWoken    = "woken"    // accepted, and something came in between
	moveGiven    = "given"    // offered to another hub, for this one is drained
	moveLeft     = "left"     // for another hub
	moveArrived  = "arrived"  // from another hub
	moveMatched  = "matched"  // of those, at once
	moveDropped  = "dropped"  // records that nobody came for
)

// MoveOutcomes lists what ClusterStats.Moves counts.
func MoveOutcomes() []string {
	return []string{moveProposed, moveRefused, moveAccepted, moveWoken, moveGiven, moveLeft, moveArrived, moveMatched, moveDropped}
}

// move is what holds a session's ticket out of the pool.
type move struct {
	node  string
	timer *time.Timer // ends it

	out   bool   // to another hub: this one answered accept
	epoch uint32 // there
	woken bool   // it will not be after all

	id    OfferID       // the session's last, where this hub proposed
	guest ident.Session // whose record is here; zero: not yet
}

// departed is a session that has moved to another hub.
type departed struct {
	to    string
	next  uint32 // its epoch there
	door  string // where its socket was when it left; empty: here
	epoch uint32 // of the tunnel to that
	past  *past  // for a report of the chat before
	until time.Time
}

// Propose has a session of this hub, which waits under an offer, be paired with one of
// another hub that waits under one there. If that comes to nothing, those that still wait
// are offered again, under other names.
func (h *Hub) Propose(own OfferID, node string, theirs OfferID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.others == nil || h.closed {
		return
	}
	s := h.others.offers[own]
	if node != h.others.self && h.emptyingLocked() {
		s = nil // it moves, and the other is to stay where it is
	}
	if s == nil || node == h.others.self {
		h.pairOffersLocked(s, node, theirs)
		return
	}
	h.holdLocked(s, &move{node: node, id: own}, answerTime)
	h.others.moves[own] = s
	h.others.stats.Moves[moveProposed]++
	h.sendFrameLocked(node, &frame{Kind: framePropose, Session: s.id, Offer: own, Theirs: theirs})
}

// pairOffersLocked is for an offer that is void by now, or for two of this hub's own.
func (h *Hub) pairOffersLocked(s *session, node string, theirs OfferID) {
	if node != h.others.self {
		h.sendFrameLocked(node, &frame{Kind: frameVoid, Theirs: theirs})
		return
	}
	other := h.others.offers[theirs]
	if other != nil {
		h.takenLocked(other)
	}
	if s != nil && other != nil && s != other && s.ticket.Mode == other.ticket.Mode && !contains(s.blocked, other.id) && !contains(other.blocked, s.id) {
		now := h.opts.Now()
		h.pool.Paired(s.ticket, now)
		h.pool.Paired(other.ticket, now)
		h.pairLocked(s.ticket, other.ticket)
		return
	}
	for _, one := range [2]*session{s, other} {
		if one != nil {
			one.abroad.failed++
			h.offerLocked(one)
		}
	}
}

// holdLocked takes the session's ticket out of the pool, for a time.
func (h *Hub) holdLocked(s *session, m *move, most time.Duration) {
	h.withdrawLocked(s)
	if s.ticket != nil {
		h.pool.Hold(s.ticket)
	}
	s.abroad.move = m
	m.timer = time.AfterFunc(most, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if s.abroad.move == m {
			h.lineUpLocked(s)
		}
	})
}

// letGoLocked ends the session's move, without giving its ticket back.
func (h *Hub) letGoLocked(s *session) {
	if s.abroad == nil || s.abroad.move == nil {
		return
	}
	m := s.abroad.move
	m.timer.Stop()
	s.abroad.move = nil
	s.abroad.failed++
	if m.out {
		h.others.stats.Moves[moveWoken]++
	} else if h.others.moves[m.id] == s {
		delete(h.others.moves, m.id)
	}
}

// lineUpLocked gives the session its place in the line again, if it waits and is in no pool.
func (h *Hub) lineUpLocked(s *session) {
	h.letGoLocked(s)
	if s.ticket != nil && !s.ticket.Waiting() && s.link != nil && h.sessions[s.id] == s && !h.closed {
		h.waitLocked(s, h.pool.Return(s.ticket, h.opts.Now()))
	}
}

// stayLocked has a session stay that was about to leave: something happens to it that its
// record does not have. Its place in the line it gets when that is over.
func (h *Hub) stayLocked(s *session) {
	if s.abroad == nil || s.abroad.move == nil || !s.abroad.move.out || s.abroad.move.woken {
		return
	}
	s.abroad.move.woken = true
	s.abroad.move.timer.Reset(0)
}

// onProposeLocked answers another hub that has a partner for a session of this one.
func (h *Hub) onProposeLocked(node string, f *frame) {
	s := h.others.offers[f.Theirs]
	if s != nil {
		h.takenLocked(s)
	}
	if s == nil || !h.mayLeaveLocked(s, f.Session) {
		h.sendFrameLocked(node, &frame{Kind: frameRefuse, Offer: f.Offer})
		if s != nil {
			s.abroad.failed++
			h.offerLocked(s)
		}
		return
	}
	data, m := h.departingLocked(s, node)
	if data == nil {
		s.abroad.failed++
		h.sendFrameLocked(node, &frame{Kind: frameRefuse, Offer: f.Offer})
		h.offerLocked(s)
		return
	}
	h.others.stats.Moves[moveAccepted]++
	h.sendFrameLocked(node, &frame{Kind: frameAccept, Session: s.id, Epoch: m.epoch, Offer: f.Offer, data: data})
}

// departingLocked begins a move to another hub, and returns the session's record for that; nil
// if it is too large for now.
func (h *Hub) departingLocked(s *session, node string) (data []byte, m *move) {
	m = &move{node: node, out: true, epoch: s.abroad.epoch + 1}
	data = h.recordOfLocked(s, m.epoch).encode()
	if len(data) > MaxFrame-1<<10 {
		s.link.pingNow() // too much that its client may not have
		return nil, nil
	}
	s.abroad.epoch = m.epoch
	h.holdLocked(s, m, heldTime)
	return data, m
}

// mayLeaveLocked reports whether the session can move, to meet a partner.
func (h *Hub) mayLeaveLocked(s *session, partner ident.Session) bool {
	return s.ticket.Waiting() && h.mayMoveLocked(s) && !contains(s.blocked, partner)
}

// mayMoveLocked reports whether all that there is of the session, which is in no chat, can move.
func (h *Hub) mayMoveLocked(s *session) bool {
	if s.link == nil || s.abroad.busy {
		return false
	}
	switch l := s.link.(type) {
	case *remote:
		return l.open && !l.over && !l.working
	case *socket:
		return l.door == nil && !l.isShutting()
	}
	return false
}

// onAcceptLocked takes the record of a session that another hub would let go.
func (h *Hub) onAcceptLocked(node string, f *frame) {
	s := h.others.moves[f.Offer]
	answer := &frame{Kind: frameDrop, Session: f.Session, Epoch: f.Epoch}
	defer func() { h.sendFrameLocked(node, answer) }()
	if s == nil || s.abroad.move.node != node || s.abroad.move.guest != (ident.Session{}) {
		return // it took too long
	}
	r, err := parseRecord(f.data)
	if err != nil || r.Session != f.Session || r.Epoch != f.Epoch || !h.mayComeLocked(s, r) {
		if err != nil {
			h.opts.Logger.Warn("record of another node", "node", node, "error", err)
		}
		h.others.stats.Moves[moveRefused]++
		h.lineUpLocked(s)
		return
	}
	answer.Kind = frameTaken
	s.abroad.move.guest = r.Session
	s.abroad.move.timer.Reset(answerTime)
	h.expectGuestLocked(r, node, s)
}

// onRefuseLocked gives the session its place back: the other is gone.
func (h *Hub) onRefuseLocked(node string, f *frame) {
	if s := h.others.moves[f.Offer]; s != nil && s.abroad.move.node == node {
		h.others.stats.Moves[moveRefused]++
		h.lineUpLocked(s)
	}
}

// onTakenLocked lets a session go whose record another hub has, or takes that back.
func (h *Hub) onTakenLocked(node string, f *frame) {
	s := h.sessions[f.Session]
	if s != nil && s.abroad != nil {
		if m := s.abroad.move; m != nil && m.out && !m.woken && m.node == node && m.epoch == f.Epoch {
			h.departLocked(s)
			return
		}
	}
	h.sendFrameLocked(node, &frame{Kind: frameDrop, Session: f.Session, Epoch: f.Epoch})
}

// onDropLocked forgets a record: the session stays where it is.
func (h *Hub) onDropLocked(node string, f *frame) {
	if g := h.others.guests[f.Session]; g != nil && g.node == node && g.record.Epoch == f.Epoch {
		h.dismissGuestLocked(g)
		return
	}
	// Or this hub was too late with its answer.
	if s := h.sessions[f.Session]; s != nil && s.abroad != nil && s.abroad.move != nil {
		if m := s.abroad.move; m.out && m.node == node && m.epoch == f.Epoch {
			h.lineUpLocked(s)
		}
	}
}

// onVoidLocked offers a session again: the one who found it is gone.
func (h *Hub) onVoidLocked(f *frame) {
	if s := h.others.offers[f.Theirs]; s != nil {
		h.takenLocked(s)
		s.abroad.failed++
		h.offerLocked(s)
	}
}

// departLocked forgets a session that is at another hub from now on. What is left of it is
// its door, if that is here, what its last partner may report, and what it may report of that.
// It is not over: nobody counts its end.
func (h *Hub) departLocked(s *session) {
	m := s.abroad.move
	m.timer.Stop()
	s.abroad.move = nil
	h.others.stats.Moves[moveLeft]++
	d := &departed{to: m.node, next: m.epoch, past: s.past, until: h.opts.Now().Add(departKept)}
	h.others.left[s.id] = d
	h.leaveTraceLocked(s)
	delete(h.sessions, s.id)
	delete(h.resumable, s.resume)
	h.uncountSessionLocked(s)
	h.forgetPassLocked(s)
	s.ticket = nil
	h.releaseLocked(s.id, d)
	switch l := s.link.(type) {
	case *remote:
		d.door, d.epoch = l.node, l.epoch
		f := l.frame(frameRehome)
		f.Node, f.Next = m.node, m.epoch
		l.end(f)
		s.out.forget()
	case *socket:
		h.openDoorLocked(l, newDoor(s.id, m.epoch, m.node, s.resume))
		l.door.out.inherit(&s.out)
		l.notify() // the writer may have found nothing meanwhile
		h.attachDoorLocked(l)
	}
	s.link = nil
}

// leaving reports whether another hub has the session's record.
func (s *session) leaving() bool {
	return s.abroad != nil && s.abroad.move != nil && s.abroad.move.out && !s.abroad.move.woken
}

func contains(list []ident.Session, id ident.Session) bool {
	for _, one := range list {
		if one == id {
			return true
		}
	}
	return false
}

// Renew offers a session again, under another ID, if it waits under this one: that leads to
// nothing any more.
func (h *Hub) Renew(offer OfferID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.others == nil || h.closed {
		return
	}
	if s := h.others.offers[offer]; s != nil {
		h.offerLocked(s)
	}
}
