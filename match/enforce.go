package match

import (
	"net/netip"
	"runtime"
)

// EnforceBans ends what is banned by now, and returns how many sessions it ended.
// It looks at the addresses, of WebSockets and of the relay, that concerns picks;
// nil picks all. A session with one that may not be here ends: when EnforceBans
// returns, its allocations are closed and its partner is told; its socket closes
// as soon as the `banned` message is out. One that may not chat by video loses its
// video chat and its allocations. Banned sockets without a session are closed.
//
// Others get the lock in between. Nobody slips through all the same, as long as
// Options.Banned knew of the bans before EnforceBans is called: it is asked, with
// the lock held, about every session that is made, every address that one is
// resumed from, and every search for a video chat. What a walk misses because it is
// new was asked about already. A new allocation is the relay's to refuse.
func (h *Hub) EnforceBans(concerns func(netip.Addr) bool) (ended int) {
	h.eachSession(func(s *session) {
		addrs := h.concernedLocked(s, concerns)
		noVideo, banned := h.bannedLocked(addrs, UseVideo)
		if !banned {
			return // nor is it from the site
		}
		if ban, banned := h.bannedLocked(addrs, UseSite); banned {
			h.banLocked(s, ban)
			ended++
		} else {
			h.banVideoLocked(s, noVideo)
		}
	})
	h.eachStranger(func(k *socket) {
		if concerns != nil && !concerns(k.addr) {
			return
		}
		if ban, banned := h.opts.Banned(k.addr, UseSite); banned {
			if k.door != nil { // its session is elsewhere, and may not hear of it first
				k.door.out.push(newBanned(ban, h.opts.Appeal))
				k.notify()
			}
			k.shut(closeBanned, "banned")
		}
	})
	return ended
}

// Affected returns how many sessions have an address that matches.
func (h *Hub) Affected(match func(netip.Addr) bool) (affected int) {
	h.eachSession(func(s *session) {
		if len(h.concernedLocked(s, match)) > 0 {
			affected++
		}
	})
	return affected
}

// concernedLocked returns the addresses of the session that concerns picks; nil
// picks all.
func (h *Hub) concernedLocked(s *session, concerns func(netip.Addr) bool) (addrs []netip.Addr) {
	if concerns == nil {
		return h.addrsLocked(s)
	}
	for _, list := range [2][]netip.Addr{s.addrs, h.opts.Relay.ClientAddrs(s.id)} {
		for _, addr := range list {
			if concerns(addr) {
				addrs = append(addrs, addr)
			}
		}
	}
	return addrs
}

// eachSession calls f for every session that is there from the start to the end of the
// walk. Go's maps promise as much, whatever comes and goes meanwhile.
func (h *Hub) eachSession(f func(*session)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	looked := 0
	for _, s := range h.sessions {
		f(s)
		if looked++; looked%walkBatch == 0 {
			h.giveWayLocked()
		}
	}
}

// eachStranger is eachSession for sockets without a session.
func (h *Hub) eachStranger(f func(*socket)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	looked := 0
	for k := range h.open {
		if k.session == nil {
			f(k)
		}
		if looked++; looked%walkBatch == 0 {
			h.giveWayLocked()
		}
	}
}

// giveWayLocked lets others have the lock. Without the pause this goroutine would have
// it back before who waits for it has woken up.
func (h *Hub) giveWayLocked() {
	h.mu.Unlock()
	runtime.Gosched()
	h.mu.Lock()
}
