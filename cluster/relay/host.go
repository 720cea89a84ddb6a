package relay

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/joingyd/joingyd/ident"
)

const (
	// Lease is how long a pair lasts that its Home does not renew.
	Lease = 5 * time.Second
	// Patience is how long a Home may be silent before its sessions are dismissed.
	Patience = 15 * time.Second

	hostTick = time.Second
	atOnce   = 128 // records, or sessions, that are handled with the lock held
)

// Bus carries messages to other nodes: in order, with every loss told to the receiver.
// Send must neither block nor keep the payload. *bus.Bus is one.
type Bus interface {
	Send(to string, kind uint8, payload []byte) error
}

// Sessions admits sessions to a relay.
type Sessions interface {
	Admit(session ident.Session, source netip.Addr) (username, password string, expires time.Time)
	Dismiss(ident.Session)
	CloseAllocations(ident.Session)
}

// Pairs lets two sessions talk, until they are parted or their holder has not renewed.
type Pairs interface {
	Join(pair ident.Pair, a, b ident.Session) error
	JoinHeld(holder string, lasts time.Duration, pair ident.Pair, a, b ident.Session) error
	Renew(holder string, lasts time.Duration)
	Part(ident.Pair) (connected bool)
}

// Allocations tells what sessions have at a relay.
type Allocations interface {
	Held(ident.Session) []netip.AddrPort
	Owns(session ident.Session, relayed netip.AddrPort) bool
	ClientAddrs(ident.Session) []netip.Addr
	Clock() time.Time // by which credentials end
}

// Server is the relay of a node. A *turn.Server is one, but for Admit's results.
type Server interface {
	Sessions
	Pairs
	Allocations
}

// HostOptions of NewHost.
type HostOptions struct {
	Server Server
	Bus    Bus
	// Deaf reports whether nobody can be heard, so that silence says nothing of a Home: Redis
	// is down, say. Nil: everybody always can.
	Deaf   func() bool
	Logger *slog.Logger // nil: discarded
}

// Host carries out at this node's relay what Homes say. Make one with NewHost, give it
// what the bus has for it with Handle and Gap, what the relay has with Changed, and a
// goroutine with Run. Everything that uses the relay for sessions has to go by the Host:
// Admit and so on are for the Home of its own node. Its methods are safe for concurrent use.
type Host struct {
	server Server
	bus    Bus
	log    *slog.Logger
	deaf   func() bool
	lease  time.Duration // Lease, but for tests
	wake   chan struct{} // tells Run of news; has room for one

	mu       sync.Mutex // guards what follows; taken before the relay's locks
	own      *home      // of this node
	homes    map[string]*home
	sessions map[ident.Session]*guest
	stats    HostStats

	news news
}

// news are sessions whose allocations have changed. Its lock is taken after the relay's.
type news struct {
	mu       sync.Mutex
	sessions map[ident.Session]struct{}
}

// home is what a Host has of one Home.
type home struct {
	name string // of its node; empty: this one
	book[*guest, *chat]

	heard time.Time
	whole bool   // what is being said is the whole
	round uint64 // how often that was said
	owed  bool   // it has to tell the whole: it was not told something
}

// guest is a session at the relay.
type guest struct {
	id     ident.Session
	claims []claim // by each Home that has admitted it; the last one has it
	chat   *chat   // that it is in at the relay; of the Home that has it
	told   bool    // something was said of its allocations
}

// claim is that a Home has a session.
type claim struct {
	home   *home
	source netip.Addr
	round  uint64 // in which it said so
}

// chat is a pair at the relay.
type chat struct {
	id    ident.Pair
	home  *home
	sides [2]*guest
	live  bool // the relay has it
	round uint64
}

// HostStats are the counts of one moment; what is below Pairs counts since the start.
type HostStats struct {
	Homes    int // of other nodes
	Sessions int // of theirs
	Pairs    int // of theirs

	Asked   uint64 // times that the whole was asked for
	Gone    uint64 // Homes that fell silent
	Refused uint64 // pairs that the relay would not join
	Invalid uint64 // messages that were malformed
}

