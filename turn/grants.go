package turn

import (
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	permissionLifetime = 5 * time.Minute  // RFC 8656 section 9
	channelLifetime    = 10 * time.Minute // RFC 8656 section 12
	maxPermissions     = 128              // of one allocation
	maxChannels        = 128
)

// grants are an allocation's permissions and channels. Those of the masked relay
// rule alone; in open mode they bound what pion holds. Their zero value is empty.
// Instants are those of Server.instant.
type grants struct {
	mu          sync.Mutex
	permissions []permission
	channels    atomic.Pointer[[]*channel] // replaced, never changed; read on every packet
}

// permission lets a peer address send, while the pair under which it was granted
// lasts: two that meet again start anew. The same holds for channels.
type permission struct {
	peer  netip.Addr
	under *pair
	until time.Duration
}

// channel is a channel number bound to a peer's transport address.
type channel struct {
	number uint16
	peer   netip.AddrPort
	under  *pair
	until  atomic.Int64          // a time.Duration
	route  atomic.Pointer[route] // where its packets go; nil: to be found out
}

// live reports whether the channel and its pair last.
func (c *channel) live(now time.Duration) bool {
	return c.until.Load() > int64(now) && !c.under.over()
}

// permit grants every peer under its pair, or none where there is no room.
func (g *grants) permit(now time.Duration, peers []netip.Addr, under []*pair) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.permitLocked(now, peers, under)
}

func (g *grants) permitLocked(now time.Duration, peers []netip.Addr, under []*pair) bool {
	g.permissions = slices.DeleteFunc(g.permissions, func(p permission) bool { return p.until <= now || p.under.over() })
	added := 0
	for i, peer := range peers {
		if g.find(peer) < 0 && !slices.Contains(peers[:i], peer) {
			added++
		}
	}
	if len(g.permissions)+added > maxPermissions {
		return false
	}
	for i, peer := range peers {
		p := permission{peer, under[i], now + permissionLifetime}
		if at := g.find(peer); at >= 0 {
			g.permissions[at] = p
		} else {
			g.permissions = append(g.permissions, p)
		}
	}
	return true
}

func (g *grants) find(peer netip.Addr) int {
	return slices.IndexFunc(g.permissions, func(p permission) bool { return p.peer == peer })
}

// bindResult is what became of a ChannelBind.
type bindResult int

const (
	bound       bindResult = iota
	bindClashes            // number or peer is bound otherwise
	bindFull
)

// bind binds or refreshes a channel, and permits its peer (RFC 8656 section 12.2).
func (g *grants) bind(now time.Duration, number uint16, peer netip.AddrPort, under *pair) bindResult {
	g.mu.Lock()
	defer g.mu.Unlock()
	live := g.liveChannels(now)
	for _, c := range live {
		if c.number == number && c.peer == peer && c.under == under {
			if !g.permitLocked(now, []netip.Addr{peer.Addr()}, []*pair{under}) {
				return bindFull
			}
			c.until.Store(int64(now + channelLifetime))
			c.route.Store(nil) // its end has moved
			return bound
		}
		if c.number == number || c.peer == peer {
			return bindClashes
		}
	}
	if len(live) == maxChannels || !g.permitLocked(now, []netip.Addr{peer.Addr()}, []*pair{under}) {
		return bindFull
	}
	added := &channel{number: number, peer: peer, under: under}
	added.until.Store(int64(now + channelLifetime))
	live = append(live, added)
	g.channels.Store(&live)
	return bound
}

// liveChannels is a new list of the channels that have not ended.
func (g *grants) liveChannels(now time.Duration) (live []*channel) {
	for _, c := range g.list() {
		if c.live(now) {
			live = append(live, c)
		}
	}
	return live
}

func (g *grants) list() []*channel {
	if list := g.channels.Load(); list != nil {
		return *list
	}
	return nil
}

// channel finds the channel with this number, ended or not; nil if there is none.
func (g *grants) channel(number uint16) *channel {
	for _, c := range g.list() {
		if c.number == number {
			return c
		}
	}
	return nil
}

// channelTo finds the live channel that is bound to peer: its number, 0 if there
// is none, and when it ends.
func (g *grants) channelTo(now time.Duration, peer netip.AddrPort) (number uint16, until time.Duration) {
	for _, c := range g.list() {
		if c.peer == peer && c.live(now) {
			return c.number, time.Duration(c.until.Load())
		}
	}
	return 0, 0
}

// permits returns when the permission for peer under p ends, or 0 if there is
// none.
func (g *grants) permits(now time.Duration, peer netip.Addr, p *pair) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, held := range g.permissions {
		if held.peer == peer && held.under == p && held.until > now {
			return held.until
		}
	}
	return 0
}

// admits reports whether data may pass between the client and a peer's address: there
// is a permission for it, or a channel to it. Which of the two is pion's to know.
func (g *grants) admits(now time.Duration, peer netip.Addr) bool {
	if slices.ContainsFunc(g.list(), func(c *channel) bool { return c.peer.Addr() == peer && c.live(now) }) {
		return true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	at := g.find(peer)
	return at >= 0 && g.permissions[at].until > now
}

// revoke takes back the permissions and channels for the peers that refused picks.
func (g *grants) revoke(refused func(netip.Addr) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.permissions = slices.DeleteFunc(g.permissions, func(p permission) bool { return refused(p.peer) })
	left := slices.DeleteFunc(slices.Clone(g.list()), func(c *channel) bool { return refused(c.peer.Addr()) })
	if len(left) < len(g.list()) {
		g.channels.Store(&left)
	}
}

// forgetRoutes makes every channel find out again where its packets go.
func (g *grants) forgetRoutes() {
	for _, c := range g.list() {
		c.route.Store(nil)
	}
}
