package turn

import (
	"errors"
	"net"
	"net/netip"
	"sync"

	pion "github.com/pion/turn/v4"
)

// pionListener serves a listener in open mode: a pion server of its own, so that
// its callbacks know which 5-tuples they speak of.
type pionListener struct {
	*listener
	socket     interface{ Close() error }
	requestsOf func(client netip.AddrPort) *requests // nil for a connection that is gone

	allocating sync.Mutex // held while pion handles an Allocate that passed
	family     byte       // that it asks for; guarded by allocating
}

var errNoTCPRelay = errors.New("no TCP relays (RFC 6062)")

func (l *listener) servePionUDP(conn net.PacketConn) error {
	socket := &datagramConn{PacketConn: conn, listener: l, done: make(chan struct{})}
	l.pion = &pionListener{listener: l, socket: socket, family: familyIPv4}
	l.pion.requestsOf = func(netip.AddrPort) *requests { return &socket.requests }
	return l.pion.serve(func(config *pion.ServerConfig) {
		config.PacketConnConfigs = []pion.PacketConnConfig{{
			PacketConn: socket, RelayAddressGenerator: l.pion, PermissionHandler: l.pion.permit,
		}}
	})
}

func (l *listener) servePionStream() error {
	l.pion = &pionListener{listener: l, socket: l.streams, requestsOf: l.streams.requestsOf, family: familyIPv4}
	return l.pion.serve(func(config *pion.ServerConfig) {
		config.ListenerConfigs = []pion.ListenerConfig{{
			Listener: l.streams, RelayAddressGenerator: l.pion, PermissionHandler: l.pion.permit,
		}}
	})
}

func (p *pionListener) serve(attach func(*pion.ServerConfig)) error {
	config := pion.ServerConfig{
		Realm:         p.server.opts.Realm,
		AuthHandler:   p.authenticate,
		EventHandler:  pion.EventHandler{OnAllocationCreated: p.allocated},
		LoggerFactory: quiet{},
	}
	attach(&config)
	if _, err := pion.NewServer(config); err != nil {
		return err
	}
	p.server.readers.Add(1) // pion's read or accept loop
	return nil
}

// authenticate is pion's AuthHandler: it returns the key that the gate found.
func (p *pionListener) authenticate(username, realm string, src net.Addr) (key []byte, ok bool) {
	if p.server.opts.ungated {
		keys, expired := p.server.keys(username)
		if len(keys) == 0 || expired {
			return nil, false
		}
		return keys[0], true
	}
	q := p.requestsOf(addrPort(src))
	if q == nil || q.key == nil {
		return nil, false
	}
	return q.key, true
}

// allocated ties pion's new allocation to its session. pion calls it before it
// answers the client and before it reads from the relay.
func (p *pionListener) allocated(src, _ net.Addr, _, username, _ string, relayed net.Addr, _ int) {
	s := p.server
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.relays[addrPort(relayed)]
	if r == nil {
		return
	}
	s.readers.Add(1) // pion starts reading from the relay next
	client := addrPort(src)
	r.socket.requests = p.requestsOf(client)
	var owner *session
	if r.socket.requests != nil {
		owner = s.ownerLocked(username, r.socket.requests.key)
	}
	if owner == nil || s.closed || s.opts.Refused(client.Addr()) { // its session or connection ended meanwhile, or a ban came
		s.closeRelayLocked(r)
		return
	}
	s.bindLocked(r, p.listener, caller{source: endpointOf(client), addr: client}, username, r.socket.requests.key, owner)
}

// permit is pion's PermissionHandler: the gate has granted what may be.
func (p *pionListener) permit(src net.Addr, peer net.IP) bool {
	addr, ok := netip.AddrFromSlice(peer)
	r := p.allocation(addrPort(src))
	if !ok || r == nil {
		return false
	}
	if p.server.opts.ungated {
		return p.server.grantable(r, addr.Unmap()) != nil
	}
	return r.grants.permits(p.server.instant(), addr.Unmap(), p.server.open.grant) != 0
}

// Validate implements pion's RelayAddressGenerator.
func (p *pionListener) Validate() error { return nil }

// AllocatePacketConn implements pion's RelayAddressGenerator.
func (p *pionListener) AllocatePacketConn(_ string, port int) (net.PacketConn, net.Addr, error) {
	return p.server.newRelaySocket(p.family, port)
}

// AllocateConn implements pion's RelayAddressGenerator.
func (p *pionListener) AllocateConn(string, int) (net.Conn, net.Addr, error) {
	return nil, nil, errNoTCPRelay
}
