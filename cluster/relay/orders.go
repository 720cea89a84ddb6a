package relay

import (
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/joingyd/joingyd/ident"
)

// ErrUnknownSession says that a session was to be joined that nobody has admitted.
var ErrUnknownSession = errors.New("relay: no such session")

// Gap is for the bus to say that something from a node was lost, or that it is new.
func (h *Host) Gap(from string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	said := h.homeLocked(from)
	said.whole = false
	h.askLocked(said)
}

// homeLocked returns what is known of a node's Home, which was heard of just now.
func (h *Host) homeLocked(name string) *home {
	from := h.homes[name]
	if from == nil {
		from = &home{name: name, book: newBook[*guest, *chat]()}
		h.homes[name] = from
	}
	from.heard = time.Now()
	return from
}

// Handle takes a message of kind ToHost. Those of one node must come one at a time.
func (h *Host) Handle(from string, message []byte) {
	for len(message) > 0 {
		var ended *home
		message, ended = h.follow(from, message)
		if ended != nil {
			h.forget(ended)
		}
	}
}

// follow does what the first records of a message say, and returns the others. Where it
// came to the end of a whole, it returns whose.
func (h *Host) follow(name string, message []byte) (rest []byte, ended *home) {
	h.mu.Lock()
	defer h.mu.Unlock()
	from := h.homeLocked(name)
	for range atOnce {
		if len(message) == 0 {
			return nil, nil
		}
		r, rest, err := next(message)
		if err != nil {
			h.stats.Invalid++
			h.askLocked(from)
			return nil, nil
		}
		message = rest
		if r.op == opEnd && from.whole {
			from.whole = false
			return message, from
		}
		h.obeyLocked(from, r)
	}
	return message, nil
}

func (h *Host) obeyLocked(from *home, r record) {
	switch r.op {
	case opAdmit:
		h.admitLocked(from, r.session, r.source)
	case opDismiss:
		h.dismissLocked(from, r.session)
	case opClose:
		h.closeLocked(from, r.session)
	case opJoin:
		if err := h.joinLocked(from, r.pair, r.session, r.partner); err != nil {
			h.stats.Refused++
		}
	case opPart:
		if h.partLocked(from, r.pair) {
			h.sendLocked(from, record{op: opConnected}.appendTo(nil))
		}
	case opBegin:
		from.whole = true
		from.round++
	case opRenew:
		answer := record{op: opHeard, clock: h.server.Clock()}.appendTo(nil)
		if r.digest == from.digest && !from.whole {
			h.server.Renew(from.name, h.lease)
		} else {
			h.stats.Asked++
			answer = record{op: opAsk}.appendTo(answer)
		}
		h.sendLocked(from, answer)
	}
}

// forget lets go of what a Home has not said in its last round: pairs first.
func (h *Host) forget(from *home) {
	var pairs []ident.Pair
	var sessions []ident.Session
	h.mu.Lock()
	for id, c := range from.pairs {
		if c.round != from.round {
			pairs = append(pairs, id)
		}
	}
	for id, g := range from.sessions {
		if g.claims[g.claimOf(from)].round != from.round {
			sessions = append(sessions, id)
		}
	}
	h.mu.Unlock()
	for some := range slices.Chunk(pairs, atOnce) {
		h.mu.Lock()
		for _, id := range some {
			h.partLocked(from, id)
		}
		h.mu.Unlock()
	}
	for some := range slices.Chunk(sessions, atOnce) {
		h.mu.Lock()
		for _, id := range some {
			h.dismissLocked(from, id)
		}
		h.mu.Unlock()
	}
}

// home returns the Home that has the session.
func (g *guest) home() *home { return g.claims[len(g.claims)-1].home }

// claimOf returns where a Home's claim is, or -1.
func (g *guest) claimOf(of *home) int {
	return slices.IndexFunc(g.claims, func(c claim) bool { return c.home == of })
}

