package admin

import (
	"iter"
	"net/netip"

	"github.com/joingyd/joingyd/ident"
)

// Live is what goes on in the daemon. Its methods may be called at the same
// time, and their effect is complete when they return.
type Live interface {
	// Enforce ends the sessions that the ban store refuses now, with their chats
	// and their relays, and returns how many it ended. It looks at the addresses
	// that concerns picks; nil picks all.
	Enforce(concerns func(netip.Addr) bool) int
	// Affected counts the sessions that have used an address that matches.
	Affected(match func(netip.Addr) bool) int
	// Addresses returns every address that the session has used, or nil if
	// there is no such session.
	Addresses(ident.Session) []netip.Addr
	// Kick ends the session, whose visitor is told why, unless reason is empty, and
	// reports whether there was one.
	Kick(id ident.Session, reason string) bool
	// Warn tells the session's visitor why they were reported, and reports whether
	// there was one.
	Warn(id ident.Session, reason string) bool
	// Sessions returns the live sessions, in no order, with their Address, and
	// without what Detail knows. It holds nobody up while it is read.
	Sessions() iter.Seq[Session]
	// Detail adds what is costly to know: Addresses, Allocations and what those
	// carried.
	Detail(*Session)
	// Status counts what lives.
	Status() LiveStatus
}

// nobody is the Live of a service without a daemon.
type nobody struct{}

func (nobody) Enforce(func(netip.Addr) bool) int    { return 0 }
func (nobody) Affected(func(netip.Addr) bool) int   { return 0 }
func (nobody) Addresses(ident.Session) []netip.Addr { return nil }
func (nobody) Kick(ident.Session, string) bool      { return false }
func (nobody) Warn(ident.Session, string) bool      { return false }
func (nobody) Sessions() iter.Seq[Session]          { return func(func(Session) bool) {} }
func (nobody) Detail(*Session)                      {}
func (nobody) Status() LiveStatus                   { return LiveStatus{} }
