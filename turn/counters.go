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
	DropUnsent       DropReason = "unsent"        // the kernel refused it, or its connection has ended
	DropConnection   DropReason = "connection"    // a connection of a source that has too many
)

// dropReasons gives each reason its place in counters.drops.
var dropReasons = [...]DropReason{
	DropMalformed, DropUnanswered, DropNoAllocation, DropUnknownPeer, DropNotPaired, DropNoChannel, DropNoPermission,
	DropTooLarge, DropBandwidth, DropQueueFull, DropUnsent, DropConnection,
}

// DropReasons lists every reason.
func DropReasons() []DropReason { return slices.Clone(dropReasons[:]) }

// transports gives each transport its place in Server.counters.
var transports = [...]string{"udp", "tcp", "tls", "dtls"}

// Transports lists every transport between client and relay.
func Transports() []string { return slices.Clone(transports[:]) }

// Counts are what happened since the start.
type Counts struct {
	Packets    uint64                // relayed
	Bytes      uint64                // relayed, application data only
	Drops      map[DropReason]uint64 // packets
	AuthOK     uint64                // requests with good credentials
	AuthFailed uint64                // requests with bad ones
}

// Stats are what is live, and counts, in all and by the transport of the client
// that sent.
type Stats struct {
	Sessions    int
	Allocations int
	Pairs       int
	Counts
	NotOffloaded uint64 // flows that Options.Offload would not take

	ByTransport map[string]TransportStats // every one of Transports
}

// TransportStats are Stats of one transport.
type TransportStats struct {
	Allocations int // that belong to somebody
	Counts
}

type counters struct {
	packets, bytes atomic.Uint64
	drops          [len(dropReasons)]atomic.Uint64
	authOK, authNo atomic.Uint64
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
		Sessions:     len(s.sessions),
		Allocations:  len(s.relays),
		Pairs:        len(s.pairs) - s.suspendedLocked(),
		Counts:       Counts{Drops: make(map[DropReason]uint64, len(dropReasons))},
		NotOffloaded: s.notOffloaded.Load(),
		ByTransport:  make(map[string]TransportStats, len(transports)),
	}
	for i, transport := range transports {
		counts := s.counters[i].counts()
		stats.add(counts)
		of := TransportStats{Counts: counts}
		for _, l := range s.listeners {
			if l.addr.Transport == transport {
				of.Allocations += int(l.clients.count.Load())
			}
		}
		stats.ByTransport[transport] = of
	}
	return stats
}

func (c *counters) counts() Counts {
	counts := Counts{
		Packets: c.packets.Load(), Bytes: c.bytes.Load(), AuthOK: c.authOK.Load(), AuthFailed: c.authNo.Load(),
		Drops: make(map[DropReason]uint64, len(dropReasons)),
	}
	for i, reason := range dropReasons {
		counts.Drops[reason] = c.drops[i].Load()
	}
	return counts
}

func (c *Counts) add(more Counts) {
	c.Packets += more.Packets
	c.Bytes += more.Bytes
	c.AuthOK += more.AuthOK
	c.AuthFailed += more.AuthFailed
	for reason, n := range more.Drops {
		c.Drops[reason] += n
	}
}