// admitLocked makes the session known at the relay, for a Home, which has it from now on.
// What is known already and said again as part of the whole takes it from nobody. The
// credentials are for the Home of this node.
func (h *Host) admitLocked(from *home, id ident.Session, source netip.Addr) (username, password string, expires time.Time) {
	g := h.sessions[id]
	if g == nil {
		g = &guest{id: id}
		h.sessions[id] = g
	}
	from.put(id, g)
	said, at := claim{from, source, from.round}, g.claimOf(from)
	had := at >= 0 && g.home() == from && g.claims[at].source == source
	switch {
	case at >= 0 && (from.whole || at == len(g.claims)-1):
		g.claims[at] = said
	default:
		g.claims = append(slices.DeleteFunc(g.claims, func(c claim) bool { return c.home == from }), said)
		if g.chat != nil {
			h.endLocked(g.chat)
		}
	}
	if g.home() != from {
		return "", "", time.Time{}
	}
	if from == h.own {
		return h.server.Admit(id, source)
	}
	if !had {
		h.server.Admit(id, source)
	}
	g.told = g.told || from.whole || len(g.claims) > 1
	h.Changed(id) // it may have had allocations before
	return "", "", time.Time{}
}

// dismissLocked ends a Home's claim, and with the last one the session.
func (h *Host) dismissLocked(from *home, id ident.Session) {
	g := from.sessions[id]
	if g == nil {
		return
	}
	from.remove(id)
	at := g.claimOf(from)
	had := at == len(g.claims)-1
	g.claims = slices.Delete(g.claims, at, at+1)
	if had && g.chat != nil {
		h.endLocked(g.chat)
	}
	switch {
	case len(g.claims) == 0:
		delete(h.sessions, id)
		h.server.Dismiss(id)
	case had: // the one that had it before has it again, and may have a pair for it
		g.told, g.home().owed = true, g.home() != h.own
		h.Changed(id)
	}
}

func (h *Host) closeLocked(from *home, id ident.Session) {
	if g := from.sessions[id]; g != nil && g.home() == from {
		h.server.CloseAllocations(id)
	}
}

// joinLocked joins two sessions of a Home. What it said of them before, and others, is
// over: a Home says the end of a pair before the next one, but that may have been lost.
func (h *Host) joinLocked(from *home, id ident.Pair, a, b ident.Session) error {
	c := from.pairs[id]
	if c == nil {
		c = &chat{id: id, home: from}
	}
	c.round = from.round
	if c.live {
		return nil
	}
	c.sides = [2]*guest{from.sessions[a], from.sessions[b]}
	if c.sides[0] == nil || c.sides[1] == nil || a == b {
		return ErrUnknownSession
	}
	from.putPair(id, c)
	for _, g := range c.sides {
		if g.home() != from {
			if from.whole {
				return nil // another has it, since this was said
			}
			h.admitLocked(from, g.id, g.claims[g.claimOf(from)].source)
		}
		if g.chat != nil {
			h.endLocked(g.chat)
		}
	}
	if err := h.letLocked(c); err != nil {
		return err
	}
	c.live, c.sides[0].chat, c.sides[1].chat = true, c, c
	return nil
}

// letLocked lets the sides of a pair talk.
func (h *Host) letLocked(c *chat) error {
	a, b := c.sides[0].id, c.sides[1].id
	if c.home == h.own {
		return h.server.Join(c.id, a, b)
	}
	return h.server.JoinHeld(c.home.name, h.lease, c.id, a, b)
}

// partLocked ends a Home's pair, and reports whether media went both ways under it.
func (h *Host) partLocked(from *home, id ident.Pair) (connected bool) {
	c := from.pairs[id]
	if c == nil {
		return false
	}
	from.removePair(id)
	return c.live && h.endLocked(c)
}

// endLocked ends a pair at the relay. Its Home still has to part it.
func (h *Host) endLocked(c *chat) (connected bool) {
	c.live, c.sides[0].chat, c.sides[1].chat = false, nil, nil
	return h.server.Part(c.id)
}
