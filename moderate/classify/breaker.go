package classify

import "time"

// State of a breaker.
type State int

// Closed asks the classifier; Open does not; HalfOpen asks once, and the outcome
// decides. The zero value is Closed.
const (
	Closed State = iota
	Open
	HalfOpen
)

// String returns closed, open or half-open.
func (s State) String() string { return [...]string{"closed", "open", "half-open"}[s] }

// breaker leaves a failing classifier alone.
//
//	closed ── Failures in a row ──▶ open ── Rest ──▶ half-open ── worked ──▶ closed
//	                                 ▲─────── failed ────┘
//
// It is not safe for concurrent use.
type breaker struct {
	limits Breaker
	now    func() time.Time

	state   State
	age     uint64    // grows with each change of state
	run     int       // failures in a row, while closed
	until   time.Time // it rests, while open
	probing bool      // while half-open
	opened  uint64    // times
}

// pass lets one call through. Its outcome counts while the state lasts in which it
// was let through.
type pass struct {
	age   uint64
	probe bool // the one call of a half-open breaker
}

// outcome of a call: of one that the caller gave up, nothing is known.
type outcome int

const (
	worked outcome = iota
	failed
	unknown
)

// admits reports whether admit would let a call through now.
func (b *breaker) admits() bool {
	switch b.state {
	case Open:
		return !b.now().Before(b.until)
	case HalfOpen:
		return !b.probing
	}
	return true
}

func (b *breaker) admit() (p pass, ok bool) {
	if !b.admits() {
		return pass{}, false
	}
	if b.state == Open {
		b.change(HalfOpen)
	}
	b.probing = b.state == HalfOpen
	return pass{age: b.age, probe: b.probing}, true
}

// settle takes the outcome of a call that was let through.
func (b *breaker) settle(p pass, o outcome) {
	if p.age != b.age {
		return
	}
	switch {
	case o == unknown:
		b.probing = false
	case o == worked && p.probe:
		b.change(Closed)
	case o == worked:
		b.run = 0
	default:
		b.run++
		if p.probe || b.run >= b.limits.Failures {
			b.change(Open)
			b.until = b.now().Add(b.limits.Rest)
			b.opened++
		}
	}
}

func (b *breaker) change(to State) {
	b.state, b.run, b.probing = to, 0, false
	b.age++
}
