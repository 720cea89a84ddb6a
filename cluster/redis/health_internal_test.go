package redis

import (
	"testing"
	"time"
)

func TestHealth(t *testing.T) {
	const ms = time.Millisecond
	// step is a probe's outcome at a time since the beginning: how long the answer
	// took, negative for a failure, 0 for none yet.
	type step struct {
		at   time.Duration
		took time.Duration
		want State
	}
	good := func(at time.Duration, want State) step { return step{at, 2 * ms, want} }
	slow := func(at time.Duration, want State) step { return step{at, 150 * ms, want} }
	fail := func(at time.Duration, want State) step { return step{at, -1, want} }
	tick := func(at time.Duration, want State) step { return step{at, 0, want} }
	for _, tt := range []struct {
		name  string
		steps []step
	}{
		{"the first answer is Up", []step{tick(0, Down), good(250*ms, Up)}},
		{"a slow first answer is Down until a good one", []step{slow(250*ms, Down), slow(750*ms, Down), good(1000*ms, Up)}},
		{"slow from the first", []step{slow(250*ms, Down), slow(750*ms, Down), slow(1250*ms, Slow), good(1500*ms, Up)}},
		{"two failures are none", []step{good(0, Up), fail(250*ms, Up), fail(500*ms, Up), good(750*ms, Up)}},
		{"three failures are Down", []step{good(0, Up), fail(250*ms, Up), fail(500*ms, Up), fail(750*ms, Down)}},
		{"failures between answers are no row", []step{good(0, Up), fail(250*ms, Up), fail(500*ms, Up), good(750*ms, Up), fail(1000*ms, Up), fail(1250*ms, Up)}},
		{"a second of silence is Down", []step{good(0, Up), tick(999*ms, Up), tick(1000*ms, Down)}},
		{"a second of answers is Up again", []step{good(0, Up), tick(1000*ms, Down), good(2000*ms, Down), good(2500*ms, Down), good(3000*ms, Up)}},
		{"a failure begins that second anew", []step{good(0, Up), tick(1000*ms, Down), good(2000*ms, Down), fail(2500*ms, Down), good(2750*ms, Down), good(3250*ms, Down), good(3750*ms, Up)}},
		{"a second of slow answers is Slow", []step{good(0, Up), slow(400*ms, Up), slow(800*ms, Up), slow(1249*ms, Up), slow(1250*ms, Slow)}},
		{"a good answer between is not Slow", []step{good(0, Up), slow(400*ms, Up), good(800*ms, Up), slow(1250*ms, Up), slow(1700*ms, Up)}},
		{"Slow goes Down", []step{good(0, Up), slow(400*ms, Up), slow(1000*ms, Up), slow(1300*ms, Slow), fail(1500*ms, Slow), fail(1600*ms, Slow), fail(1700*ms, Down)}},
		{"out of Down by slow answers is Slow", []step{good(0, Up), tick(1000*ms, Down), slow(2000*ms, Down), slow(2500*ms, Down), slow(3000*ms, Slow)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := health{pace: usualPace}
			begin := time.Now()
			for i, s := range tt.steps {
				switch now := begin.Add(s.at); {
				case s.took < 0:
					h.fail(now)
				case s.took > 0:
					h.answer(now, s.took)
				default:
					h.tick(now)
				}
				if h.state != s.want {
					t.Fatalf("step %d, at %v: %v, want %v", i, s.at, h.state, s.want)
				}
			}
		})
	}
}
