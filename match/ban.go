package match

import (
	"net/netip"
	"time"

	"github.com/joingyd/joingyd/ident"
)

// EnforceBans ends every session that has an address, of its WebSocket or of its
// relay, which is banned by now, and returns how many. When it returns their
// allocations are closed and their partners told; the sockets close as soon as
// the `banned` message is out. Banned sockets without a session close too.
func (h *Hub) EnforceBans() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	ended := 0
	for _, s := range h.sessions {
		if ban, banned := h.bannedLocked(s); banned {
			h.banLocked(s, ban)
			ended++
		}
	}
	for k := range h.open {
		if k.session != nil {
			continue
		}
		if _, banned := h.opts.Banned(k.addr); banned {
			k.shut(closeBanned, "banned")
		}
	}
	return ended
}

// Affected returns how many sessions have an address that matches.
func (h *Hub) Affected(match func(netip.Addr) bool) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	affected := 0
	for _, s := range h.sessions {
		for _, addr := range h.addrsLocked(s) {
			if match(addr) {
				affected++
				break
			}
		}
	}
	return affected
}

// Addresses returns every address that the session used, nil if there is no such
// session.
func (h *Hub) Addresses(id ident.Session) []netip.Addr {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s := h.sessions[id]; s != nil {
		return h.addrsLocked(s)
	}
	return nil
}

// Kick ends the session without a ban. It reports whether there was one.
func (h *Hub) Kick(id ident.Session) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.sessions[id]
	if s == nil {
		return false
	}
	if s.socket != nil {
		s.socket.shut(closeKicked, "ended by the operator")
	}
	h.endLocked(s, leftModerated)
	return true
}

func (h *Hub) addrsLocked(s *session) []netip.Addr {
	return append(h.opts.Relay.ClientAddrs(s.id), s.addrs...)
}

func (h *Hub) bannedLocked(s *session) (Ban, bool) {
	for _, addr := range h.addrsLocked(s) {
		if ban, banned := h.opts.Banned(addr); banned {
			return ban, true
		}
	}
	return Ban{}, false
}

func (h *Hub) banLocked(s *session, ban Ban) {
	h.sendLocked(s, newBanned(ban, h.opts.Appeal))
	if s.socket != nil {
		s.socket.shut(closeBanned, "banned")
	}
	h.endLocked(s, leftBanned)
}

func newBanned(ban Ban, appeal string) *bannedMessage {
	m := &bannedMessage{head: head{Type: "banned"}, Reason: ban.Reason, Appeal: appeal}
	if !ban.Until.IsZero() {
		until := ban.Until.UTC().Truncate(time.Second)
		m.Until = &until
	}
	return m
}
