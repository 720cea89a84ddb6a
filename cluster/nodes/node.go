package nodes

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"time"
)

// Role is what a node does.
type Role string

// The roles.
const (
	RoleAll   Role = "all"   // sockets, hub and relay
	RoleEdge  Role = "edge"  // sockets alone
	RoleRelay Role = "relay" // a relay alone
)

// Range is the versions of the protocol between nodes that one speaks.
type Range struct {
	Min int `json:"min"`
	Max int `json:"max"`
}

// Meets reports whether there is a version that both speak.
func (r Range) Meets(other Range) bool { return r.Min <= other.Max && other.Min <= r.Max }

// String returns "3" or "3 to 4".
func (r Range) String() string {
	if r.Min == r.Max {
		return fmt.Sprint(r.Min)
	}
	return fmt.Sprintf("%d to %d", r.Min, r.Max)
}

// Fingerprint tells whether two nodes have the same key, and nothing else of it.
type Fingerprint string

// FingerprintOf returns a key's.
func FingerprintOf(key [32]byte) Fingerprint {
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte("joingyd cluster: fingerprint of a key"))
	return Fingerprint(hex.EncodeToString(mac.Sum(nil)[:8]))
}

// Self is what a node says of itself and does not change while it runs.
type Self struct {
	Name       string      `json:"name"` // unlike any other's: 1 to 64 letters, digits, dots, dashes and underscores
	Version    string      `json:"version"`
	Protocol   Range       `json:"protocol"`
	Role       Role        `json:"role"`
	Region     string      `json:"region,omitempty"`
	Relay      string      `json:"relay,omitempty"` // host in the URLs of its relay; empty: it has none
	ClusterKey Fingerprint `json:"cluster_key"`     // filled in by Join
	Started    time.Time   `json:"started"`         // by its own clock; filled in by Join
}

// Report is what a node says of itself each second.
type Report struct {
	Online  int           `json:"online"`             // sessions
	Waiting int           `json:"waiting"`            // of these, for a partner
	Chats   int           `json:"chats,omitempty"`    // of these, two in each
	Doors   int           `json:"doors,omitempty"`    // sockets whose sessions are at other nodes
	Relayed int           `json:"relayed,omitempty"`  // chats, of any node, that are at its relay
	Load    float64       `json:"load"`               // of its relay and processor, whichever has less left: 0 to 1
	BanKeys []Fingerprint `json:"ban_keys,omitempty"` // the newest first
	AgeKeys []Fingerprint `json:"age_keys,omitempty"` // of proofs of age; none: it asks for none

	// RelayURLs are the STUN and TURN URLs of its relay; empty: it has none for the sessions
	// of others. RelayDraining: that takes no new allocations, whatever the node does.
	// RelayClosed: it is about to close those it has.
	RelayURLs     []string          `json:"relay_urls,omitempty"`
	RelayDraining bool              `json:"relay_draining,omitempty"`
	RelayClosed   bool              `json:"relay_closed,omitempty"`
	Bans          map[string]uint64 `json:"bans,omitempty"` // by origin: the version of its feed that is applied here
}

// Node is a node as its record has it.
type Node struct {
	Self
	Report
	Incarnation string `json:"-"`
	Draining    bool   `json:"draining,omitempty"`
}

// changed reports whether others should hear that n is what it is now.
func (n Node) changed(before Node) bool {
	return n.Draining != before.Draining || n.Version != before.Version || n.Protocol != before.Protocol || n.Role != before.Role ||
		n.Region != before.Region || n.Relay != before.Relay || !slices.Equal(n.BanKeys, before.BanKeys)
}

// within returns the report with a load that a record can have.
func (r Report) within() Report {
	if !(r.Load > 0) { // nor if it is no number
		r.Load = 0
	}
	r.Load = min(r.Load, 1)
	return r
}

var namePattern = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// ValidName reports whether a node can be called so.
func ValidName(name string) bool { return namePattern.MatchString(name) }
