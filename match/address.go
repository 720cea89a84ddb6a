package match

import (
	"container/list"
	"net/netip"
	"time"
)

const (
	addressKept = 30 * time.Minute // after the last that was heard of it; by then every token is back
	sweepMost   = 1000             // addresses forgotten at once
)

// paced is what the sessions of one address do at a common pace.
type paced int

const (
	pacedUpgrades paced = iota // of /ws, those that fail too
	pacedSessions              // new ones
	pacedFinds
	pacedKinds
)

// pace is a token bucket's: tokens a second, and how many there are at most.
type pace struct{ rate, burst float64 }

// addresses remembers for a while how fast each address went and how suspicious
// it is. It is bounded: past that the address that was quiet for longest is
// forgotten, and with it what held against it. The hub's lock guards it.
type addresses struct {
	paces     [pacedKinds]pace
	most      int
	byKey     map[netip.Prefix]*list.Element
	order     *list.List // of *address; the one heard of last is in front
	forgotten uint64     // for want of room
}

// address is what is remembered of one.
type address struct {
	key    netip.Prefix
	at     time.Time // when the rest was true
	tokens [pacedKinds]float64
	points float64 // see suspicion.go
}

func newAddresses(paces [pacedKinds]pace, most int) *addresses {
	return &addresses{paces: paces, most: most, byKey: make(map[netip.Prefix]*list.Element), order: list.New()}
}

// of returns what is known of an address by now.
func (a *addresses) of(key netip.Prefix, now time.Time) *address {
	if element, ok := a.byKey[key]; ok {
		a.order.MoveToFront(element)
		known := element.Value.(*address)
		a.advance(known, now)
		return known
	}
	if len(a.byKey) >= a.most {
		a.forget(a.order.Back())
		a.forgotten++
	}
	fresh := &address{key: key, at: now}
	for kind, pace := range a.paces {
		fresh.tokens[kind] = pace.burst
	}
	a.byKey[key] = a.order.PushFront(fresh)
	return fresh
}

// advance brings what is remembered up to now.
func (a *addresses) advance(known *address, now time.Time) {
	passed := now.Sub(known.at)
	if passed <= 0 {
		return
	}
	for kind, pace := range a.paces {
		known.tokens[kind] = min(pace.burst, known.tokens[kind]+passed.Seconds()*pace.rate)
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
	for range sweepMost {
		oldest := a.order.Back()
		if oldest == nil || now.Sub(oldest.Value.(*address).at) < addressKept {
			return
		}
		a.forget(oldest)
	}
}

func (a *addresses) forget(element *list.Element) {
	delete(a.byKey, a.order.Remove(element).(*address).key)
}
