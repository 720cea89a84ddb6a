package relay

import (
	"maps"
	"slices"

	"github.com/joingyd/joingyd/ident"
)

// Rehouse gives each session whose relay is gone or closes, or that never had one, another, and takes
// its pair along. It returns those sessions: each is Stale. Where there is no relay at all
// they stay as they are: the one that is gone may come back. It takes its time, in steps that
// do not hold up the matchmaker.
func (h *Home) Rehouse() (moved []ident.Session) {
	for some := range slices.Chunk(h.stranded(), atOnce) {
		h.mu.Lock()
		relays := h.opts.Relays()
		for _, id := range some {
			if v := h.sessions[id]; v != nil && !v.at.alive(relays) {
				moved = h.rehouseLocked(moved, v, relays)
			}
		}
		h.mu.Unlock()
	}
	return moved
}

// stranded returns the sessions that are at no live relay, if they could be at one.
func (h *Home) stranded() (ids []ident.Session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	relays := h.opts.Relays()
	for _, p := range h.places {
		if !p.alive(relays) {
			ids = slices.AppendSeq(ids, maps.Keys(p.sessions))
		}
	}
	ids = slices.AppendSeq(ids, maps.Keys(h.homeless))
	if len(ids) > 0 && h.chooseLocked(relays) == nil {
		return nil
	}
	return ids
}

// rehouseLocked adds those that it moves: the session, and its partner.
func (h *Home) rehouseLocked(moved []ident.Session, v *visitor, relays []Relay) []ident.Session {
	to := h.chooseLocked(relays)
	if to == nil {
		return moved
	}
	c := v.couple
	if c == nil {
		h.moveLocked(v, to)
		return append(moved, v.id)
	}
	if c.at != nil {
		c.at.removePair(c.id) // that ends with the sessions
		c.at = nil
	}
	for _, side := range c.sides {
		h.moveLocked(side, to)
		moved = append(moved, side.id)
	}
	_ = h.joinLocked(c, to) // this node's relay may have one of them in another pair: nothing passes then, as before
	return moved
}
