package turn

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// listener is one address that clients reach. In open mode it has a pion server
// of its own (pionListener).
type listener struct {
	server   *Server
	addr     Addr
	counters *counters
	clients  *clientTable
	sockets  []udpSocket     // masked, UDP: one for each core
	writers  sync.Pool       // packetWriters of the first socket, for connections
	streams  *streamListener // nil: UDP
	pion     *pionListener   // nil: masked
}

// ListenUDP opens addr, on a socket for each core where the system can share one
// address among several, and answers clients there until Close.
func (s *Server) ListenUDP(addr string) error {
	if s.open != nil {
		conn, err := net.ListenPacket("udp", addr)
		if err != nil {
			return err
		}
		return s.ServeUDP(conn)
	}
	conns, err := listenGroup(addr)
	if err != nil {
		return err
	}
	return s.ServeUDP(conns...)
}

// ServeUDP answers clients on conns, which share one address, until Close, which
// closes them; so does an error. A relay in open mode takes only one. A
// *net.UDPConn must not be used by anybody else any more.
func (s *Server) ServeUDP(conns ...net.PacketConn) error {
	err := s.serveUDP(conns)
	if err != nil {
		for _, conn := range conns {
			conn.Close()
		}
	}
	return err
}

var errOneSocket = errors.New("turn: a listener needs one socket, and more only in masked mode")

func (s *Server) serveUDP(conns []net.PacketConn) error {
	if len(conns) == 0 || len(conns) > 1 && s.open != nil {
		return errOneSocket
	}
	l := s.newListener("udp", conns[0].LocalAddr())
	if s.open != nil {
		return s.add(l, func() error { return l.servePionUDP(conns[0]) })
	}
	for _, conn := range conns {
		socket, err := newUDPSocket(conn)
		if err != nil {
			return errors.Join(err, l.close())
		}
		l.sockets = append(l.sockets, socket)
	}
	err := s.add(l, func() error {
		s.readers.Add(len(l.sockets))
		l.serveUDP()
		return nil
	})
	if err != nil {
		return errors.Join(err, l.close())
	}
	return nil
}

// ServeStream answers clients on accepted connections until Close, which closes
// accept and them. The transport is "tcp", "tls" or "dtls"; for the latter two
// accept gives connections whose handshake is done or starts with the first
// read. Each read of a "dtls" connection is one message.
func (s *Server) ServeStream(transport string, accept net.Listener) error {
	if !slices.Contains(transports[1:], transport) {
		return fmt.Errorf("turn: %q is no stream transport; use tcp, tls or dtls", transport)
	}
	l := s.newListener(transport, accept.Addr())
	l.streams = newStreamListener(l, accept)
	return s.add(l, func() error {
		if s.open != nil {
			return l.servePionStream()
		}
		s.readers.Add(1)
		go l.streams.serve()
		return nil
	})
}

func (s *Server) newListener(transport string, addr net.Addr) *listener {
	return &listener{
		server: s, addr: Addr{transport, addrPort(addr)}, clients: newClientTable(),
		counters: &s.counters[slices.Index(transports[:], transport)],
	}
}

// add starts the listener, unless the server is closed.
func (s *Server) add(l *listener, start func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	if err := start(); err != nil {
		return err
	}
	s.listeners = append(s.listeners, l)
	return nil
}

// stop ends the listener's reads; close frees its sockets when they have ended.
func (l *listener) stop() error {
	var errs []error
	for _, socket := range l.sockets {
		errs = append(errs, socket.stop())
	}
	if l.pion != nil {
		errs = append(errs, l.pion.socket.Close())
	} else if l.streams != nil {
		errs = append(errs, l.streams.Close())
	}
	return errors.Join(errs...)
}

func (l *listener) close() error {
	var errs []error
	for _, socket := range l.sockets {
		errs = append(errs, socket.close())
	}
	return errors.Join(errs...)
}

// connected reports whether clients come over connections that are shaken hands
// on, so that they are where they say.
func (l *listener) connected() bool { return l.addr.Transport != "udp" }

// judge is gate, and counts what it drops.
func (l *listener) judge(frame []byte, client netip.AddrPort) verdict {
	if l.pion != nil && l.server.opts.ungated {
		return verdict{pass: frame}
	}
	v := l.gate(frame, client)
	if v.drop != "" {
		l.counters.drop(v.drop)
	}
	return v
}

// allocation returns the live allocation of the client, or nil.
func (l *listener) allocation(client netip.AddrPort) *relay { return l.clients.get(endpointOf(client)) }

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
// whatever the clock says and whatever has become of its secret: so an expired
// credential refreshes what it made, and allocates nothing new.
func (l *listener) credential(m message, username, realm string, client netip.AddrPort) (key []byte, _ standing) {
	s := l.server
	if realm != s.opts.Realm {
		return nil, standingUnknown
	}
	keys, expired := s.keys(username)
	live := l.allocation(client)
	own := live != nil && live.username == username
	if own && live.key != nil {
		keys = append(keys, live.key)
	}
	at := slices.IndexFunc(keys, m.signedBy)
	switch {
	case at < 0, !own && expired:
		return nil, standingUnknown
	case live != nil && !own:
		return keys[at], standingWrong
	}
	return keys[at], standingGood
}

// grantable returns the pair under which r may have a permission for peer: that
// of its chat for an allocation of the partner, its session's own for one of
// the session itself, nil for anything else. In open mode there is one for all peers
// that the policy lets through and no ban refuses.
func (s *Server) grantable(r *relay, peer netip.Addr) *pair {
	if s.open != nil {
		if (s.open.policy.allows(peer) || slices.Contains(s.open.External, peer)) && !s.refusesPeer(peer) {
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

// refreshed sets the allocation's expiry to what pion just told the client.
func (l *listener) refreshed(client netip.AddrPort, lifetime time.Duration) {
	l.server.mu.Lock()
	defer l.server.mu.Unlock()
	if r := l.allocation(client); r != nil {
		r.expireAfterLocked(lifetime - expiryLead(lifetime))
	}
}
