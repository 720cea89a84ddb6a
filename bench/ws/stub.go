package main

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/match"
)

// stubRelay stands for the TURN server where only the hub is measured. Its
// credentials are as long as real ones.
type stubRelay struct{}

var _ match.Relay = stubRelay{}

var stubPassword = strings.Repeat("p", 27)

// Admit implements match.Relay.
func (stubRelay) Admit(s ident.Session, _ netip.Addr) (string, string, time.Time) {
	expires := time.Now().Add(time.Hour)
	return strconv.FormatInt(expires.Unix(), 10) + ":" + s.String(), stubPassword, expires
}

// Dismiss implements match.Relay.
func (stubRelay) Dismiss(ident.Session) {}

// CloseAllocations implements match.Relay.
func (stubRelay) CloseAllocations(ident.Session) {}

// Join implements match.Relay.
func (stubRelay) Join(ident.Pair, ident.Session, ident.Session) error { return nil }

// Part implements match.Relay.
func (stubRelay) Part(ident.Pair) {}

// Owns implements match.Relay.
func (stubRelay) Owns(ident.Session, netip.AddrPort) bool { return true }

// ClientAddrs implements match.Relay.
func (stubRelay) ClientAddrs(ident.Session) []netip.Addr { return nil }
