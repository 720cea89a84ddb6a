package pool

import (
	"math/bits"
	"time"
)

// wheelSlots is how many ticks the wheel looks ahead.
const wheelSlots = 256

// wheel holds tickets by when they search again, in ticks: a hashed timer wheel
// (Varghese and Lauck, 1987) in which nothing is further off than one turn.
type wheel struct {
	tick  time.Duration
	done  int64 // the last tick whose tickets are out
	slots [wheelSlots]struct{ first, last *Ticket }
	full  [wheelSlots / 64]uint64 // a bit for each slot that is not empty
}

// timer is a ticket's place in the wheel.
type timer struct {
	slot       int
	set        bool
	prev, next *Ticket
}

// set puts t in for the first tick that is not before at.
func (w *wheel) set(t *Ticket, at time.Duration) {
	tick := int64((at + w.tick - 1) / w.tick)
	tick = min(max(tick, w.done+1), w.done+wheelSlots)
	i := int(tick % wheelSlots)
	s := &w.slots[i]
	t.timer = timer{slot: i, set: true, prev: s.last}
	if s.last == nil {
		s.first = t
	} else {
		s.last.timer.next = t
	}
	s.last = t
	w.full[i/64] |= 1 << (i % 64)
}

// clear takes t out, if it is in.
func (w *wheel) clear(t *Ticket) {
	if !t.timer.set {
		return
	}
	i := t.timer.slot
	s := &w.slots[i]
	if t.timer.prev == nil {
		s.first = t.timer.next
	} else {
		t.timer.prev.timer.next = t.timer.next
	}
	if t.timer.next == nil {
		s.last = t.timer.prev
	} else {
		t.timer.next.timer.prev = t.timer.prev
	}
	t.timer = timer{}
	if s.first == nil {
		w.full[i/64] &^= 1 << (i % 64)
	}
}

// next returns the tick of the first slot that is not empty.
func (w *wheel) next() (tick int64, ok bool) {
	start := int((w.done + 1) % wheelSlots)
	for ahead := 0; ahead < wheelSlots; {
		i := (start + ahead) % wheelSlots
		if word := w.full[i/64] >> (i % 64); word != 0 {
			return w.done + 1 + int64(ahead+bits.TrailingZeros64(word)), true
		}
		ahead += 64 - i%64
	}
	return 0, false
}

// take takes out a ticket that is due by now, the next in order, or returns nil.
func (w *wheel) take(now time.Duration) *Ticket {
	last := int64(now / w.tick)
	tick, ok := w.next()
	if !ok || tick > last {
		w.done = max(w.done, last)
		return nil
	}
	w.done = tick - 1 // what is set for now comes in this round
	t := w.slots[tick%wheelSlots].first
	w.clear(t)
	return t
}
