package relay

import (
	"errors"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/joingyd/joingyd/ident"
)

// ErrPaired says that a session was to be joined that is in a pair.
var ErrPaired = errors.New("relay: session is in another pair")

// Local is the relay of the Home's own node. *Host is one.
type Local interface {
	Sessions
	Join(pair ident.Pair, a, b ident.Session) error
	Part(ident.Pair) (connected bool)
	Owns(session ident.Session, relayed netip.AddrPort) bool
	ClientAddrs(ident.Session) []netip.Addr
}

// HomeOptions of NewHome. Node, Bus, Relays, Keys, Credentials and Lifetime are required.
type HomeOptions struct {
	Node   string // this one's name
	Region string // of this node; relays there are preferred
	Local  Local  // nil: this node has no relay
	Bus    Bus

	// Relays returns the relays that are alive, this node's among them. It is called
	// with the matchmaker's lock held: it must not block. The list is not changed.
	Relays func() []Relay
	// LocalURLs returns the STUN and TURN URLs of Local for a visitor who asked for this
	// Host. Nil where there is no Local.
	LocalURLs func(host string) []string

	// Keys returns those of the relay with this name: KeysOf.
	Keys func(relay string) Keys
	// Credentials makes a session's from a relay's keys: turn.Shared.Credentials.
	Credentials func(Keys, ident.Session, time.Time) (username, password string)
	Lifetime    time.Duration // of credentials

	// Masked is where the relayed transport addresses of all other relays are, if those are
	// masked (turn.RelayRange): there Owns does not wait for word from the relay, which a
	// client may be faster than. Such a relay lets no packet pass but between the sides of
	// a pair, whatever address they are told. Zero: Owns says what the relay has told.
	Masked netip.Prefix

	// Connected is told of each pair that is over under which media went both ways. It may
	// be called with the matchmaker's lock held, and must not block. Nil: nobody is told.
	Connected func()

	Now func() time.Time // time.Now if nil
}

// Home is the relays of a cluster as a node's matchmaker sees them. Make one with NewHome,
// give it what the bus has for it with Handle and Gap, and a goroutine with Run. Its
// methods are safe for concurrent use, do not block and call no matchmaker; Connected
// is the exception.
type Home struct {
	opts HomeOptions
	wake chan struct{} // tells Run that somebody wants the whole; has room for one

	mu       sync.Mutex // guards what follows; taken before Local's
	places   map[string]*place
	sessions map[ident.Session]*visitor
	homeless map[ident.Session]*visitor // of these, those at no relay
	pairs    map[ident.Pair]*couple
	stats    HomeStats
}

// place is a relay that has, or could have, sessions of this Home.
type place struct {
	name  string
	local bool
	urls  []string // as they were last listed
	keys  Keys
	book[*visitor, *couple]

	ahead   time.Duration // how far its clock is before this node's
	greeted time.Time
	owed    bool // it has to be told the whole
}

// visitor is a session.
type visitor struct {
	id      ident.Session
	at      *place     // nil: there was no relay
	source  netip.Addr // where its visitor was last
	couple  *couple
	stale   bool             // its client has credentials for another relay
	relayed []netip.AddrPort // as a relay elsewhere told
	clients []netip.Addr     // as that told, and where it was before; replaced, never changed
}

// couple is a pair.
type couple struct {
	id    ident.Pair
	at    *place // nil: there was no relay
	sides [2]*visitor
}

// HomeStats are the counts of one moment; what is below Pairs counts since the start.
type HomeStats struct {
	Sessions map[string]int // by relay; those of none that is alive under ""
	Pairs    map[string]int

	Moved   uint64 // sessions that another relay got
	Wholes  uint64 // times that a relay was told the whole
	Failed  uint64 // messages that the bus did not take
	Invalid uint64 // messages that were malformed
}

