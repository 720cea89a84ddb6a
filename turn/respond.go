package turn

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/pion/stun/v2"
)

// The masked relay answers requests itself. pion keeps 3.3 KiB for the
// permissions of an allocation that has none, a goroutine and a 1,600-byte buffer
// for each, and checks again what the gate has checked.

const (
	defaultLifetime = 10 * time.Minute // RFC 8656 section 3.2
	maxLifetime     = time.Hour
)

// caller is who sent a frame, and how it came.
type caller struct {
	source endpoint
	addr   netip.AddrPort // the same
	local  netip.Addr     // our address that it sent to; zero where there is only one
	conn   *streamConn    // nil: UDP
}

// handle judges a frame that is not ChannelData and does what it asks for. The
// answer, if there is one, is the caller's.
func (l *listener) handle(out *outbox, c caller, frame []byte) (answer []byte, v verdict) {
	v = l.judge(frame, c.addr)
	if v.pass == nil {
		return v.answer, v
	}
	m, ok := parseMessage(v.pass)
	if !ok {
		return nil, v // the gate lets nothing through that is none
	}
	switch m.method {
	case methodSend:
		l.send(out, c, m)
	case methodBinding:
		return respond(m, nil, xorMapped(c.addr), stun.Fingerprint), v
	case methodAllocate:
		return l.respondAllocate(c, m, v), v
	case methodRefresh:
		return l.respondRefresh(c, m, v.key), v
	case methodCreatePermission, methodChannelBind:
		return respond(m, v.key), v // the gate has granted it
	}
	return nil, v
}

func (l *listener) send(out *outbox, c caller, m message) {
	data, _ := m.get(attrData)
	peers, _ := m.peers()
	r := l.clients.get(c.source)
	if r == nil || len(peers) != 1 {
		return // closed just now
	}
	if reason := l.sendIndication(out, r, peers[0], data); reason != "" {
		l.counters.drop(reason)
	}
}

func (l *listener) respondAllocate(c caller, m message, v verdict) []byte {
	lifetime := m.lifetime()
	r, code := l.server.allocate(l, c, m, v, lifetime)
	if code != 0 {
		return refuse(m, v.key, code).answer
	}
	return respond(m, v.key, xorRelayed(r.addr), lifetimeAttribute(lifetime), xorMapped(c.addr))
}

// allocate makes the allocation that a request asks for, or finds the one that it
// made before, if it is sent again.
func (s *Server) allocate(l *listener, c caller, m message, v verdict, lifetime time.Duration) (*relay, stun.ErrorCode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if live := l.clients.get(c.source); live != nil {
		if live.transaction == m.transaction() && live.username == v.username {
			return live, 0
		}
		return nil, stun.CodeAllocMismatch
	}
	if s.opts.Refused(c.addr.Addr()) { // since the gate asked, and EnforceRefused did not find it
		return nil, stun.CodeForbidden
	}
	if code := s.quotaLocked(v.username, c.addr.Addr()); code != 0 {
		return nil, code
	}
	owner := s.ownerLocked(v.username, v.key)
	if owner == nil || s.closed {
		return nil, stun.CodeInsufficientCapacity // its session has just ended
	}
	addr, err := s.pool.draw(s.now(), 0, func(a netip.AddrPort) bool { return s.relays[a] != nil })
	if err != nil {
		return nil, stun.CodeInsufficientCapacity
	}
	r := &relay{server: s, addr: addr, transaction: m.transaction()}
	s.relays[addr] = r
	s.bindLocked(r, l, c, v.username, v.key, owner)
	r.expireAfterLocked(lifetime)
	return r, 0
}

func (l *listener) respondRefresh(c caller, m message, key []byte) []byte {
	s := l.server
	lifetime := m.lifetime()
	s.mu.Lock()
	r := l.clients.get(c.source)
	switch {
	case r == nil: // closed just now
	case lifetime == 0:
		s.closeRelayLocked(r)
	default:
		r.expireAfterLocked(lifetime)
	}
	s.mu.Unlock()
	if r == nil {
		return refuse(m, key, stun.CodeAllocMismatch).answer
	}
	return respond(m, key, lifetimeAttribute(lifetime))
}

// lifetime is what the request asks for, within bounds.
func (m message) lifetime() time.Duration {
	value, ok := m.get(attrLifetime)
	if !ok {
		return defaultLifetime
	}
	return min(time.Duration(binary.BigEndian.Uint32(value))*time.Second, maxLifetime)
}

// respond builds a success response, signed if there is a key.
func respond(m message, key []byte, attributes ...stun.Setter) []byte {
	setters := append([]stun.Setter{
		stun.NewTransactionIDSetter(m.transaction()),
		stun.NewType(stun.Method(m.method), stun.ClassSuccessResponse),
	}, attributes...)
	if key != nil {
		setters = append(setters, stun.MessageIntegrity(key))
	}
	answer, err := stun.Build(setters...)
	if err != nil {
		return nil
	}
	return answer.Raw
}

// addressAttribute is an XOR-…-ADDRESS.
type addressAttribute struct {
	kind stun.AttrType
	addr netip.AddrPort
}

func xorMapped(addr netip.AddrPort) stun.Setter {
	return addressAttribute{stun.AttrXORMappedAddress, addr}
}

func xorRelayed(addr netip.AddrPort) stun.Setter {
	return addressAttribute{stun.AttrXORRelayedAddress, addr}
}

// AddTo implements stun.Setter.
func (a addressAttribute) AddTo(m *stun.Message) error {
	return stun.XORMappedAddress{IP: a.addr.Addr().AsSlice(), Port: int(a.addr.Port())}.AddToAs(m, a.kind)
}

func lifetimeAttribute(lifetime time.Duration) stun.Setter {
	return stun.RawAttribute{Type: stun.AttrLifetime, Value: binary.BigEndian.AppendUint32(nil, uint32(lifetime/time.Second))}
}
