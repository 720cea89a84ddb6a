package bus

import (
	"encoding/hex"
	"log/slog"
)

// Incarnation is one process with a node's name: random, new with every Bus. Zero is none.
type Incarnation [16]byte

// String returns the first 4 bytes, in hex: enough to tell two apart.
func (i Incarnation) String() string { return hex.EncodeToString(i[:4]) }

// Peer is a process at the other end of a link.
type Peer struct {
	Name        string // of its node
	Incarnation Incarnation
}

// LogValue returns NAME/INCARNATION.
func (p Peer) LogValue() slog.Value { return slog.StringValue(p.Name + "/" + p.Incarnation.String()) }
