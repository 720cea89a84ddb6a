package turn

import (
	"errors"
	"net"
	"net/netip"
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
}

var errNoTCPRelay = errors.New("no TCP relays (RFC 6062)")

// ServeUDP answers clients on conn until Close, which closes conn.
func (s *Server) ServeUDP(conn net.PacketConn) error {
	l := &listener{server: s, addr: Addr{"udp", addrPort(conn.LocalAddr())}}
	socket := &datagramConn{PacketConn: conn, readers: &s.readers, lifetime: l.refreshed, done: make(chan struct{})}
	l.socket = socket
	l.requestsOf = func(netip.AddrPort) *requests { return &socket.requests }
	return s.serve(l, func(config *pion.ServerConfig) {
		config.PacketConnConfigs = []pion.PacketConnConfig{{
			PacketConn: socket, RelayAddressGenerator: l, PermissionHandler: l.permit,
		}}
	})
}

// ServeTCP answers clients on accepted connections until Close, which closes
// tcp and them.
func (s *Server) ServeTCP(tcp net.Listener) error {
	l := &listener{server: s, addr: Addr{"tcp", addrPort(tcp.Addr())}}
	socket := &streamListener{
		Listener: tcp, readers: &s.readers, allocated: l.hasAllocation, lifetime: l.refreshed, logger: s.opts.Logger,
		done: make(chan struct{}), conns: make(map[netip.AddrPort]*streamConn),
	}
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
		QuotaHandler:  l.withinQuota,
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

func (l *listener) hasAllocation(client netip.AddrPort) bool {
	l.server.mu.RLock()
	defer l.server.mu.RUnlock()
	return l.clients[client] != nil
}

// authenticate returns the key that a request must be signed with. On a 5-tuple
// with a live allocation only its own user is known, whatever the clock says:
// so an expired credential refreshes what it made, and allocates nothing new.
func (l *listener) authenticate(username, realm string, src net.Addr) (key []byte, ok bool) {
	s := l.server
	expires, user, ok := splitUsername(username)
	if !ok || realm != s.opts.Realm {
		return nil, false
	}
	client := addrPort(src)
	s.mu.RLock()
	live, known := l.clients[client], s.users[user] != nil
	s.mu.RUnlock()
	switch {
	case !known:
		return nil, false
	case live != nil && live.username != username:
		return nil, false
	case live == nil && (!expires.After(s.opts.Now()) || s.opts.Refused(client.Addr())):
		return nil, false
	}
	return longTermKey(username, realm, password(s.opts.Secret[:], username)), true
}

func (l *listener) withinQuota(username, _ string, _ net.Addr) bool {
	s := l.server
	_, user, _ := splitUsername(username)
	s.mu.RLock()
	defer s.mu.RUnlock()
	owner := s.users[user]
	return owner != nil && len(owner.relays) < s.opts.AllocationsPerSession
}

// allocated ties pion's new allocation to its session. pion calls it before it
// answers the client and before it reads from the relay.
func (l *listener) allocated(src, _ net.Addr, _, username, _ string, relayed net.Addr, _ int) {
	if r := l.server.relayAt(addrPort(relayed)); r != nil {
		l.server.bind(r, l, addrPort(src), username)
	}
}

// permit decides on CreatePermission and ChannelBind: only a partner's
// allocation, and only under the present pair.
func (l *listener) permit(src net.Addr, peer net.IP) bool {
	addr, ok := netip.AddrFromSlice(peer)
	if !ok {
		return false
	}
	addr = addr.Unmap()
	s := l.server
	s.mu.RLock()
	defer s.mu.RUnlock()
	r := l.clients[addrPort(src)]
	if r == nil {
		return false
	}
	owner := r.owner.Load()
	p := owner.pair.Load()
	if p == nil {
		return false
	}
	for theirs := range p.other(owner).relays {
		if theirs.addr.Addr() == addr {
			r.permit(addr, p)
			return true
		}
	}
	return false
}

// Validate implements pion's RelayAddressGenerator.
func (l *listener) Validate() error { return nil }

// AllocatePacketConn implements pion's RelayAddressGenerator with a virtual
// address.
func (l *listener) AllocatePacketConn(_ string, port int) (net.PacketConn, net.Addr, error) {
	r, err := l.server.newRelay(port)
	if err != nil {
		return nil, nil, err
	}
	return r, r.udp, nil
}

// AllocateConn implements pion's RelayAddressGenerator.
func (l *listener) AllocateConn(string, int) (net.Conn, net.Addr, error) {
	return nil, nil, errNoTCPRelay
}
