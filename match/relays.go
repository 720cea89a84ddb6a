package match

import (
	"hash/fnv"
	"io"
	"net/netip"
	"slices"
	"time"

	"github.com/joingyd/joingyd/ident"
)

// Relays is a Relay that is several, each with a name. A session is at one of them, and the
// two of a pair are at the same. Like Relay's, its methods must not block and not call the
// hub.
type Relays interface {
	// At names the session's relay; empty if it has none that is alive.
	At(ident.Session) string
	// Adopt makes a session known whose client has credentials for the relay of this name,
	// and leaves it there if it can.
	Adopt(session ident.Session, source netip.Addr, relay string)
	// Stale reports whether the session's client has credentials for another relay than
	// the session is at by now. Those of Admit end that.
	Stale(ident.Session) bool
	// URLs returns the STUN/TURN URLs of the session's relay, for a visitor who asked for
	// this Host; none if there is no relay.
	URLs(session ident.Session, host string) []string
}

// lingers is how long a session that has moved to another hub stays known to the relay as
// one of this hub's too: its allocations end with the last hub that knows it, and the word
// of the other may come later.
const lingers = time.Second

// lingering is a session that has moved to another hub, and that the relay still knows as
// this one's.
type lingering struct {
	session ident.Session
	left    *departed
	until   time.Time
}

// adoptLocked makes the session of a record known to the relay before its hub lets it go.
func (h *Hub) adoptLocked(r *sessionRecord) {
	if h.opts.Relays != nil {
		h.opts.Relays.Adopt(r.Session, r.Addr, r.Relay)
	}
}

// releaseLocked has the relay forget a session that has moved to another hub: soon.
func (h *Hub) releaseLocked(id ident.Session, d *departed) {
	if h.opts.Relays == nil {
		h.opts.Relay.Dismiss(id)
		return
	}
	h.others.lingering = append(h.others.lingering, lingering{id, d, h.opts.Now().Add(lingers)})
}

// forgetLingeringLocked has the relay forget those whose time has come, but for who has come
// back. All of them have once the hub is closed.
func (h *Hub) forgetLingeringLocked() {
	now, due := h.opts.Now(), 0
	for _, l := range h.others.lingering {
		if now.Before(l.until) && !h.closed {
			break
		}
		due++
		if h.others.left[l.session] == l.left && h.others.guests[l.session] == nil {
			h.opts.Relay.Dismiss(l.session)
		}
	}
	h.others.lingering = slices.Delete(h.others.lingering, 0, due)
}

// knownRelayLocked names the relay for which the session's client has credentials; empty
// if that is not the one where the session is.
func (h *Hub) knownRelayLocked(s *session) string {
	if h.opts.Relays == nil || h.opts.Relays.Stale(s.id) {
		return ""
	}
	return h.opts.Relays.At(s.id)
}

// otherRelayLocked returns how to reach the session's relay if its client does not know that;
// else nil.
func (h *Hub) otherRelayLocked(s *session) *ice {
	if h.opts.Relays == nil || !h.opts.Relays.Stale(s.id) {
		return nil
	}
	fresh := h.iceLocked(s)
	return &fresh
}

// relayMarkLocked stands for the session's relay in the pool, where those of two may happen to
// look the same.
func (h *Hub) relayMarkLocked(s *session) uint64 {
	if h.opts.Relays == nil {
		return 0
	}
	mark := fnv.New64a()
	io.WriteString(mark, h.opts.Relays.At(s.id))
	return mark.Sum64()
}

// noRelayLocked reports whether the session has no relay to chat by video through.
func (h *Hub) noRelayLocked(s *session) bool {
	return h.opts.Relays != nil && h.opts.Relays.At(s.id) == ""
}

func (h *Hub) iceURLsLocked(s *session) []string {
	if h.opts.Relays == nil {
		return h.opts.ICEURLs(s.host.Value())
	}
	return h.opts.Relays.URLs(s.id, s.host.Value())
}

// Rehoused tells the clients of sessions that have got another relay, since the one before is
// gone, how to reach it. Who has no socket at the moment, or is about to move, hears of it
// with what comes next.
func (h *Hub) Rehoused(sessions []ident.Session) {
	for some := range slices.Chunk(sessions, walkBatch) {
		h.mu.Lock()
		for _, id := range some {
			if s := h.sessions[id]; s != nil && s.link != nil && !s.leaving() && h.opts.Relays.Stale(id) {
				h.sendLocked(s, &iceMessage{head{Type: "ice"}, h.iceLocked(s)})
			}
		}
		h.mu.Unlock()
	}
}

// closeOthersLocked has the relay forget what a hub that is closed has there of sessions of
// others.
func (h *Hub) closeOthersLocked() {
	for _, g := range h.others.guests {
		h.forgetGuestLocked(g)
		h.opts.Relay.Dismiss(g.record.Session)
	}
	h.forgetLingeringLocked()
}
