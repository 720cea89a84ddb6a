package admin

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/joingyd/joingyd/ident"
)

// SessionState is what a session is doing.
type SessionState string

// The states.
const (
	SessionIdle     SessionState = "idle"     // nothing
	SessionWaiting  SessionState = "waiting"  // for a partner
	SessionChatting SessionState = "chatting" // with one
	SessionAway     SessionState = "away"     // has lost its socket and may come back; its chat, if any, goes on
)

// SessionStates lists every state.
func SessionStates() []SessionState {
	return []SessionState{SessionIdle, SessionWaiting, SessionChatting, SessionAway}
}

// Session is a live session. Whom it talks to is not told, not even as the
// identity of the pair: ending it needs no more than its own, and a list goes
// through pipes and logs.
type Session struct {
	ID          ident.Session `json:"id"`
	Node        string        `json:"node,omitempty"` // that it lives on, where there are several
	State       SessionState  `json:"state"`
	Mode        string        `json:"mode,omitempty"` // video or text, of its chat or search
	Since       time.Time     `json:"since"`
	StateSince  time.Time     `json:"state_since"`
	Network     netip.Prefix  `json:"network"`     // its address, cut to /24 or IPv6 /48
	Addresses   int           `json:"addresses"`   // that it has used, of WebSocket and relay: what a ban on it covers
	Reports     int           `json:"reports"`     // against it, one a chat at most
	Allocations int           `json:"allocations"` // live ones of the relay, and what those have carried:
	Sent        Traffic       `json:"sent"`        // by it towards its partner
	Received    Traffic       `json:"received"`    // by it from its partner

	Address netip.Addr `json:"-"` // what Network is cut from; never on the wire
}

// SessionSort is an order of sessions.
type SessionSort string

// The orders. Of equals the oldest comes first.
const (
	SortAge     SessionSort = "age"     // the oldest first
	SortReports SessionSort = "reports" // the most reported first
)

// SessionSorts lists every order.
func SessionSorts() []SessionSort { return []SessionSort{SortAge, SortReports} }

// SessionsRequest asks for the live sessions, or some of them.
type SessionsRequest struct {
	State SessionState // only these; empty: all
	Sort  SessionSort  // empty: by age
	Limit int          // at most so many; 0: 1,000

	Everywhere bool // of all nodes, as the server answers a client
}

// SessionList is the sessions that were asked for, up to the limit.
type SessionList struct {
	Sessions []Session `json:"sessions"`
	Total    int       `json:"total"`             // without the limit
	Missing  []string  `json:"missing,omitempty"` // nodes whose sessions are not among them, and why
}

var errNotRunning = &Error{CodeUnavailable, "sessions live in the running daemon; start it, and leave out --offline"}

// How many sessions one list can have.
const (
	sessionsDefault = 1000
	sessionsMost    = 100_000
)

// Validate is as that of BanRequest.
func (r SessionsRequest) Validate() error {
	switch {
	case r.State != "" && !slices.Contains(SessionStates(), r.State):
		return invalid("%s is not a state; write %s", quote(string(r.State)), oneOf(SessionStates()))
	case r.Sort != "" && !slices.Contains(SessionSorts(), r.Sort):
		return invalid("%s is not an order; write %s", quote(string(r.Sort)), oneOf(SessionSorts()))
	case r.Limit < 0 || r.Limit > sessionsMost:
		return invalid("a list cannot have %d sessions; write a limit from 1 to %d", r.Limit, sessionsMost)
	}
	return nil
}

// oneOf names what can be written: one of a, b, c.
func oneOf[T ~string](words []T) string {
	texts := make([]string, len(words))
	for i, word := range words {
		texts[i] = string(word)
	}
	return "one of " + strings.Join(texts, ", ")
}

// order returns how the request wants sessions compared.
func (r SessionsRequest) order() func(a, b Session) int {
	age := func(a, b Session) int {
		if c := a.Since.Compare(b.Since); c != 0 {
			return c
		}
		return slices.Compare(a.ID[:], b.ID[:])
	}
	if r.Sort != SortReports {
		return age
	}
	return func(a, b Session) int {
		if a.Reports != b.Reports {
			return b.Reports - a.Reports
		}
		return age(a, b)
	}
}

func (r SessionsRequest) limit() int { return cmp.Or(r.Limit, sessionsDefault) }

// Sessions lists the live sessions. It keeps no more of them at a time than twice
// the limit.
func (s *Service) Sessions(_ context.Context, req SessionsRequest) (SessionList, error) {
	if err := req.Validate(); err != nil {
		return SessionList{}, err
	}
	if s.opts.Live == nil {
		return SessionList{}, errNotRunning
	}
	first := shortlist[Session]{n: req.limit(), order: req.order()}
	var result SessionList
	for session := range s.live.Sessions() {
		if req.State != "" && session.State != req.State {
			continue
		}
		result.Total++
		first.add(session)
	}
	result.Sessions = first.from(0)
	for i := range result.Sessions {
		session := &result.Sessions[i]
		s.live.Detail(session)
		session.Node = s.node()
		session.Network, session.Address = network(session.Address), netip.Addr{}
	}
	return result, nil
}