// NewHome makes a Home.
func NewHome(opts HomeOptions) *Home {
	if opts.Connected == nil {
		opts.Connected = func() {}
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	return &Home{
		opts: opts, wake: make(chan struct{}, 1), places: make(map[string]*place),
		sessions: make(map[ident.Session]*visitor), homeless: make(map[ident.Session]*visitor), pairs: make(map[ident.Pair]*couple),
	}
}

// Stats returns the counts of this moment.
func (h *Home) Stats() HomeStats {
	h.mu.Lock()
	defer h.mu.Unlock()
	stats := h.stats
	stats.Sessions, stats.Pairs = make(map[string]int), make(map[string]int)
	relays := h.opts.Relays()
	stats.Sessions[""] = len(h.homeless)
	for _, p := range h.places {
		name := p.name
		if !p.alive(relays) {
			name = ""
		}
		stats.Sessions[name] += len(p.sessions)
	}
	for _, c := range h.pairs {
		stats.Pairs[c.at.String()]++
	}
	return stats
}

// String returns the relay's name, "" for none.
func (p *place) String() string {
	if p == nil {
		return ""
	}
	return p.name
}

// Admit makes a session known at a relay, whose visitor is at source, and returns fresh
// credentials for it there; empty ones if there is no relay. The relay is the one it has,
// if that still takes allocations or the session is in a pair, else one that is chosen now.
func (h *Home) Admit(session ident.Session, source netip.Addr) (username, password string, expires time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	v := h.visitorLocked(session, source)
	relays := h.opts.Relays()
	if v.couple == nil && !v.at.takes(relays) {
		if to := h.chooseLocked(relays); to != nil || v.at == nil {
			h.moveLocked(v, to)
		}
	}
	v.stale = false
	return h.admitLocked(v)
}

// Adopt makes a session known that comes from another node's Home, with the relay for which
// its client has credentials: it stays there, if that is alive, else gets another.
func (h *Home) Adopt(session ident.Session, source netip.Addr, relay string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	v := h.visitorLocked(session, source)
	relays := h.opts.Relays()
	to := h.namedLocked(relays, relay)
	if to == nil {
		to = h.chooseLocked(relays)
	}
	if v.at != to || to == nil {
		h.moveLocked(v, to)
	} else {
		h.admitLocked(v)
	}
	v.stale = v.at != nil && v.at.name != relay
}

func (h *Home) visitorLocked(session ident.Session, source netip.Addr) *visitor {
	v := h.sessions[session]
	if v == nil {
		v = &visitor{id: session}
		h.sessions[session] = v
	}
	if source.IsValid() {
		v.source = source
	}
	return v
}

// admitLocked makes a session known at its relay.
func (h *Home) admitLocked(v *visitor) (username, password string, expires time.Time) {
	expires = h.opts.Now().Add(h.opts.Lifetime)
	switch {
	case v.at == nil:
		return "", "", expires
	case v.at.local:
		return h.opts.Local.Admit(v.id, v.source)
	}
	h.sayLocked(v.at, record{op: opAdmit, session: v.id, source: v.source})
	username, password = h.opts.Credentials(v.at.keys, v.id, expires.Add(v.at.ahead))
	return username, password, expires
}

// moveLocked gives a session another relay, or none.
func (h *Home) moveLocked(v *visitor, to *place) {
	if to == nil {
		h.homeless[v.id] = v
	} else {
		delete(h.homeless, v.id)
	}
	if v.at == to {
		return
	}
	if v.at != nil {
		h.stats.Moved++
		h.leaveLocked(v)
	}
	v.at, v.relayed, v.stale = to, nil, true
	if to != nil {
		to.put(v.id, v)
		h.admitLocked(v)
	}
}

// leaveLocked ends a session at its relay.
func (h *Home) leaveLocked(v *visitor) {
	v.at.remove(v.id)
	if v.at.local {
		v.clients = merge(h.opts.Local.ClientAddrs(v.id), v.clients)
		h.opts.Local.Dismiss(v.id)
	} else {
		h.sayLocked(v.at, record{op: opDismiss, session: v.id})
	}
}

// Dismiss ends the session at its relay: before it returns if that is this node's.
func (h *Home) Dismiss(session ident.Session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	v := h.sessions[session]
	if v == nil {
		return
	}
	delete(h.sessions, session)
	delete(h.homeless, session)
	if v.couple != nil {
		h.partLocked(v.couple)
	}
	if v.at != nil {
		h.leaveLocked(v)
	}
}

// CloseAllocations closes the session's allocations: before it returns if they are at this
// node. The session stays known.
func (h *Home) CloseAllocations(session ident.Session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch v := h.sessions[session]; {
	case v == nil, v.at == nil:
	case v.at.local:
		h.opts.Local.CloseAllocations(session)
	default:
		v.relayed = nil
		h.sayLocked(v.at, record{op: opClose, session: session})
	}
}

// Join lets two sessions' allocations talk to each other. If they are at two relays, or at
// one that does not take allocations, a relay is found that both are at from now on:
// whoever comes to it is Stale. Without a relay anywhere, two can chat in text.
func (h *Home) Join(pair ident.Pair, a, b ident.Session) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	one, two := h.sessions[a], h.sessions[b]
	switch {
	case one == nil, two == nil, one == two:
		return ErrUnknownSession
	case one.couple != nil, two.couple != nil:
		return ErrPaired
	}
	at := h.meetLocked(one, two)
	h.moveLocked(one, at)
	h.moveLocked(two, at)
	c := &couple{id: pair, sides: [2]*visitor{one, two}}
	if err := h.joinLocked(c, at); err != nil {
		return err
	}
	h.pairs[pair] = c
	one.couple, two.couple = c, c
	return nil
}

