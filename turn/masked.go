package turn

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// The masked relay is a switch: what a client sends to its allocation goes
// straight to the client of another, if the two may talk. Whether they may is
// found out once (resolve), and remembered as a route for as long as it holds.

// maxPayload is the most application data of one packet, in bytes.
const maxPayload = 1600

// unboundLifetime is how long a route without a channel holds: the receiver may
// bind one just while it is found out.
const unboundLifetime = time.Second

// route is where the packets of a channel go. It holds while its pair and its
// receiver live, until the first permission or channel that it rests on ends.
type route struct {
	to      *relay
	under   *pair
	channel uint16 // of the receiver's for the sender; 0: a Data indication
	until   time.Duration
}

func (rt *route) holds(now time.Duration) bool {
	return now < rt.until && rt.under.passes() && !rt.to.closed.Load()
}

// resolve finds the way from r to the relayed transport address peer, or says
// why there is none.
func (s *Server) resolve(now time.Duration, r *relay, peer netip.AddrPort) (*route, DropReason) {
	to := s.relayAt(peer)
	if to == nil {
		return nil, DropUnknownPeer
	}
	p := commonPair(r.owner.Load(), to.owner.Load())
	if p == nil {
		return nil, DropNotPaired
	}
	out, in := r.grants.permits(now, peer.Addr(), p), to.grants.permits(now, r.addr.Addr(), p)
	if out == 0 || in == 0 {
		return nil, DropNoPermission
	}
	rt := &route{to: to, under: p, until: min(out, in)}
	if number, until := to.grants.channelTo(now, r.addr); number != 0 {
		rt.channel, rt.until = number, min(rt.until, until)
	} else {
		rt.until = min(rt.until, now+unboundLifetime)
	}
	if !rt.holds(now) {
		return nil, DropNotPaired
	}
	return rt, ""
}

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

// channelData passes a ChannelData message on (RFC 8656 section 12.6). The frame
// is out's until it is flushed, and changes in place.
func (l *listener) channelData(out *outbox, from endpoint, frame []byte) DropReason {
	size, ok := channelDataSize(frame)
	if !ok {
		return DropMalformed
	}
	r := l.clients.get(from)
	if r == nil {
		return DropNoAllocation
	}
	c := r.grants.channel(binary.BigEndian.Uint16(frame))
	switch {
	case c == nil, c.until.Load() <= int64(out.now):
		return DropNoChannel
	case !c.under.passes():
		return DropNotPaired
	}
	if size > maxPayload {
		return DropTooLarge
	}
	rt := c.route.Load()
	if rt == nil || !rt.holds(out.now) {
		var reason DropReason
		if rt, reason = l.server.resolve(out.now, r, c.peer); rt == nil {
			return reason
		}
		c.route.Store(rt)
		l.server.offload(r, c.number, rt)
	}
	if !l.server.withinBandwidth(r, out.now, size) {
		return DropBandwidth
	}
	if rt.channel == 0 {
		return out.dataIndication(r, rt.to, frame[channelHeader:channelHeader+size])
	}
	binary.BigEndian.PutUint16(frame, rt.channel)
	return out.relay(r, rt.to, frame[:channelHeader+size], size)
}

// sendIndication passes the data of a Send indication on (RFC 8656 section 11.3).
func (l *listener) sendIndication(out *outbox, r *relay, peer netip.AddrPort, data []byte) DropReason {
	if len(data) > maxPayload {
		return DropTooLarge
	}
	rt, reason := l.server.resolve(out.now, r, peer)
	if rt == nil {
		return reason
	}
	if !l.server.withinBandwidth(r, out.now, len(data)) {
		return DropBandwidth
	}
	if rt.channel == 0 {
		return out.dataIndication(r, rt.to, data)
	}
	frame := out.scratch(channelHeader + len(data))
	binary.BigEndian.PutUint16(frame, rt.channel)
	binary.BigEndian.PutUint16(frame[2:], uint16(len(data)))
	copy(frame[channelHeader:], data)
	return out.relay(r, rt.to, frame, len(data))
}