// NewHost makes a Host.
func NewHost(opts HostOptions) *Host {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Deaf == nil {
		opts.Deaf = func() bool { return false }
	}
	return &Host{
		deaf: opts.Deaf, server: opts.Server, bus: opts.Bus, log: opts.Logger, lease: Lease, wake: make(chan struct{}, 1),
		own: &home{book: newBook[*guest, *chat]()}, homes: make(map[string]*home), sessions: make(map[ident.Session]*guest),
		news: news{sessions: make(map[ident.Session]struct{})},
	}
}

// Stats returns the counts of this moment.
func (h *Host) Stats() HostStats {
	h.mu.Lock()
	defer h.mu.Unlock()
	stats := h.stats
	stats.Homes = len(h.homes)
	for _, from := range h.homes {
		stats.Sessions += len(from.sessions)
		stats.Pairs += len(from.pairs)
	}
	return stats
}

// Run tells Homes what has changed, and lets go of those that are silent, until ctx ends.
func (h *Host) Run(ctx context.Context) error {
	tick := time.NewTicker(hostTick)
	defer tick.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-h.wake:
			h.tell()
		case <-tick.C:
			now := time.Now()
			h.look(now, now.Sub(last)-hostTick)
			last = now
		}
	}
}

// look asks Homes for what they owe, and lets go of who was silent for Patience. What this
// process itself was stopped for says nothing of a Home. Nor does a time in which nobody can
// be heard: the pairs of whoever renewed them until then last as long as that.
func (h *Host) look(now time.Time, stopped time.Duration) {
	var gone []*home
	deaf := h.deaf()
	h.mu.Lock()
	for name, from := range h.homes {
		if stopped > hostTick {
			from.heard = from.heard.Add(stopped)
		}
		if deaf && now.Sub(from.heard) < h.lease {
			from.heard = now.Add(-hostTick)
			h.server.Renew(from.name, h.lease)
		}
		switch {
		case now.Sub(from.heard) >= Patience:
			delete(h.homes, name)
			if len(from.sessions) == 0 { // a relay alone, or one that has left in order
				continue
			}
			h.stats.Gone++
			from.round++
			gone = append(gone, from)
		case from.owed:
			h.askLocked(from)
		}
	}
	h.mu.Unlock()
	for _, from := range gone {
		h.log.Warn("cluster: a node is silent; its sessions are no longer served by this relay", "node", from.name, "sessions", len(from.sessions))
		h.forget(from)
	}
}

// send says something to a Home. The lock is held, so that what is said keeps its order.
func (h *Host) sendLocked(to *home, message []byte) {
	if err := h.bus.Send(to.name, ToHome, message); err != nil {
		to.owed = true // it is asked for the whole, and told anew what it has
	}
}

func (h *Host) askLocked(to *home) {
	h.stats.Asked++
	to.owed = false
	h.sendLocked(to, record{op: opAsk}.appendTo(nil))
}

// Changed is for the relay to say that a session's allocations have changed. It may be
// called with the relay's locks held.
func (h *Host) Changed(session ident.Session) {
	h.news.mu.Lock()
	h.news.sessions[session] = struct{}{}
	h.news.mu.Unlock()
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// tell tells Homes what their sessions have by now.
func (h *Host) tell() {
	for {
		h.news.mu.Lock()
		ids := make([]ident.Session, 0, min(len(h.news.sessions), atOnce))
		for id := range h.news.sessions {
			if len(ids) == atOnce {
				break
			}
			ids = append(ids, id)
			delete(h.news.sessions, id)
		}
		h.news.mu.Unlock()
		if len(ids) == 0 {
			return
		}
		h.tellOf(ids)
	}
}

func (h *Host) tellOf(ids []ident.Session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	messages := make(map[*home][]byte)
	for _, id := range ids {
		g := h.sessions[id]
		if g == nil || g.home() == h.own {
			continue
		}
		r := record{op: opHolds, session: id, relayed: h.server.Held(id), clients: h.server.ClientAddrs(id)}
		if len(r.relayed) == 0 && !g.told {
			continue
		}
		g.told = true
		to := g.home()
		if messages[to] = r.appendTo(messages[to]); len(messages[to]) >= maxBatch {
			h.sendLocked(to, messages[to])
			delete(messages, to)
		}
	}
	for to, message := range messages {
		h.sendLocked(to, message)
	}
}
