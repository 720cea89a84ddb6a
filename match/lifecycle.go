package match

import (
	"time"

	"github.com/joingyd/joingyd/match/pool"
)

// sendLocked queues m for the session's client. A client that has fallen too far
// behind loses its session: what it has not read cannot be kept for ever.
func (h *Hub) sendLocked(s *session, m serverMessage) {
	if h.sessions[s.id] != s || h.closed { // what is not numbered when the hub closes nobody misses
		return
	}
	h.stayLocked(s)
	if !s.out.push(m) {
		h.tooSlowLocked(s)
		return
	}
	if s.link != nil {
		s.link.notify()
	}
}

func (h *Hub) tooSlowLocked(s *session) {
	h.slow++
	h.opts.Logger.Debug("session ended: client reads too slowly", s.logged()...)
	if s.link != nil {
		s.link.shut(closeTooMany, "1")
	}
	h.endLocked(s, leftLost)
}

// forwardLocked queues m, of its partner, for the session's client. It reports
// whether there was room for it.
func (h *Hub) forwardLocked(s *session, m serverMessage) bool {
	if h.closed {
		return true // see sendLocked
	}
	if !s.out.offer(m) {
		return false
	}
	if s.link != nil {
		s.link.notify()
	}
	return true
}

// refuseLocked answers a message that cannot be followed. The session goes on.
func (h *Hub) refuseLocked(s *session, code errorCode, re, detail string) {
	h.refused[code]++
	h.suspectLocked(s.key, refusalPoints[code])
	h.sendLocked(s, newError(code, re, detail))
}

// findLocked puts the session in the pool, or pairs it at once.
func (h *Hub) findLocked(s *session, mode pool.Mode, interests []pool.Interest) {
	h.partLocked(s, leftNext)
	h.stopWaitingLocked(s)
	now := h.opts.Now()
	if s.abroad != nil {
		s.abroad.failed = 0
	}
	t := &pool.Ticket{
		Session: s.id, Mode: mode, Languages: s.languages, Interests: interests, Since: now,
		Recent: s.recent, Avoid: s.blocked, Relay: h.relayMarkLocked(s),
	}
	s.ticket = t
	if h.emptyingLocked() {
		h.pool.Adopt(t, now) // it is given to another hub, or lined up here: see empty
	} else {
		h.waitLocked(s, h.pool.Add(t, now))
	}
	if s.ticket == t {
		h.sendLocked(s, &waitingMessage{head{Type: "waiting"}, mode, now.UTC()})
	}
}

// waitLocked follows what the pool answered when it was given the session's ticket.
func (h *Hub) waitLocked(s *session, partner *pool.Ticket) {
	if partner != nil {
		h.pairLocked(s.ticket, partner)
		return
	}
	h.offerLocked(s)
	h.wakeRun()
}

func (h *Hub) stopWaitingLocked(s *session) {
	if s.ticket != nil {
		h.letGoLocked(s)
		h.withdrawLocked(s)
		h.pool.Remove(s.ticket, h.opts.Now())
		s.ticket = nil
		h.restLocked(s)
	}
}

// pairLocked makes a pair of two tickets that the pool has let go. The relay
// knows of it before either side does. Where one side could not even be told, it
// is too slow to keep, and the other goes back to its place in the line.
func (h *Hub) pairLocked(one, two *pool.Ticket) {
	a, b := h.sessions[one.Session], h.sessions[two.Session]
	h.withdrawLocked(a)
	h.withdrawLocked(b)
	roomA, roomB := a.out.room(1, maxMatched), b.out.room(1, maxMatched)
	if !roomA || !roomB {
		h.waitOrEndLocked(a, roomA)
		h.waitOrEndLocked(b, roomB)
		return
	}
	a.ticket, b.ticket = nil, nil
	p := newPair(one.Mode, h.clock(), a, b)
	if err := h.opts.Relay.Join(p.id, a.id, b.id); err != nil {
		h.opts.Logger.Error("relay refused a pair", append(a.logged(), "error", err)...)
		h.restLocked(a)
		h.restLocked(b)
		h.refuseLocked(a, codeUnavailable, "find", "the relay cannot take this pair; try again")
		h.refuseLocked(b, codeUnavailable, "find", "the relay cannot take this pair; try again")
		return
	}
	a.pair, b.pair = p, p
	a.met(b.id)
	b.met(a.id)
	h.seenLocked(a, StepMatched)
	h.seenLocked(b, StepMatched)
	h.pairs[p.mode]++
	h.paired[p.mode]++
	h.watchLocked(p)
	// The one who waited longer offers: its client is ready.
	roleA, roleB := "polite", "impolite"
	if one.Since.Before(two.Since) {
		roleA, roleB = roleB, roleA
	}
	h.sendLocked(a, &matchedMessage{head{Type: "matched"}, p.id.String(), roleA, p.mode, pool.Common(one.Interests, two.Interests), h.otherRelayLocked(a)})
	h.sendLocked(b, &matchedMessage{head{Type: "matched"}, p.id.String(), roleB, p.mode, pool.Common(two.Interests, one.Interests), h.otherRelayLocked(b)})
}

