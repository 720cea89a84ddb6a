package turn

import (
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const (
	maxPayload = 1600 // bytes; pion reads no more from a relay
	queueSize  = 128  // packets; some video frames fill 50
)

// packet is one datagram between two allocations.
type packet struct {
	buffer *[maxPayload]byte // from buffers, given back by ReadFrom
	size   int
	from   *relay
	pair   *pair // that let it pass; checked again on the way out
}

var buffers = sync.Pool{New: func() any { return new([maxPayload]byte) }}

// relay is an allocation's relayed transport address. To pion it is a
// net.PacketConn; behind it is the switch.
type relay struct {
	server *Server
	addr   netip.AddrPort
	udp    *net.UDPAddr // addr for pion; never changed

	queue   chan packet
	closed  chan struct{}
	closing sync.Once
	byPion  atomic.Bool // pion closed it and has forgotten the allocation
	ending  atomic.Bool // its goroutine holds requests until pion forgets the allocation

	// Set once by Server.bind before pion starts reading, then only read.
	owner    atomic.Pointer[session]
	listener *listener
	requests *requests // nil where the client's connection was gone at once
	client   netip.AddrPort
	username string

	expiry *time.Timer // guarded by Server.mu

	permitMu sync.RWMutex
	permits  map[netip.Addr]*pair // peer address → the pair it was granted under
}

// permit records a permission (RFC 8656 section 9) under p. Those of earlier
// pairs are dropped: they can never match again.
func (r *relay) permit(peer netip.Addr, p *pair) {
	r.permitMu.Lock()
	defer r.permitMu.Unlock()
	for old, under := range r.permits {
		if under != p {
			delete(r.permits, old)
		}
	}
	if r.permits == nil {
		r.permits = make(map[netip.Addr]*pair)
	}
	r.permits[peer] = p
}

func (r *relay) permitted(peer netip.Addr, p *pair) bool {
	r.permitMu.RLock()
	defer r.permitMu.RUnlock()
	return r.permits[peer] == p
}

// WriteTo sends one datagram of the client towards a peer. Like UDP it never
// blocks and never tells whether the packet arrived; a drop is counted.
func (r *relay) WriteTo(payload []byte, to net.Addr) (int, error) {
	peer := r.server.relayAt(addrPort(to))
	if reason := r.deliver(payload, peer); reason != "" {
		r.server.counters.drop(reason)
	}
	return len(payload), nil
}

// deliver returns why the packet was dropped, or "".
func (r *relay) deliver(payload []byte, peer *relay) DropReason {
	if peer == nil {
		return DropUnknownPeer
	}
	from, to := r.owner.Load(), peer.owner.Load()
	if from == nil || to == nil || from == to {
		return DropNotPaired
	}
	p := from.pair.Load()
	if p == nil || to.pair.Load() != p {
		return DropNotPaired
	}
	if !r.permitted(peer.addr.Addr(), p) || !peer.permitted(r.addr.Addr(), p) {
		return DropNoPermission
	}
	if len(payload) > maxPayload {
		return DropTooLarge
	}
	buffer := buffers.Get().(*[maxPayload]byte)
	select {
	case peer.queue <- packet{buffer, copy(buffer[:], payload), r, p}:
		return ""
	default:
		buffers.Put(buffer)
		return DropQueueFull
	}
}

// ReadFrom waits for the next datagram from a peer. Only pion's goroutine of
// the allocation calls it.
func (r *relay) ReadFrom(into []byte) (int, net.Addr, error) {
	for {
		select {
		case <-r.closed:
			return r.readEnd()
		case p := <-r.queue:
			size := copy(into, p.buffer[:p.size])
			buffers.Put(p.buffer)
			if r.owner.Load().pair.Load() != p.pair {
				r.server.counters.drop(DropNotPaired) // the pair ended while it waited
				continue
			}
			r.server.counters.relayed(size)
			return size, p.from.udp, nil
		}
	}
}

// readEnd ends pion's goroutine of the allocation. On an error pion deletes
// whatever allocation holds the 5-tuple. Where pion itself closed this one, that
// may already be a younger one, which must live: the goroutine ends right here.
// Else pion calls Close before it is done, which gives requests free again.
func (r *relay) readEnd() (int, net.Addr, error) {
	defer r.server.readers.Done()
	if r.requests == nil {
		return 0, nil, net.ErrClosed
	}
	r.requests.mu.Lock()
	if r.byPion.Load() {
		r.requests.mu.Unlock()
		runtime.Goexit()
	}
	r.ending.Store(true)
	return 0, nil, net.ErrClosed
}

// Close is pion's: the allocation expired, was deleted, lost its connection, or
// its goroutine saw the end of its reads. pion calls it once.
func (r *relay) Close() error {
	r.byPion.Store(true)
	r.server.mu.Lock()
	r.server.closeRelayLocked(r)
	r.server.mu.Unlock()
	if r.ending.CompareAndSwap(true, false) {
		r.requests.mu.Unlock()
	}
	return nil
}

// expire closes an allocation that was not refreshed.
func (r *relay) expire() {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	r.server.closeRelayLocked(r)
}

// LocalAddr returns the relayed transport address.
func (r *relay) LocalAddr() net.Addr { return r.udp }

// SetDeadline does nothing: pion sets none on relays.
func (r *relay) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing.
func (r *relay) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing: writes never block.
func (r *relay) SetWriteDeadline(time.Time) error { return nil }

// addrPort converts pion's addresses; what is none gives the zero value.
func addrPort(addr net.Addr) netip.AddrPort {
	var ap netip.AddrPort
	switch addr := addr.(type) {
	case *net.UDPAddr:
		ap = addr.AddrPort()
	case *net.TCPAddr:
		ap = addr.AddrPort()
	}
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
