package admin

import (
	"net/netip"
	"time"

	"github.com/joingyd/joingyd/ident"
)

// Relay is the TURN relay. Its methods may be called at the same time, and their
// effect is complete when they return.
type Relay interface {
	// Allocations lists the live allocations, the oldest first, with their
	// Client and without their Network.
	Allocations() []Allocation
	// Kill closes the allocation with this relayed transport address and
	// reports whether there was one.
	Kill(relayed netip.AddrPort) bool
	// Drain refuses new allocations from now on, and closes what is left after
	// a while. It returns when that will be: of several drains, the soonest.
	Drain(after time.Duration) (deadline time.Time)
}

// Allocation is a live allocation of the relay.
type Allocation struct {
	Relayed   netip.AddrPort `json:"relayed"`           // relayed transport address, its name
	Session   string         `json:"session,omitempty"` // whose it is,
	User      string         `json:"user,omitempty"`    // or the TURN user who has no session
	Transport string         `json:"transport"`         // between client and relay: udp, tcp, tls or dtls
	Network   netip.Prefix   `json:"network"`           // the client's address, cut to /24 or IPv6 /48
	Client    netip.AddrPort `json:"client,omitzero"`   // all of it, for who asked with Addresses
	Since     time.Time      `json:"since"`
	Paired    bool           `json:"paired"`   // its session is in a chat
	Sent      Traffic        `json:"sent"`     // by the client towards its peers
	Received  Traffic        `json:"received"` // by the client from its peers
}

// Traffic counts datagrams, and their application data.
type Traffic struct {
	Packets uint64 `json:"packets"`
	Bytes   uint64 `json:"bytes"`
}

// RelayListRequest asks for every allocation, or for a session's. With Addresses
// the answer has the clients' whole addresses, and who asked is logged. By is as
// in BanRequest.
type RelayListRequest struct {
	Session   string
	Addresses bool
	By        string
}

// RelayShowRequest names an allocation by its relayed transport address, or a
// session's by the session. Addresses and By are as in RelayListRequest.
type RelayShowRequest struct {
	Name      string
	Addresses bool
	By        string
}

// RelayList is some allocations, the oldest first.
type RelayList struct {
	Allocations []Allocation `json:"allocations"`
}

// RelayKillRequest names the allocations to close, by exactly one of Relayed and
// Session. By is as in BanRequest.
type RelayKillRequest struct {
	Relayed string
	Session string
	By      string
}

// RelayKillResult names the allocations that were closed.
type RelayKillResult struct {
	Killed []netip.AddrPort `json:"killed"`
}

// RelayDrainRequest asks for no new allocations, and to close after Deadline
// what is left; it does not end before the daemon. By is as in BanRequest.
type RelayDrainRequest struct {
	Deadline string `json:"deadline,omitempty"` // such as 90s or 10m; empty: 60s
	By       string `json:"-"`
}

// RelayDrainResult says how far the drain is.
type RelayDrainResult struct {
	Left     int       `json:"left"`     // allocations
	Deadline time.Time `json:"deadline"` // when they are closed: that of the soonest drain
}

// Validate is as that of BanRequest.
func (r RelayListRequest) Validate() error {
	_, err := r.selects()
	return err
}

// Validate is as that of BanRequest.
func (r RelayShowRequest) Validate() error {
	_, err := r.selects()
	return err
}

// Validate is as that of BanRequest.
func (r RelayKillRequest) Validate() error {
	_, err := r.selects()
	return err
}

// Validate is as that of BanRequest.
func (r RelayDrainRequest) Validate() error {
	_, err := r.after()
	return err
}

// selects returns what tells whether an allocation is meant.
func (r RelayListRequest) selects() (func(Allocation) bool, error) {
	if r.Session == "" {
		return func(Allocation) bool { return true }, nil
	}
	session, err := parseSession(r.Session)
	return ofSession(session), err
}

func (r RelayShowRequest) selects() (func(Allocation) bool, error) {
	if session, err := ident.ParseSession(r.Name); err == nil {
		return ofSession(session), nil
	}
	relayed, err := parseRelayed(r.Name)
	if err != nil {
		return nil, invalid("%s is neither a relayed address like 198.18.0.1:50000 nor a session; joingyd relay list shows both", quote(r.Name))
	}
	return at(relayed), nil
}

func (r RelayKillRequest) selects() (func(Allocation) bool, error) {
	switch {
	case (r.Relayed == "") == (r.Session == ""):
		return nil, invalid("name either a relayed address, or a session")
	case r.Session != "":
		session, err := parseSession(r.Session)
		return ofSession(session), err
	default:
		relayed, err := parseRelayed(r.Relayed)
		return at(relayed), err
	}
}

func ofSession(session ident.Session) func(Allocation) bool {
	return func(a Allocation) bool { return a.Session == session.String() }
}

func at(relayed netip.AddrPort) func(Allocation) bool {
	return func(a Allocation) bool { return a.Relayed == relayed }
}

func parseRelayed(text string) (netip.AddrPort, error) {
	relayed, err := netip.ParseAddrPort(text)
	if err != nil || relayed.Addr().Zone() != "" {
		return relayed, invalid("%s is not a relayed address; write one like 198.18.0.1:50000, as joingyd relay list shows it", quote(text))
	}
	return netip.AddrPortFrom(relayed.Addr().Unmap(), relayed.Port()), nil
}

// The deadlines that a drain may have. A second is enough for what passed the
// relay's gate just before to be seen.
const (
	drainDefault = time.Minute
	drainSoonest = time.Second
	drainLongest = 24 * time.Hour
)

func (r RelayDrainRequest) after() (time.Duration, error) {
	if r.Deadline == "" {
		return drainDefault, nil
	}
	after, err := time.ParseDuration(r.Deadline)
	if err != nil || after < drainSoonest || after > drainLongest {
		return 0, invalid("%s is not a time that a drain can take; write one like 90s or 10m, from 1s to 24h", quote(r.Deadline))
	}
	return after, nil
}
