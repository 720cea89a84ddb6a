package turn

import (
	"net"
	"net/netip"
	"sync"
)

const (
	maxPayload = 1600 // bytes; pion reads no more from a relay
	queueSize  = 128  // packets; some video frames fill 50
)

// masked is the medium of the masked relay: the switch. A datagram goes into the
// queue of the allocation that it is for, if the two may talk.
type masked struct {
	relay  *relay
	queue  chan packet
	closed chan struct{}
}

// packet is one datagram between two allocations.
type packet struct {
	buffer *[maxPayload]byte // from buffers, given back by receive
	size   int
	from   *relay
	pair   *pair // that let it pass; checked again on the way out
}

var buffers = sync.Pool{New: func() any { return new([maxPayload]byte) }}

func newMasked(r *relay) *masked {
	return &masked{relay: r, queue: make(chan packet, queueSize), closed: make(chan struct{})}
}

func (m *masked) send(payload []byte, to netip.AddrPort) DropReason {
	peer := m.relay.server.relayAt(to)
	if peer == nil {
		return DropUnknownPeer
	}
	there, ok := peer.medium.(*masked)
	if !ok {
		return DropUnknownPeer
	}
	p := commonPair(m.relay.owner.Load(), peer.owner.Load())
	if p == nil {
		return DropNotPaired
	}
	if !m.relay.grants.under(peer.addr.Addr(), p) || !peer.grants.under(m.relay.addr.Addr(), p) {
		return DropNoPermission
	}
	buffer := buffers.Get().(*[maxPayload]byte)
	select {
	case there.queue <- packet{buffer, copy(buffer[:], payload), m.relay, p}:
		return ""
	default:
		buffers.Put(buffer)
		return DropQueueFull
	}
}

func (m *masked) receive(into []byte) (int, *net.UDPAddr, bool) {
	for {
		select {
		case <-m.closed:
			return 0, nil, false
		case p := <-m.queue:
			size := copy(into, p.buffer[:p.size])
			buffers.Put(p.buffer)
			if owner := m.relay.owner.Load(); owner.self != p.pair && owner.pair.Load() != p.pair {
				m.relay.server.counters.drop(DropNotPaired) // the pair ended while it waited
				continue
			}
			return size, p.from.udp, true
		}
	}
}

func (m *masked) close() { close(m.closed) }

// commonPair returns the pair that lets allocations of a and b talk: the chat
// that they are in, or, for allocations of one session, that session's own.
func commonPair(a, b *session) *pair {
	switch {
	case a == nil || b == nil:
		return nil
	case a == b:
		return a.self
	}
	if p := a.pair.Load(); p != nil && p == b.pair.Load() {
		return p
	}
	return nil
}
