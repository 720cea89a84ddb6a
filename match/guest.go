package match

import (
	"time"

	"github.com/joingyd/joingyd/match/pool"
)

// guest is a session whose record is here and whose door is not.
type guest struct {
	record *sessionRecord
	node   string   // that it comes from
	host   *session // who waits for it; nil: nobody
	timer  *time.Timer
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
