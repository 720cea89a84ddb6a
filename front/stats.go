package front

import (
	"slices"
	"sync/atomic"
)

// Reason is why a connection was not handed to a service.
type Reason uint8

// The reasons, all that there are.
const (
	none      Reason = iota
	Full             // more than MaxPending had not shown yet what they speak
	FullAddr         // more than MaxPendingPerAddr of them came from its address
	Timeout          // the handshake or the first byte did not come in time
	Gone             // the client, or Close, ended it before that
	Handshake        // TLS failed
	Unknown          // neither HTTP nor STUN
	Challenge        // no drop: the handshake was all that it wanted (RFC 8737)
	Unserved         // the service did not accept it in time, or is closed
	reasons
)

var reasonNames = [reasons]string{"", "full", "full_address", "timeout", "gone", "handshake", "unknown", "challenge", "unserved"}

// String returns the reason as a metric's label.
func (r Reason) String() string {
	if r >= reasons {
		return "invalid"
	}
	return reasonNames[r]
}

// Stats are a Splitter's counters since New.
type Stats struct {
	Pending      int               // now, that have not shown yet what they speak
	HTTP, TURN   uint64            // handed over
	AcceptErrors uint64            // of the listener
	Closed       map[Reason]uint64 // not handed over; every reason is there
}

type counters struct {
	acceptErrors atomic.Uint64
	closed       [reasons]atomic.Uint64
}

func (c *counters) drop(r Reason) { c.closed[r].Add(1) }

// Stats returns the counters.
func (s *Splitter) Stats() Stats {
	s.mu.Lock()
	pending := len(s.pending)
	s.mu.Unlock()
	stats := Stats{
		Pending:      pending,
		HTTP:         s.http.accepted.Load(),
		TURN:         s.turn.accepted.Load(),
		AcceptErrors: s.counters.acceptErrors.Load(),
		Closed:       make(map[Reason]uint64, reasons-1),
	}
	for r := none + 1; r < reasons; r++ {
		stats.Closed[r] = s.counters.closed[r].Load()
	}
	return stats
}

// Reasons lists the names of every reason.
func Reasons() []string { return slices.Clone(reasonNames[none+1:]) }
