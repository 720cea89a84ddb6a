package turn

import (
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// relay is an allocation's relayed transport address. To pion it is a
// net.PacketConn; what is behind it is its medium. It lives until pion, its
// session's end, its expiry or Server.Close closes it.
type relay struct {
	server *Server
	addr   netip.AddrPort // relayed transport address
	udp    *net.UDPAddr   // addr for pion; never changed
	medium medium

	closing sync.Once
	byPion  atomic.Bool // pion closed it and has forgotten the allocation
	ending  atomic.Bool // its goroutine holds requests until pion forgets the allocation

	// Set once by Server.bind before pion starts reading, then only read.
	owner    atomic.Pointer[session]
	listener *listener
	requests *requests // nil where the client's connection was gone at once
	client   netip.AddrPort
	username string
	since    time.Time

	expiry    *time.Timer // guarded by Server.mu
	allowance bucket      // what it may send; used by the read loop of its client's socket only
	grants    grants
	sent      traffic
	received  traffic
}

// medium carries an allocation's packets to and from its peers.
type medium interface {
	// send passes one datagram on without blocking, or says why it did not.
	send(payload []byte, to netip.AddrPort) DropReason
	// receive waits for the next datagram; !ok once the medium is closed.
	receive(into []byte) (size int, from *net.UDPAddr, ok bool)
	// close ends receive. It is called once, and must not block.
	close()
}

// WriteTo sends one datagram of the client towards a peer. Like UDP it never
// blocks and never tells whether the packet arrived; a drop is counted.
func (r *relay) WriteTo(payload []byte, to net.Addr) (int, error) {
	if reason := r.write(payload, addrPort(to)); reason != "" {
		r.server.counters.drop(reason)
	}
	return len(payload), nil
}

func (r *relay) write(payload []byte, to netip.AddrPort) DropReason {
	if len(payload) > maxPayload {
		return DropTooLarge
	}
	if !r.server.withinBandwidth(r, len(payload)) {
		return DropBandwidth
	}
	if reason := r.medium.send(payload, to); reason != "" {
		return reason
	}
	r.sent.add(len(payload))
	return ""
}

// ReadFrom waits for the next datagram from a peer. Only pion's goroutine of the
// allocation calls it.
func (r *relay) ReadFrom(into []byte) (int, net.Addr, error) {
	size, from, ok := r.medium.receive(into)
	if !ok {
		return r.readEnd()
	}
	r.received.add(size)
	r.server.counters.relayed(size)
	return size, from, nil
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
	r.expire()
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

// traffic counts datagrams and their bytes, application data only.
type traffic struct{ packets, bytes atomic.Uint64 }

func (t *traffic) add(size int) {
	t.packets.Add(1)
	t.bytes.Add(uint64(size))
}

// addrPort converts pion's addresses; what is none gives the zero value.
func addrPort(addr net.Addr) netip.AddrPort {
	var ap netip.AddrPort
	switch addr := addr.(type) {
	case *net.UDPAddr:
		ap = addr.AddrPort()
	case *net.TCPAddr:
		ap = addr.AddrPort()
	}
	return netip.AddrPortFrom(ap.Addr().Unmap().WithZone(""), ap.Port())
}