// joinLocked joins a pair at a relay where both sides are, if there is one.
func (h *Home) joinLocked(c *couple, at *place) error {
	if at == nil {
		return nil
	}
	a, b := c.sides[0].id, c.sides[1].id
	if at.local {
		if err := h.opts.Local.Join(c.id, a, b); err != nil {
			return err
		}
	}
	c.at = at
	at.putPair(c.id, c)
	h.sayLocked(at, record{op: opJoin, pair: c.id, session: a, partner: b})
	return nil
}

// Part ends that: before it returns if it was at this node.
func (h *Home) Part(pair ident.Pair) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c := h.pairs[pair]; c != nil {
		h.partLocked(c)
	}
}

func (h *Home) partLocked(c *couple) {
	delete(h.pairs, c.id)
	c.sides[0].couple, c.sides[1].couple = nil, nil
	if c.at == nil {
		return
	}
	c.at.removePair(c.id)
	if c.at.local {
		if h.opts.Local.Part(c.id) {
			h.opts.Connected()
		}
		return
	}
	h.sayLocked(c.at, record{op: opPart, pair: c.id})
}

// Stale reports whether the session's client has credentials for another relay than the one
// where the session is by now: it needs those of Admit, and URLs.
func (h *Home) Stale(session ident.Session) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	v := h.sessions[session]
	return v != nil && v.stale
}

// At returns the name of the session's relay; empty if there is none that is alive.
func (h *Home) At(session ident.Session) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if v := h.sessions[session]; v != nil && v.at.alive(h.opts.Relays()) {
		return v.at.name
	}
	return ""
}

// URLs returns the STUN and TURN URLs of the session's relay, for a visitor who asked for
// this Host; none if there is no relay.
func (h *Home) URLs(session ident.Session, host string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch v := h.sessions[session]; {
	case v == nil, v.at == nil:
		return []string{}
	case v.at.local:
		return h.opts.LocalURLs(host)
	default:
		return v.at.urls
	}
}

// Owns reports whether relayed is an allocation of the session, as far as is known here
// (HomeOptions.Masked).
func (h *Home) Owns(session ident.Session, relayed netip.AddrPort) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch v := h.sessions[session]; {
	case v == nil, v.at == nil:
		return false
	case v.at.local:
		return h.opts.Local.Owns(session, relayed)
	default:
		return slices.Contains(v.relayed, relayed) || h.opts.Masked.Contains(relayed.Addr())
	}
}

// ClientAddrs returns where the session's allocations are and were made from, as far as
// is known here. The list must not be changed.
func (h *Home) ClientAddrs(session ident.Session) []netip.Addr {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch v := h.sessions[session]; {
	case v == nil:
		return nil
	case v.at != nil && v.at.local:
		return merge(h.opts.Local.ClientAddrs(session), v.clients)
	default:
		return v.clients
	}
}

// maxClients is how many client addresses are remembered of one session.
const maxClients = 16

// merge returns the addresses of both lists, each once, the newer ones last.
func merge(newer, older []netip.Addr) []netip.Addr {
	kept := slices.DeleteFunc(slices.Clone(older), func(a netip.Addr) bool { return slices.Contains(newer, a) })
	if len(kept) == 0 {
		return slices.Clip(newer)
	}
	all := append(kept[:min(len(kept), max(maxClients-len(newer), 0))], newer...)
	return slices.Clip(all)
}
