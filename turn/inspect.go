package turn

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/joingyd/joingyd/ident"
)

// Allocation is what an operator may know of a live allocation.
type Allocation struct {
	Relayed   netip.AddrPort // relayed transport address, its name
	Client    netip.AddrPort // where its client is: personal data
	Transport string         // between client and relay: "udp", "tcp", "tls" or "dtls"
	Session   ident.Session  // zero for a static user or a TURN REST secret
	User      string         // the TURN username of those, else empty
	Since     time.Time
	Paired    bool // whether its session is in a chat

	SentPackets, SentBytes         uint64 // by the client towards peers; application data only
	ReceivedPackets, ReceivedBytes uint64 // by the client from peers
}

// Allocations lists the live allocations, the oldest first.
func (s *Server) Allocations() []Allocation {
	s.settleAll()
	s.mu.RLock()
	defer s.mu.RUnlock()
	list := make([]Allocation, 0, len(s.relays))
	for _, r := range s.relays {
		owner := r.owner.Load()
		if owner == nil {
			continue // being made
		}
		user := ""
		if owner.id.IsZero() {
			user = owner.user
		}
		list = append(list, Allocation{
			Relayed: r.addr, Client: r.client, Transport: r.listener.addr.Transport,
			Session: owner.id, User: user, Since: r.since, Paired: owner.pair.Load() != nil,
			SentPackets: r.sent.packets.Load(), SentBytes: r.sent.bytes.Load(),
			ReceivedPackets: r.received.packets.Load(), ReceivedBytes: r.received.bytes.Load(),
		})
	}
	slices.SortFunc(list, func(a, b Allocation) int {
		if c := a.Since.Compare(b.Since); c != 0 {
			return c
		}
		return a.Relayed.Compare(b.Relayed)
	})
	return list
}

// Usage is what a session's live allocations have carried. Bytes are application
// data.
type Usage struct {
	Allocations int

	SentPackets, SentBytes         uint64 // by the client towards peers
	ReceivedPackets, ReceivedBytes uint64 // by the client from peers
}

// Usage returns that of a session, zero for one that is not known. It costs the
// same however many sessions there are.
func (s *Server) Usage(id ident.Session) (u Usage) {
	s.settleSession(id)
	s.mu.RLock()
	defer s.mu.RUnlock()
	owner := s.sessions[id]
	if owner == nil {
		return u
	}
	for r := range owner.relays {
		u.Allocations++
		u.SentPackets += r.sent.packets.Load()
		u.SentBytes += r.sent.bytes.Load()
		u.ReceivedPackets += r.received.packets.Load()
		u.ReceivedBytes += r.received.bytes.Load()
	}
	return u
}

// Kill closes the allocation with this relayed transport address before it
// returns, and reports whether there was one. Its client is not told: its next
// request gets 437, and it may allocate again.
func (s *Server) Kill(relayed netip.AddrPort) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.relays[relayed]
	if r == nil || r.owner.Load() == nil {
		return false
	}
	s.closeRelayLocked(r)
	return true
}

// Drain refuses new allocations from now on (508), and returns when none is left
// or ctx ends.
func (s *Server) Drain(ctx context.Context) error {
	s.mu.Lock()
	s.draining = true
	s.mu.Unlock()
	for {
		s.mu.Lock()
		empty, changed := len(s.relays) == 0, s.emptied
		s.mu.Unlock()
		if empty {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Pause refuses new allocations (508, Insufficient Capacity) until it is called with
// false. Those that live go on, and a session in a pair may make more: its call goes on
// where its client comes to another network.
func (s *Server) Pause(paused bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = paused
}

// Draining reports whether Drain was called.
func (s *Server) Draining() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.draining
}
