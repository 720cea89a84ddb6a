package relay

import (
	"net/netip"
	"time"

	"github.com/joingyd/joingyd/ident"
)

// Admit makes a session of this node known, and returns fresh credentials for it.
func (h *Host) Admit(session ident.Session, source netip.Addr) (username, password string, expires time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.admitLocked(h.own, session, source)
}

// Dismiss ends a session of this node at the relay before it returns, unless it is another
// node's by now.
func (h *Host) Dismiss(session ident.Session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dismissLocked(h.own, session)
}

// CloseAllocations closes those of a session of this node before it returns.
func (h *Host) CloseAllocations(session ident.Session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closeLocked(h.own, session)
}

// Join lets two sessions of this node talk, until Part.
func (h *Host) Join(pair ident.Pair, a, b ident.Session) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	err := h.joinLocked(h.own, pair, a, b)
	if err != nil {
		h.own.removePair(pair)
	}
	return err
}

// Part ends that before it returns, and reports whether media went both ways.
func (h *Host) Part(pair ident.Pair) (connected bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.partLocked(h.own, pair)
}

// Owns reports whether relayed is an allocation of the session.
func (h *Host) Owns(session ident.Session, relayed netip.AddrPort) bool {
	return h.server.Owns(session, relayed)
}

// ClientAddrs returns where the session's allocations are and were made from. The list
// must not be changed.
func (h *Host) ClientAddrs(session ident.Session) []netip.Addr { return h.server.ClientAddrs(session) }