// waitOrEndLocked is for a session whose ticket the pool has let go.
func (h *Hub) waitOrEndLocked(s *session, wait bool) {
	if wait {
		h.waitLocked(s, h.pool.Return(s.ticket, h.opts.Now()))
	} else {
		h.tooSlowLocked(s)
	}
}

// partLocked ends the session's chat, if it is in one, and tells the partner.
func (h *Hub) partLocked(s *session, reason leftReason) {
	p := s.pair
	if p == nil {
		return
	}
	partner := s.partner()
	h.opts.Relay.Part(p.id)
	h.pairs[p.mode]--
	p.typists[0].stop()
	p.typists[1].stop()
	p.said.forget()
	p.stopWatching()
	until := h.opts.Now().Add(reportWindow)
	s.pair, s.past = nil, &past{pair: p.id, partner: partner.id, of: partner.trace, until: until, report: p.reports[p.side(s)]}
	partner.pair, partner.past = nil, &past{pair: p.id, partner: s.id, of: s.trace, until: until, report: p.reports[p.side(partner)]}
	h.restLocked(s)
	h.restLocked(partner)
	h.sendLocked(partner, &leftMessage{head{Type: "left"}, p.id.String(), reason})
	// What they said is forgotten with the pongs.
	for _, one := range [2]*session{s, partner} {
		if one.link != nil {
			one.link.pingNow()
		}
	}
}

// endLocked ends the session: chat, ticket, relay and resume token are gone when
// it returns. The socket, if any, is the caller's to shut.
func (h *Hub) endLocked(s *session, reason leftReason) {
	if h.sessions[s.id] != s {
		return
	}
	h.seenLocked(s, StepLeft)
	delete(h.sessions, s.id)
	h.goneLocked(s)
	h.handover.over(s.id, reason)
	delete(h.resumable, s.resume)
	h.uncountSessionLocked(s)
	if s.grace != nil {
		s.grace.Stop()
	}
	if !s.sought && !h.closed {
		h.suspectLocked(s.key, pointsAimless)
	}
	h.stopWaitingLocked(s)
	h.partLocked(s, reason)
	h.leaveTraceLocked(s)
	h.forgetPassLocked(s)
	h.opts.Relay.Dismiss(s.id)
	if _, here := s.link.(*socket); !here {
		s.out.forget()
	}
}

// attachLocked makes l the session's link; one before it is superseded. The
// client has everything up to number ack.
func (h *Hub) attachLocked(s *session, l link, ack uint64) {
	if s.link != nil {
		s.link.supersede(s.out.newest())
	}
	if s.grace != nil {
		s.grace.Stop()
		s.grace = nil
	}
	if h.others != nil {
		if s.abroad == nil {
			s.abroad = new(abroad)
		}
		s.abroad.epoch++
	}
	s.link = l
	h.restLocked(s)
	from := l.from()
	s.host = from.host
	s.cameFrom(from.addr)
	s.port = from.port
	l.attach(s, ack)
	delete(h.resumable, s.resume)
	var token string
	token, s.resume = newResumeToken(l.prefix())
	h.resumable[s.resume] = s
	s.online = h.onlineLocked()
	welcome := &welcomeMessage{
		head: head{Type: "welcome"}, Session: s.id.String(), Resume: token,
		Online: s.online, Policy: h.live.Load().Policy, ICE: h.iceLocked(s),
	}
	if h.opts.Receipt != nil {
		welcome.Receipt = h.opts.Receipt(s.id)
	}
	h.sendLocked(s, welcome)
}

// detach is called when k is gone. Where the client said goodbye the session
// ends; else it waits for another socket.
func (h *Hub) detach(k *socket, goodbye bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.leaveLocked(k)
	switch {
	case k.door != nil && k.session == nil:
		h.closeDoorLocked(k, goodbye)
	case k.session == nil:
		h.suspectLocked(addressKey(k.addr), pointsUnheard)
	default:
		h.unlinkLocked(k.session, k, goodbye)
	}
}

// unlinkLocked is detach for any link of a session.
func (h *Hub) unlinkLocked(s *session, l link, goodbye bool) {
	if s.link != l {
		return
	}
	s.link = nil
	if h.sessions[s.id] != s {
		s.out.forget()
		return
	}
	if k, here := l.(*socket); h.closed && (!here || k.isShutting()) {
		return // nobody's goodbye, but the client's answer to ours
	}
	if goodbye || h.opts.ResumeGrace == 0 {
		h.endLocked(s, leftLeft)
		return
	}
	s.turned = h.clock()
	h.stopTypingLocked(s)
	if s.ticket != nil {
		h.letGoLocked(s)
		h.withdrawLocked(s)
		h.pool.Remove(s.ticket, h.opts.Now()) // nobody is paired with the absent
	}
	h.awaitLocked(s, h.opts.ResumeGrace)
}

// awaitLocked ends a session that has no socket, unless it has one by then.
func (h *Hub) awaitLocked(s *session, grace time.Duration) {
	s.grace = time.AfterFunc(grace, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if s.link == nil {
			h.endLocked(s, leftLost)
		}
	})
}
