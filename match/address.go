package match

import (
	"net/netip"
	"time"

	"github.com/joingyd/joingyd/recent"
)

const (
	addressKept = 30 * time.Minute // after the last that was heard of it; by then every token is back
	sweepMost   = 1000             // addresses forgotten at once
)

// paced is what the sessions of one address do at a common pace.
type paced int

const (
	pacedUpgrades  paced = iota // of /ws, those that fail too
	pacedBanChecks              // questions whether it is banned
	pacedSessions               // new ones
	pacedFinds
	pacedRedemptions // of codes for passes
	pacedKinds
)

// pace is a token bucket's: tokens a second, and how many there are at most.
type pace struct{ rate, burst float64 }

// addresses remembers for a while how fast each address went and how suspicious
// it is. It is bounded: past that the address that was quiet for longest is
// forgotten, and with it what held against it. The hub's lock guards it.
type addresses struct {
	paces [pacedKinds]pace
	known *recent.Map[netip.Prefix, address]
}

// address is what is remembered of one.
type address struct {
	at     time.Time // when the rest was true
	tokens [pacedKinds]float64
	points float64 // see suspicion.go
	shared uint8   // the kinds, as bits, of which other hubs of the site have taken tokens
}

func newAddresses(paces [pacedKinds]pace, most int) *addresses {
	return &addresses{paces: paces, known: recent.New[netip.Prefix, address](most)}
}

// of returns what is known of an address by now.
func (a *addresses) of(key netip.Prefix, now time.Time) *address {
	known, fresh := a.known.Use(key)
	if !fresh {
		a.advance(known, now)
		return known
	}
	known.at = now
	for kind, pace := range a.paces {
		known.tokens[kind] = pace.burst
	}
	return known
}

// advance brings what is remembered up to now.
func (a *addresses) advance(known *address, now time.Time) {
	passed := now.Sub(known.at)
	if passed <= 0 {
		return
	}
	for kind, pace := range a.paces {
		if known.tokens[kind] = min(pace.burst, known.tokens[kind]+passed.Seconds()*pace.rate); known.tokens[kind] == pace.burst {
			known.shared &^= 1 << kind
		}
	}
	known.points = decayed(known.points, passed)
	known.at = now
}

// take takes a token. Where there is none, it returns how long until there is.
func (a *addresses) take(key netip.Prefix, kind paced, now time.Time) (wait time.Duration) {
	known := a.of(key, now)
	if missing := 1 - known.tokens[kind]; missing > 0 {
		return max(1, time.Duration(missing/a.paces[kind].rate*float64(time.Second)))
	}
	known.tokens[kind]--
	return 0
}

// sweep forgets addresses that nothing was heard of for long enough.
func (a *addresses) sweep(now time.Time) {
	a.known.Forget(sweepMost, func(known *address) bool { return now.Sub(known.at) >= addressKept })
}
