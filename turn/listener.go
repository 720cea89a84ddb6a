package turn

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	pion "github.com/pion/turn/v4"
)

// listener is one socket that clients reach, with a pion server of its own: so
// its callbacks know which 5-tuples they speak of.
type listener struct {
	server     *Server
	addr       Addr
	socket     interface{ Close() error }
	requestsOf func(client netip.AddrPort) *requests
	clients    map[netip.AddrPort]*relay // by client address; guarded by Server.mu

	allocating sync.Mutex // held while pion handles an Allocate that passed
	family     byte       // that it asks for; guarded by allocating
}

var errNoTCPRelay = errors.New("no TCP relays (RFC 6062)")

// ServeUDP answers clients on conn until Close, which closes conn.
func (s *Server) ServeUDP(conn net.PacketConn) error {
	l := &listener{server: s, family: familyIPv4, addr: Addr{"udp", addrPort(conn.LocalAddr())}}
	socket := &datagramConn{PacketConn: conn, listener: l, done: make(chan struct{})}
	l.socket = socket
	l.requestsOf = func(netip.AddrPort) *requests { return &socket.requests }
	return s.serve(l, func(config *pion.ServerConfig) {
		config.PacketConnConfigs = []pion.PacketConnConfig{{
			PacketConn: socket, RelayAddressGenerator: l, PermissionHandler: l.permit,
		}}
	})
}

// ServeStream answers clients on accepted connections until Close, which closes
// accept and them. The transport is "tcp", "tls" or "dtls"; for the latter two
// accept gives connections whose handshake is done or starts with the first
// read. Each read of a "dtls" connection is one message.
func (s *Server) ServeStream(transport string, accept net.Listener) error {
	l := &listener{server: s, family: familyIPv4, addr: Addr{transport, addrPort(accept.Addr())}}
	socket := &streamListener{Listener: accept, listener: l, done: make(chan struct{}), conns: make(map[netip.AddrPort]*streamConn)}
	l.socket, l.requestsOf = socket, socket.requestsOf
	return s.serve(l, func(config *pion.ServerConfig) {
		config.ListenerConfigs = []pion.ListenerConfig{{
			Listener: socket, RelayAddressGenerator: l, PermissionHandler: l.permit,
		}}
	})
}

func (s *Server) serve(l *listener, attach func(*pion.ServerConfig)) error {
	l.clients = make(map[netip.AddrPort]*relay)
	config := pion.ServerConfig{
		Realm:         s.opts.Realm,
		AuthHandler:   l.authenticate,
		EventHandler:  pion.EventHandler{OnAllocationCreated: l.allocated},
		LoggerFactory: quiet{},
	}
	attach(&config)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	if _, err := pion.NewServer(config); err != nil {
		return err
	}
	s.readers.Add(1) // pion's read or accept loop
	s.listeners = append(s.listeners, l)
	return nil
}

// refreshed sets the allocation's expiry to what pion just told the client.
func (l *listener) refreshed(client netip.AddrPort, lifetime time.Duration) {
	s := l.server
	s.mu.Lock()
	defer s.mu.Unlock()
	r := l.clients[client]
	if r == nil {
		return
	}
	after := lifetime - expiryLead(lifetime)
	if r.expiry == nil {
		r.expiry = time.AfterFunc(after, r.expire)
		return
	}
	r.expiry.Reset(after)
}

// connected reports whether clients come over connections that are shaken hands
// on, so that they are where they say.
func (l *listener) connected() bool { return l.addr.Transport != "udp" }

// judge is gate, and counts what it drops.
func (l *listener) judge(frame []byte, client netip.AddrPort) verdict {
	if l.server.opts.ungated {
		return verdict{pass: frame}
	}
	v := l.gate(frame, client)
	if v.drop != "" {
		l.server.counters.drop(v.drop)
	}
	return v
}

// allocation returns the live allocation of the client, or nil.
func (l *listener) allocation(client netip.AddrPort) *relay {
	l.server.mu.RLock()
	defer l.server.mu.RUnlock()
	return l.clients[client]
}

func (l *listener) hasAllocation(client netip.AddrPort) bool { return l.allocation(client) != nil }

// standing is what a username is worth on a 5-tuple.
type standing int

const (
	standingUnknown standing = iota // nobody's, or expired
	standingGood
	standingWrong // somebody's, but not of who holds the 5-tuple's allocation
)

// credential returns the key that m is signed with, and what its user is worth on
// the client's 5-tuple. On a 5-tuple with a live allocation its own user is good,
// whatever the clock says: so an expired credential refreshes what it made, and
// allocates nothing new.
func (l *listener) credential(m message, username, realm string, client netip.AddrPort) (key []byte, _ standing) {
	s := l.server
	if realm != s.opts.Realm {
		return nil, standingUnknown
	}
	keys, expires := s.keys(username)
	at := slices.IndexFunc(keys, m.signedBy)
	live := l.allocation(client)
	own := live != nil && live.username == username
	switch {
	case at < 0, !own && !expires.After(s.opts.Now()):
		return nil, standingUnknown
	case live != nil && !own:
		return keys[at], standingWrong
	}
	return keys[at], standingGood
}

// authenticate is pion's AuthHandler: it returns the key that the gate found.
func (l *listener) authenticate(username, realm string, src net.Addr) (key []byte, ok bool) {
	if l.server.opts.ungated {
		keys, expires := l.server.keys(username)
		if len(keys) == 0 || !expires.After(l.server.opts.Now()) {
			return nil, false
		}
		return keys[0], true
	}
	q := l.requestsOf(addrPort(src))
	if q == nil || q.key == nil {
		return nil, false
	}
	return q.key, true
}

// allocated ties pion's new allocation to its session. pion calls it before it
// answers the client and before it reads from the relay.
func (l *listener) allocated(src, _ net.Addr, _, username, _ string, relayed net.Addr, _ int) {
	if r := l.server.relayAt(addrPort(relayed)); r != nil {
		l.server.bind(r, l, addrPort(src), username)
	}
}

// permit is pion's PermissionHandler: it grants, under the present pair, what
// the gate found grantable.
func (l *listener) permit(src net.Addr, peer net.IP) bool {
	addr, ok := netip.AddrFromSlice(peer)
	r := l.allocation(addrPort(src))
	if !ok || r == nil {
		return false
	}
	p := l.server.grantable(r, addr.Unmap())
	if p == nil {
		return false
	}
	r.grants.grant(addr.Unmap(), p)
	return true
}

// grantable returns the pair under which r may have a permission for peer: that
// of its chat for an allocation of the partner, its session's own for one of
// the session itself, nil for anything else.
func (s *Server) grantable(r *relay, peer netip.Addr) *pair {
	if s.open != nil {
		if s.open.policy.allows(peer) || slices.Contains(s.open.External, peer) {
			return s.open.grant
		}
		return nil
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	owner := r.owner.Load()
	if owner.holds(peer) {
		return owner.self
	}
	if p := owner.pair.Load(); p != nil && p.other(owner).holds(peer) {
		return p
	}
	return nil
}

// Validate implements pion's RelayAddressGenerator.
func (l *listener) Validate() error { return nil }

// AllocatePacketConn implements pion's RelayAddressGenerator.
func (l *listener) AllocatePacketConn(_ string, port int) (net.PacketConn, net.Addr, error) {
	r, err := l.server.newRelay(l.family, port)
	if err != nil {
		return nil, nil, err
	}
	return r, r.udp, nil
}

// AllocateConn implements pion's RelayAddressGenerator.
func (l *listener) AllocateConn(string, int) (net.Conn, net.Addr, error) {
	return nil, nil, errNoTCPRelay
}
