package iplog

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"time"
)

// Kind is what happened.
type Kind string

// The kinds.
const (
	Came    Kind = "came"    // a session began
	Resumed Kind = "resumed" // its WebSocket came back, perhaps from elsewhere
	Relayed Kind = "relayed" // it took an allocation of the relay
	Matched Kind = "matched" // a chat began
	Left    Kind = "left"    // the session ended
)

// Event is what happened to a session, and from where.
type Event struct {
	At      time.Time      `json:"at"`
	Kind    Kind           `json:"event"`
	Session string         `json:"session"`
	Address netip.AddrPort `json:"address"`        // with the port, which a carrier's NAT needs to know
	Pair    string         `json:"pair,omitempty"` // of the chat
}

// Decode reads an event as the private key gives it back.
func Decode(plain []byte) (e Event, err error) {
	if err := json.Unmarshal(plain, &e); err != nil {
		return e, fmt.Errorf("iplog: an event: %w", err)
	}
	return e, nil
}

// network is what an address is found by: itself, or of IPv6 its /64.
func network(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	prefix, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}
