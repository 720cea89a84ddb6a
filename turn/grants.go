package turn

import (
	"net/netip"
	"sync"
	"time"
)

const (
	permissionLifetime = 5 * time.Minute  // RFC 8656 section 9
	channelLifetime    = 10 * time.Minute // RFC 8656 section 12
	maxPermissions     = 128              // of one allocation, pion's leftovers included
	maxChannels        = 128
)

// grants are an allocation's permissions: which peer address was granted under
// which pair. pion keeps permissions of its own, by address and time; both must
// agree. They also count what pion holds, which they bound.
type grants struct {
	mu       sync.RWMutex
	permits  map[netip.Addr]*pair
	recent   map[netip.Addr]time.Time // when pion's permission ends
	channels map[uint16]time.Time     // when pion's channel ends
}

// grant records a permission under p. Those of earlier chats are dropped: they
// can never match again.
func (g *grants) grant(peer netip.Addr, p *pair) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for old, under := range g.permits {
		if under != p && !under.own() {
			delete(g.permits, old)
		}
	}
	if g.permits == nil {
		g.permits = make(map[netip.Addr]*pair)
	}
	g.permits[peer] = p
}

// under reports whether peer was granted under p.
func (g *grants) under(peer netip.Addr, p *pair) bool {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.permits[peer] == p
}

// roomFor reports whether pion may hold permissions for these peers and, if not
// 0, this channel, and counts them if so.
func (g *grants) roomFor(now time.Time, peers []netip.Addr, channel uint16) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.forgetEnded(now)
	added := 0
	for _, peer := range peers {
		if _, counted := g.recent[peer]; !counted {
			added++
		}
	}
	_, counted := g.channels[channel]
	if len(g.recent)+added > maxPermissions || channel != 0 && !counted && len(g.channels) == maxChannels {
		return false
	}
	if g.recent == nil {
		g.recent, g.channels = make(map[netip.Addr]time.Time), make(map[uint16]time.Time)
	}
	for _, peer := range peers {
		g.recent[peer] = now.Add(permissionLifetime)
	}
	if channel != 0 {
		g.channels[channel] = now.Add(channelLifetime)
	}
	return true
}

func (g *grants) forgetEnded(now time.Time) {
	for peer, end := range g.recent {
		if !end.After(now) {
			delete(g.recent, peer)
		}
	}
	for channel, end := range g.channels {
		if !end.After(now) {
			delete(g.channels, channel)
		}
	}
}
