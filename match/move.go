package match

import (
	"time"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/match/pool"
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

// guest is a session whose record is here and whose door is not.
type guest struct {
	record *sessionRecord
	node   string   // that it comes from
	host   *session // who waits for it; nil: nobody
	timer  *time.Timer
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

// expectGuestLocked keeps a record until its session's door attaches.
func (h *Hub) expectGuestLocked(r *sessionRecord, node string, host *session) {
	g := &guest{record: r, node: node, host: host}
	h.dismissGuestLocked(h.others.guests[r.Session])
	h.adoptLocked(r)
	h.others.guests[r.Session] = g
	g.timer = time.AfterFunc(guestTime, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.others.guests[r.Session] == g {
			h.dismissGuestLocked(g)
		}
	})
}

// mayComeLocked reports whether this hub takes the session of a record, for s if that is not nil.
func (h *Hub) mayComeLocked(s *session, r *sessionRecord) bool {
	_, banned := h.bannedLocked(r.Addrs, UseSite)
	switch {
	case h.sessions[r.Session] != nil, banned:
		return false
	case s != nil && (contains(s.blocked, r.Session) || contains(r.Blocked, s.id) || r.Mode != s.ticket.Mode):
		return false
	case r.Mode == pool.Video && !h.noVideo.IsZero():
		return false
	case len(h.sessions) >= h.live.Load().Sessions, h.opts.Pressure() >= noSessions:
		return false
	}
	return true
}

// dismissGuestLocked forgets a record, if there is one, and gives who waited for it back to
// the pool.
func (h *Hub) dismissGuestLocked(g *guest) {
	if g == nil {
		return
	}
	h.others.stats.Moves[moveDropped]++
	h.forgetGuestLocked(g)
	if h.sessions[g.record.Session] == nil {
		h.opts.Relay.Dismiss(g.record.Session)
	}
	if g.isAwaited() {
		h.lineUpLocked(g.host)
	}
}

func (h *Hub) forgetGuestLocked(g *guest) {
	g.timer.Stop()
	if h.others.guests[g.record.Session] == g {
		delete(h.others.guests, g.record.Session)
	}
}

// isAwaited reports whether the partner still waits for the guest.
func (g *guest) isAwaited() bool {
	if g.host == nil {
		return false
	}
	m := g.host.abroad.move
	return m != nil && !m.out && m.guest == g.record.Session
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

// arriveLocked makes the session of a record, whose door is at another hub.
func (h *Hub) arriveLocked(g *guest, f *frame) {
	r := &remote{origin: f.From.origin(), hub: h, node: g.record.Door, got: g.record.Followed, done: g.record.Followed, token: g.record.Tag}
	s := h.admitGuestLocked(g, r)
	r.session, r.epoch = s, f.Epoch
	h.enterTunnelLocked(r)
	r.begin(f.Seq)
	h.settleGuestLocked(g, s)
}

// arriveAtLocked makes the session of a record, whose socket is here.
func (h *Hub) arriveAtLocked(g *guest, k *socket) {
	s := h.admitGuestLocked(g, k)
	d := k.door
	k.mu.Lock()
	k.session, k.out = s, &s.out
	k.mu.Unlock()
	d.out.forget()
	h.sockets.Go(func() { k.replay(d) })
	k.notify()
	h.settleGuestLocked(g, s)
}

// goneOfMovedLocked follows a door whose socket is gone, and whose session has moved meanwhile:
// no door will attach at the hub that has the record. There the session waits for its client, as
// if it had lost the socket after that.
func (h *Hub) goneOfMovedLocked(node string, f *frame) {
	if d := h.others.left[f.Session]; d != nil && d.door == node && d.epoch == f.Epoch {
		passed := *f
		passed.Epoch = d.next
		h.sendFrameLocked(d.to, &passed)
		return
	}
	g := h.others.guests[f.Session]
	if g == nil || g.record.Epoch != f.Epoch || g.node != node {
		return
	}
	r := &remote{hub: h, node: g.record.Door}
	s := h.admitGuestLocked(g, r)
	r.session = s
	if g.isAwaited() {
		h.lineUpLocked(g.host)
	}
	if ban, banned := h.bannedLocked(s.addrs, UseSite); f.Banned || banned {
		s.link = nil
		h.banLocked(s, ban)
		return
	}
	h.unlinkLocked(s, r, f.Bye)
}

func (h *Hub) admitGuestLocked(g *guest, l link) *session {
	h.forgetGuestLocked(g)
	h.others.stats.Moves[moveArrived]++
	s := h.sessionOfLocked(g.record)
	delete(h.others.left, s.id)
	s.link = l
	h.sessions[s.id] = s
	h.resumable[s.resume] = s
	if h.opts.Relays == nil { // else it was adopted
		h.opts.Relay.Admit(s.id, s.addr)
	}
	return s
}

// settleGuestLocked pairs a session that has just come, or has it wait.
func (h *Hub) settleGuestLocked(g *guest, s *session) {
	if ban, banned := h.bannedLocked(s.addrs, UseSite); banned {
		h.banLocked(s, ban)
	}
	awaited := g.isAwaited()
	if awaited {
		h.letGoLocked(g.host)
	}
	switch {
	case h.sessions[s.id] != s || s.ticket == nil:
	case !h.mayChatLocked(s, s.ticket.Mode):
		s.ticket = nil
		h.restLocked(s)
	case awaited && g.host.link != nil:
		h.others.stats.Moves[moveMatched]++
		h.pairLocked(g.host.ticket, s.ticket)
		return
	default:
		h.lineUpLocked(s)
	}
	if awaited {
		h.lineUpLocked(g.host)
	}
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
