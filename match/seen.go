package match

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/joingyd/joingyd/ident"
)

// Step is how far a visit has come.
type Step string

// The steps.
const (
	StepCame    Step = "came"    // a session began
	StepResumed Step = "resumed" // it has another socket
	StepMatched Step = "matched" // a chat began
	StepLeft    Step = "left"    // the session ended
)

// Seen is a step of a visit, for who keeps a log of where visitors come from.
type Seen struct {
	At      time.Time
	Step    Step
	Session ident.Session
	From    netip.AddrPort // of the last socket; port 0 where a proxy stands before the hub
	Pair    ident.Pair     // StepMatched
}

// seenLocked tells of a step, if somebody wants to know.
func (h *Hub) seenLocked(s *session, step Step) {
	if h.opts.Seen == nil || s.awaited() {
		return
	}
	seen := Seen{At: h.opts.Now().UTC(), Step: step, Session: s.id, From: netip.AddrPortFrom(s.addr, s.port)}
	if step == StepMatched {
		seen.Pair = s.pair.id
	}
	h.opts.Seen(seen)
}

// portOf returns the port that a request of a client at addr comes from: 0 where the
// connection is a proxy's.
func portOf(r *http.Request, addr netip.Addr) uint16 {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || peer.Addr().WithZone("").Unmap() != addr {
		return 0
	}
	return peer.Port()
}
