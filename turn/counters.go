package turn

import (
	"slices"
	"sync/atomic"
)

// DropReason says why the relay dropped a packet.
type DropReason string

// The closed set of reasons.
const (
	DropMalformed    DropReason = "malformed"     // no whole STUN message or ChannelData
	DropUnanswered   DropReason = "unanswered"    // unauthenticated, and its source has used up its answers
	DropNoAllocation DropReason = "no_allocation" // data from a client without an allocation
	DropUnknownPeer  DropReason = "unknown_peer"  // no allocation at that address
	DropNotPaired    DropReason = "not_paired"    // of another session than the partner
	DropNoChannel    DropReason = "no_channel"    // none with that number
	DropNoPermission DropReason = "no_permission" // none under this pair, on either side
	DropTooLarge     DropReason = "too_large"     // over 1,600 bytes
	DropBandwidth    DropReason = "bandwidth"     // over the allocation's or the total limit
	DropQueueFull    DropReason = "queue_full"    // the receiving client is too slow
	DropUnsent       DropReason = "unsent"        // open mode: the kernel refused it
)

// dropReasons gives each reason its place in counters.drops.
var dropReasons = [...]DropReason{
	DropMalformed, DropUnanswered, DropNoAllocation, DropUnknownPeer, DropNotPaired, DropNoChannel, DropNoPermission,
	DropTooLarge, DropBandwidth, DropQueueFull, DropUnsent,
}

// DropReasons lists every reason.
func DropReasons() []DropReason { return slices.Clone(dropReasons[:]) }

// Transports lists every transport between client and relay.
func Transports() []string { return []string{"udp", "tcp", "tls", "dtls"} }

// Stats are counts since the start, but for Sessions, Allocations, ByTransport
// and Pairs, which are live.
type Stats struct {
	Sessions    int
	Allocations int
	ByTransport map[string]int // allocations that belong to somebody, by client transport
	Pairs       int
	Packets     uint64 // relayed
	Bytes       uint64 // relayed, application data only
	Drops       map[DropReason]uint64
	AuthOK      uint64 // requests with good credentials
	AuthFailed  uint64 // requests with bad ones

	NotOffloaded uint64 // flows that Options.Offload would not take
}

type counters struct {
	packets, bytes atomic.Uint64
	drops          [len(dropReasons)]atomic.Uint64
	authOK, authNo atomic.Uint64
	notOffloaded   atomic.Uint64
}

func (c *counters) auth(ok bool) {
	if ok {
		c.authOK.Add(1)
	} else {
		c.authNo.Add(1)
	}
}

func (c *counters) relayed(packets, bytes uint64) {
	c.packets.Add(packets)
	c.bytes.Add(bytes)
}

func (c *counters) drop(reason DropReason) { c.dropMany(reason, 1) }

func (c *counters) dropMany(reason DropReason, n uint64) {
	for i := range dropReasons {
		if dropReasons[i] == reason {
			c.drops[i].Add(n)
			return
		}
	}
}

// Stats returns the counts of this moment.
func (s *Server) Stats() Stats {
	s.settleAll()
	s.mu.RLock()
	defer s.mu.RUnlock()
	stats := Stats{
		Sessions:    len(s.sessions),
		Allocations: len(s.relays),
		ByTransport: make(map[string]int, len(s.listeners)),
		Pairs:       len(s.pairs),
		Packets:     s.counters.packets.Load(),
		Bytes:       s.counters.bytes.Load(),
		Drops:       make(map[DropReason]uint64, len(dropReasons)),
		AuthOK:      s.counters.authOK.Load(),
		AuthFailed:  s.counters.authNo.Load(),

		NotOffloaded: s.counters.notOffloaded.Load(),
	}
	for i, reason := range dropReasons {
		stats.Drops[reason] = s.counters.drops[i].Load()
	}
	for _, l := range s.listeners {
		stats.ByTransport[l.addr.Transport] += int(l.clients.count.Load())
	}
	return stats
}
