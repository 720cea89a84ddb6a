package match

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/match/pool"
)

// Handover returns what the chats that went on when the hub was closed need to go on in the
// next: see Options.Handover. It is nil before Close, and where nobody chatted.
func (h *Hub) Handover() []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.left == nil || len(h.left.sealed) == 0 {
		return nil
	}
	return h.left.encode()
}

// handOverLocked notes the chats for the next hub. Every message that was numbered has been
// written by now, or its client cannot have it and says so when it comes back.
func (h *Hub) handOverLocked(spread time.Duration) {
	if h.left != nil || h.opts.ResumeGrace == 0 {
		return
	}
	h.left = &handover{made: h.opts.Now(), spread: spread, sealed: make(map[handedName][]byte)}
	if h.handover != nil && h.left.made.Before(h.handover.until) { // nobody has come for it yet
		maps.Copy(h.left.sealed, h.handover.sealed)
	}
	for _, s := range h.sessions {
		if s.pair == nil || s.awaited() || s.partner().awaited() {
			continue // who never came back has a token of a hub before this one
		}
		name, sealed := h.recordLocked(s).seal(s.resume)
		h.left.sealed[name] = sealed
	}
}

// recordLocked is what is handed over of a session in a chat. Addresses, interests,
// languages and what was said are not.
func (h *Hub) recordLocked(s *session) handed {
	p, partner := s.pair, s.partner()
	side := p.side(s)
	chat := handedChat{
		Session: s.id, Partner: partner.id, Pair: p.id, Video: p.mode == pool.Video, Proved: s.pass != nil || s.proved,
		Spoke: [2]bool{p.spoke[side], p.spoke[1-side]}, Last: s.out.newest(), PartnerLast: partner.out.newest(),
		Order: p.said.last, Prover: h.prover.key,
	}
	copy(chat.Report[:], p.reports[side])
	return handed{handedChat: chat, blocked: s.blocked}
}

// inheritKept takes over what a hub before left in a file, if that is not long ago.
func (h *Hub) inheritKept(data []byte) error {
	if len(data) == 0 {
		return nil
	}
	o, err := parseHandover(data)
	if err != nil {
		return err
	}
	if age := h.opts.Now().Sub(o.made).Abs(); age > HandoverLasts {
		return fmt.Errorf("left %v ago", age.Round(time.Second))
	}
	h.inherit(o)
	return nil
}

// inherit takes over what a hub has just left, or the one before.
func (h *Hub) inherit(o *handover) {
	if h.opts.ResumeGrace == 0 {
		return
	}
	o.until = h.opts.Now().Add(h.opts.ResumeGrace + o.spread)
	if h.handover == nil {
		h.handover = o
	} else {
		maps.Copy(h.handover.sealed, o.sealed)
		if o.until.After(h.handover.until) {
			h.handover.until = o.until
		}
	}
	h.opts.Logger.Info("chats of before may go on", "sessions", len(o.sealed))
}

// forgetHandover forgets what nobody has come for.
func (h *Hub) forgetHandover() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.forgetHandoverLocked()
}

func (h *Hub) forgetHandoverLocked() {
	if h.handover != nil && (len(h.handover.sealed) == 0 || !h.opts.Now().Before(h.handover.until)) {
		h.handover = nil
	}
}

// over notes that a session has ended, so that its record brings it back no more.
func (o *handover) over(id ident.Session, reason leftReason) {
	if o != nil {
		o.ended[id] = reason
	}
}

// handedLocked returns what was handed over with m's token, nil if nothing was.
func (h *Hub) handedLocked(m clientMessage) *handed {
	if m.Resume == "" {
		return nil
	}
	return h.handedAsLocked(sha256.Sum256([]byte(m.Resume)))
}

// handedAsLocked returns what was handed over with the token of this hash.
func (h *Hub) handedAsLocked(hash resumeHash) *handed {
	h.forgetHandoverLocked()
	if h.handover == nil {
		return nil
	}
	name, _ := hash.keys()
	sealed, known := h.handover.sealed[name]
	if !known {
		return nil
	}
	r, ok := hash.open(sealed)
	if _, over := h.handover.ended[r.Session]; !ok || over || h.opts.Age.needs(r.mode()) && !r.Proved {
		delete(h.handover.sealed, name)
		return nil
	}
	return &r
}

