package turn

import (
	"errors"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"sync/atomic"
	"time"
)

// relaySocket is what is behind a relayed transport address in open mode: a
// kernel socket. To pion it is a net.PacketConn.
type relaySocket struct {
	relay    *relay
	conn     *net.UDPConn
	addr     *net.UDPAddr // the relayed transport address, for pion; never changed
	requests *requests    // of the client's socket; nil where its connection was gone at once

	byPion atomic.Bool // pion closed it and has forgotten the allocation
	ending atomic.Bool // its goroutine holds requests until pion forgets the allocation
}

// newRelaySocket makes a relayed transport address that belongs to nobody yet.
func (s *Server) newRelaySocket(family byte, port int) (net.PacketConn, net.Addr, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.draining { // draining may have begun after quota was asked
		return nil, nil, net.ErrClosed
	}
	conn, addr, err := s.open.listen(family, port)
	if err != nil {
		return nil, nil, err
	}
	r := &relay{server: s, addr: addr}
	r.socket = &relaySocket{relay: r, conn: conn, addr: net.UDPAddrFromAddrPort(addr)}
	s.relays[addr] = r
	return r.socket, r.socket.addr, nil
}

// WriteTo sends one datagram of the client towards a peer. Like UDP it never
// tells whether the packet arrived; a drop is counted.
func (m *relaySocket) WriteTo(payload []byte, to net.Addr) (int, error) {
	if reason := m.write(payload, addrPort(to)); reason != "" {
		m.relay.listener.counters.drop(reason)
	}
	return len(payload), nil
}

func (m *relaySocket) write(payload []byte, to netip.AddrPort) DropReason {
	s := m.relay.server
	switch {
	case len(payload) > maxPayload:
		return DropTooLarge
	case !m.admits(to.Addr()):
		return DropNoPermission
	}
	if !s.withinBandwidth(m.relay, s.instant(), len(payload)) {
		return DropBandwidth
	}
	peer := s.relayAt(to)
	// A permission has no port. On this machine only relays may be reached.
	if to.Port() == 0 || peer == nil && !s.open.policy.allows(to.Addr()) {
		return DropUnknownPeer
	}
	if peer != nil { // without a detour through a NAT, which may not turn it back
		to = addrPort(peer.socket.conn.LocalAddr())
	}
	if _, err := m.conn.WriteToUDPAddrPort(payload, to); err != nil {
		return DropUnsent
	}
	m.relay.sent.add(len(payload))
	return ""
}

// ReadFrom waits for the next datagram from a peer. Only pion's goroutine of the
// allocation calls it.
func (m *relaySocket) ReadFrom(into []byte) (int, net.Addr, error) {
	for {
		n, from, err := m.conn.ReadFromUDPAddrPort(into)
		if errors.Is(err, net.ErrClosed) {
			return m.readEnd()
		}
		if err != nil {
			continue
		}
		peer := m.known(from)
		if !m.admits(peer.Addr()) {
			m.relay.listener.counters.drop(DropNoPermission)
			continue
		}
		m.relay.received.add(n)
		m.relay.listener.counters.relayed(1, uint64(n))
		return n, net.UDPAddrFromAddrPort(peer), nil
	}
}

// admits reports whether packets may go to peer and come from it. pion has
// permissions and channels of its own, which nobody can take back.
func (m *relaySocket) admits(peer netip.Addr) bool {
	s := m.relay.server
	return s.opts.ungated || m.relay.grants.admits(s.instant(), peer)
}

// known returns the address by which clients know from: the external one of
// another relay.
func (m *relaySocket) known(from netip.AddrPort) netip.AddrPort {
	from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	s := m.relay.server
	if at := slices.Index(s.open.Relay, from.Addr()); at >= 0 {
		if external := netip.AddrPortFrom(s.open.External[at], from.Port()); s.relayAt(external) != nil {
			return external
		}
	}
	return from
}

// readEnd ends pion's goroutine of the allocation. On an error pion deletes
// whatever allocation holds the 5-tuple. Where pion itself closed this one, that
// may already be a younger one, which must live: the goroutine ends right here.
// Else pion calls Close before it is done, which gives requests free again.
func (m *relaySocket) readEnd() (int, net.Addr, error) {
	defer m.relay.server.readers.Done()
	if m.requests == nil {
		return 0, nil, net.ErrClosed
	}
	m.requests.mu.Lock()
	if m.byPion.Load() {
		m.requests.mu.Unlock()
		runtime.Goexit()
	}
	m.ending.Store(true)
	return 0, nil, net.ErrClosed
}

// Close is pion's: the allocation expired, was deleted, lost its connection, or
// its goroutine saw the end of its reads. pion calls it once.
func (m *relaySocket) Close() error {
	m.byPion.Store(true)
	s := m.relay.server
	s.mu.Lock()
	s.closeRelayLocked(m.relay)
	s.mu.Unlock()
	if m.ending.CompareAndSwap(true, false) {
		m.requests.mu.Unlock()
	}
	return nil
}

// LocalAddr returns the relayed transport address.
func (m *relaySocket) LocalAddr() net.Addr { return m.addr }

// SetDeadline does nothing: pion sets none on relays.
func (m *relaySocket) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing.
func (m *relaySocket) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing.
func (m *relaySocket) SetWriteDeadline(time.Time) error { return nil }
