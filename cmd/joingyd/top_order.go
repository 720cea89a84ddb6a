package main

import (
	"cmp"
	"slices"

	"github.com/joingyd/joingyd/admin"
)

// topOrder is how the list of joingyd top is sorted.
type topOrder int

const (
	byState   topOrder = iota // who chats first; in a state, who has done so for longest
	byAge                     // the oldest first
	byReports                 // the most reported first
	byTraffic                 // who relays most first
	topOrders                 // how many there are
)

// String returns the name that the screen shows.
func (o topOrder) String() string { return [...]string{"state", "age", "reports", "traffic"}[o] }

func (o topOrder) next() topOrder { return (o + 1) % topOrders }

// stateOrder is what is worth looking at first.
var stateOrder = []admin.SessionState{admin.SessionChatting, admin.SessionWaiting, admin.SessionIdle, admin.SessionAway}

// compare compares two sessions, which are never equal: the order is the same at
// each look.
func (o topOrder) compare(a, b admin.Session) int {
	var c int
	switch o {
	case byState:
		c = cmp.Or(slices.Index(stateOrder, a.State)-slices.Index(stateOrder, b.State), a.StateSince.Compare(b.StateSince))
	case byReports:
		c = b.Reports - a.Reports
	case byTraffic:
		c = cmp.Compare(relayed(b), relayed(a))
	}
	return cmp.Or(c, a.Since.Compare(b.Since), slices.Compare(a.ID[:], b.ID[:]))
}

// relayed is the bytes that a session sent and received.
func relayed(s admin.Session) uint64 { return s.Sent.Bytes + s.Received.Bytes }
