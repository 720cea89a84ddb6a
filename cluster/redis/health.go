package redis

import "time"

const failDown = 3 // failures in a row

// pace is how soon a state is noticed.
type pace struct {
	every   time.Duration // between probes
	silence time.Duration // without an answer, that is Down
	slow    time.Duration // that a slow answer takes
	steady  time.Duration // of answers of one kind, to be Slow or Up
	call    time.Duration // that a call may take
	conn    time.Duration // to connect, and without an answer to whatever a connection asked
}

var usualPace = pace{
	every: 250 * time.Millisecond, silence: time.Second, slow: 100 * time.Millisecond, steady: time.Second,
	call: 500 * time.Millisecond, conn: time.Second,
}

// Patient is for tests of what is above a Conn: what takes long because the machine is
// busy is no failure. It has half a minute where others have a second.
func (o *Options) Patient() {
	const long = 30 * time.Second
	o.pace = usualPace
	o.pace.silence, o.pace.slow, o.pace.call, o.pace.conn = long, long, long, long
}

// State is what Redis is good for.
type State int

// The states. Down is also the state before the first answer.
const (
	Down State = iota
	Slow
	Up
)

// String returns the state in a word.
func (s State) String() string {
	switch s {
	case Up:
		return "up"
	case Slow:
		return "slow"
	default:
		return "down"
	}
}

// health makes a state out of probes. It has no clock and no lock of its own. It begins
// Down.
type health struct {
	pace     pace
	state    State
	answered time.Time // the last answer; zero: none yet
	begun    bool      // there was a good answer
	since    time.Time // of answers without a failure between
	good     time.Time // since when they are good; zero: the last was not
	bad      time.Time // since when none was good; zero: the last was
	failures int       // in a row
}

// answer notes that a probe was answered at now, after took.
func (h *health) answer(now time.Time, took time.Duration) {
	h.answered, h.failures = now, 0
	if h.since.IsZero() {
		h.since = now
	}
	if took > h.pace.slow {
		h.good = time.Time{}
		if h.bad.IsZero() {
			h.bad = now.Add(-took)
		}
		if now.Sub(h.bad) >= h.pace.steady && now.Sub(h.since) >= h.pace.steady {
			h.state = Slow
		}
		return
	}
	h.bad = time.Time{}
	if h.good.IsZero() {
		h.good = now
	}
	if !h.begun || now.Sub(h.good) >= h.pace.steady {
		h.state, h.begun = Up, true
	}
}

// fail notes that a probe failed at now.
func (h *health) fail(now time.Time) {
	h.failures++
	h.since, h.good = time.Time{}, time.Time{}
	if h.bad.IsZero() {
		h.bad = now
	}
	if h.failures >= failDown {
		h.state = Down
	}
	h.tick(now)
}

// tick notes that it is now.
func (h *health) tick(now time.Time) {
	if now.Sub(h.answered) >= h.pace.silence {
		h.state = Down
		h.since, h.good = time.Time{}, time.Time{}
	}
}
