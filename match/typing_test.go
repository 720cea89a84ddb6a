package match_test

import (
	"testing"
	"testing/synctest"
	"time"
)

// typing sends that c types, or no longer does.
func (c *client) typing(pair string, on bool) {
	c.f.t.Helper()
	state := "false"
	if on {
		state = "true"
	}
	c.send(`{"type":"typing","pair":"` + pair + `","on":` + state + `}`)
}

// expectTyping checks what the partner is told next, and how long after start.
func (c *client) expectTyping(on bool, start time.Time, after time.Duration) {
	c.f.t.Helper()
	if m := c.expect("typing"); m.On != on {
		c.f.t.Errorf("typing = %+v, want on: %v", m, on)
	}
	if got := time.Since(start); got != after {
		c.f.t.Errorf("told after %v, want %v", got, after)
	}
}

func TestTypingExpires(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		start := time.Now()
		a.typing(pair, true)
		b.expectTyping(true, start, 0)
		b.expectTyping(false, start, 6*time.Second)
		a.typing(pair, false) // the partner knows
		time.Sleep(time.Minute)
		b.quiet()
		a.quiet()
	})
}

// Repeats hold it up. The partner hears of them at most every two seconds.
func TestTypingIsRepeated(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		start := time.Now()
		a.typing(pair, true)
		b.expectTyping(true, start, 0)
		for range 3 { // at 1.5 s, 3 s, 4.5 s
			time.Sleep(1500 * time.Millisecond)
			a.typing(pair, true)
		}
		synctest.Wait()
		if n := len(b.messages); n != 1 {
			t.Errorf("%d messages for the repeats, want the one at 3 s", n)
		}
		b.expect("typing")
		b.expectTyping(false, start, 10500*time.Millisecond)
	})
}

func TestTypingIsTakenBackByHand(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		start := time.Now()
		for range 2 { // each time anew
			a.typing(pair, true)
			b.expectTyping(true, start, 0)
			a.typing(pair, false)
			b.expectTyping(false, start, 0)
		}
		time.Sleep(time.Minute)
		b.quiet()
	})
}

// The text stands for the end of the typing: nothing more is said of it.
func TestTypingEndsWithTheText(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		a.typing(pair, true)
		b.expect("typing")
		a.send(`{"type":"text","pair":"` + pair + `","id":"1","body":"x"}`)
		b.expect("text")
		time.Sleep(time.Minute)
		b.quiet()
		start := time.Now()
		a.typing(pair, true)
		b.expectTyping(true, start, 0)
	})
}

func TestTypingEndsWithTheSocket(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		start := time.Now()
		a.typing(pair, true)
		b.expectTyping(true, start, 0)
		time.Sleep(time.Second)
		a.conn.CloseNow()
		b.expectTyping(false, start, time.Second)
		if m := b.expect("left"); m.Reason != "lost" {
			t.Errorf("left = %+v", m)
		}
	})
}

// What one said to the partner before does not reach the next.
func TestTypingEndsWithTheChat(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		a.typing(pair, true)
		b.expect("typing")
		a.send(`{"type":"find","mode":"text"}`)
		b.expect("left")
		a.expect("waiting")
		b.send(`{"type":"find","mode":"text"}`)
		b.expect("waiting")
		a.expect("matched") // patience: they are alone
		b.expect("matched")
		time.Sleep(time.Minute)
		a.quiet()
		b.quiet()
	})
}
