package match

import (
	"net/netip"
	"time"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/match/pool"
)

// Use is what a visitor wants, and a ban may refuse.
type Use int

// The uses. Whoever is refused the first is refused all.
const (
	UseSite  Use = iota // to come in
	UseVideo            // to chat by video
)

// Ban is what a visitor is told of a ban.
type Ban struct {
	Reason string
	Until  time.Time // zero: permanent
	By     string    // who decided: person, rule or list; empty: it is not said
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

// Kick ends the session without a ban, and shows its visitor why, unless reason is
// empty. It reports whether there was one.
func (h *Hub) Kick(id ident.Session, reason string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.sessions[id]
	if s == nil {
		return false
	}
	if reason != "" {
		h.sendLocked(s, &actionMessage{head{Type: "action"}, s.pairName(), "end", reason, nil})
	}
	if s.link != nil {
		s.link.shut(closeKicked, "ended by the operator")
	}
	h.endLocked(s, leftModerated)
	return true
}

// Warn shows the session's visitor that they were reported, and why. It reports
// whether there was one.
func (h *Hub) Warn(id ident.Session, reason string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.sessions[id]
	if s == nil {
		return false
	}
	h.sendLocked(s, &actionMessage{head{Type: "action"}, s.pairName(), "warn", reason, nil})
	return true
}

func (h *Hub) addrsLocked(s *session) []netip.Addr {
	return append(h.opts.Relay.ClientAddrs(s.id), s.addrs...)
}

// bannedLocked returns the ban that refuses one of the addresses a use.
func (h *Hub) bannedLocked(addrs []netip.Addr, use Use) (Ban, bool) {
	for _, addr := range addrs {
		if ban, banned := h.opts.Banned(addr, use); banned {
			return ban, true
		}
	}
	return Ban{}, false
}

// banLocked ends the session of a visitor who may not be here.
func (h *Hub) banLocked(s *session, ban Ban) {
	h.sendLocked(s, newBanned(ban, h.opts.Appeal))
	if s.link != nil {
		s.link.shut(closeBanned, "banned")
	}
	h.endLocked(s, leftBanned)
}

// banVideoLocked ends what a session that may not chat by video has of that: its
// video chat or its search for one, and its allocations. It goes on, and may chat
// by text.
func (h *Hub) banVideoLocked(s *session, ban Ban) {
	h.opts.Relay.CloseAllocations(s.id)
	switch {
	case s.ticket != nil && s.ticket.Mode == pool.Video:
		h.stopWaitingLocked(s)
		h.refuseVideoLocked(s, ban)
	case s.pair != nil && s.pair.mode == pool.Video:
		left := &leftMessage{head{Type: "left"}, s.pair.id.String(), leftBanned}
		h.partLocked(s, leftBanned)
		h.refuseVideoLocked(s, ban)
		h.sendLocked(s, left)
	}
}

// mayChatLocked reports whether the session may chat in a mode, and tells it if
// not.
func (h *Hub) mayChatLocked(s *session, mode pool.Mode) bool {
	if mode != pool.Video {
		return true
	}
	ban, banned := h.bannedLocked(h.addrsLocked(s), UseVideo)
	switch {
	case banned:
		h.denied[deniedBan]++
		h.refuseVideoLocked(s, ban)
	case !h.noVideo.IsZero():
		h.denied[deniedClosed]++
		h.closeVideoLocked(s)
	case h.noRelayLocked(s):
		h.refuseLocked(s, codeUnavailable, "find", "no relay can be had now; try again, or chat by text")
	default:
		return true
	}
	return false
}

// refuseVideoLocked answers a find that a ban refuses, now or in the middle of
// what it brought.
func (h *Hub) refuseVideoLocked(s *session, ban Ban) {
	h.refused[codeVideoBanned]++
	h.sendLocked(s, &videoBannedMessage{
		errorMessage: *newError(codeVideoBanned, "find", "no video chats from this address; text chats are open"),
		banNotice:    newBanNotice(ban, h.opts.Appeal),
	})
}

func newBanned(ban Ban, appeal string) *bannedMessage {
	return &bannedMessage{head{Type: "banned"}, newBanNotice(ban, appeal)}
}

func newBanNotice(ban Ban, appeal string) banNotice {
	n := banNotice{Reason: ban.Reason, By: ban.By, Appeal: appeal}
	if !ban.Until.IsZero() {
		until := ban.Until.UTC().Truncate(time.Second)
		n.Until = &until
	}
	return n
}
