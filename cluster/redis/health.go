package redis

import "time"

const (
	probeEvery  = 250 * time.Millisecond
	silenceDown = time.Second // without an answer
	failDown    = 3           // failures in a row
	slowAnswer  = 100 * time.Millisecond
	steady      = time.Second // of answers of one kind, to be Slow or Up
)

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

// health makes a state out of probes. It has no clock and no lock of its own. The zero
// value is Down and has never had an answer.
type health struct {
	state    State
	answered time.Time // the last answer; zero: none yet
	since    time.Time // of answers without a failure between
	good     time.Time // since when they are good; zero: the last was not
	bad      time.Time // since when none was good; zero: the last was
	failures int       // in a row
}

// answer notes that a probe was answered at now, after took.
func (h *health) answer(now time.Time, took time.Duration) {
	first := h.answered.IsZero()
	h.answered, h.failures = now, 0
	if h.since.IsZero() {
		h.since = now
	}
	if took > slowAnswer {
		h.good = time.Time{}
		if h.bad.IsZero() {
			h.bad = now.Add(-took)
		}
		if now.Sub(h.bad) >= steady && now.Sub(h.since) >= steady {
			h.state = Slow
		}
		return
	}
	h.bad = time.Time{}
	if h.good.IsZero() {
		h.good = now
	}
	if first || now.Sub(h.good) >= steady {
		h.state = Up
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
	if now.Sub(h.answered) >= silenceDown {
		h.state = Down
		h.since, h.good = time.Time{}, time.Time{}
	}
}