// restoreLocked brings back the session of a record, with its chat: k is its socket then.
// It is counted as any other of its address, but not held up by the pace of new ones:
// nobody can make a record. done is false where the client must get a new session.
func (h *Hub) restoreLocked(r *handed, k *socket, ack uint64, languages []string) (outcome greeting, done bool) {
	if wait := h.crowdedLocked(addressKey(k.addr)); wait > 0 {
		k.shut(closeTooMany, seconds(wait))
		return greetTooMany, true
	}
	return greetWelcome, h.takeBackLocked(r, k, ack, languages, k.stranger.kind)
}

// takeBackLocked is restoreLocked for any link.
func (h *Hub) takeBackLocked(r *handed, l link, ack uint64, languages []string, kind Kind) bool {
	addr := l.from().addr
	delete(h.handover.sealed, r.name)
	if h.sessions[r.Session] == nil {
		h.reviveLocked(r)
	}
	s := h.sessions[r.Session]
	h.uncountSessionLocked(s)
	s.addr, s.addrs, s.key = addr, []netip.Addr{addr}, addressKey(addr)
	h.countSessionLocked(s)
	s.since, s.languages, s.blocked, s.proved = h.clock(), languages, r.blocked, r.Proved
	h.cameLocked(kind, languages)
	if p := s.pair; p != nil {
		p.reports[p.side(s)] = r.report()
		if !s.partner().awaited() {
			h.watchLocked(p)
		}
	}
	return h.resumeLocked(s, l, ack)
}

// reviveLocked makes both sessions of a chat and the chat, before either has a socket: as
// if both had just lost theirs, but that nobody knows from where they come. Where the
// partner's is over by now, so is the chat.
func (h *Hub) reviveLocked(r *handed) {
	if !slices.ContainsFunc(h.earlier, func(p *prover) bool { return p.key == r.Prover }) {
		h.earlier = append(h.earlier, proverWith(r.Prover))
	}
	s, partner := h.awaitedLocked(r.Session, r.Last), h.awaitedLocked(r.Partner, r.PartnerLast)
	p := newPair(r.mode(), h.clock(), s, partner)
	p.id, p.spoke, p.said.last = r.Pair, r.Spoke, r.Order
	err := h.opts.Relay.Join(p.id, s.id, partner.id)
	reason, over := h.handover.ended[r.Partner]
	s.pair, partner.pair = p, p
	s.met(partner.id)
	partner.met(s.id)
	h.pairs[p.mode]++
	switch {
	case over:
		h.endLocked(partner, reason)
	case err != nil:
		h.opts.Logger.Error("relay refused a pair", "error", err)
		h.endLocked(partner, leftLost)
	}
}

// awaitedLocked makes a session whose client has messages up to number last, and may come
// back to it.
func (h *Hub) awaitedLocked(id ident.Session, last uint64) *session {
	s := newSession(netip.Addr{}, nil)
	s.id, s.addrs, s.out.last = id, nil, last
	s.since, s.turned, s.sought = h.clock(), h.clock(), true
	h.sessions[id] = s
	h.countSessionLocked(s)
	h.opts.Relay.Admit(id, s.addr)
	h.awaitLocked(s, h.handover.until.Sub(h.opts.Now()))
	return s
}

// awaited reports whether the session was handed over and its visitor has not come back.
func (s *session) awaited() bool { return !s.addr.IsValid() }

// banHandedLocked ends the session of a record whose visitor may not be here any more.
func (h *Hub) banHandedLocked(r *handed, ban Ban) {
	delete(h.handover.sealed, r.name)
	if s := h.sessions[r.Session]; s != nil {
		h.banLocked(s, ban)
	}
	h.handover.over(r.Session, leftBanned)
}

// provenLocked is prover.proven for lines of this hub and of those before.
func (h *Hub) provenLocked(pair ident.Pair, me, them ident.Session, lines []shownLine) []Line {
	list := h.prover.proven(pair, me, them, lines)
	for _, p := range h.earlier {
		list = append(list, p.proven(pair, me, them, lines)...)
	}
	return list
}
