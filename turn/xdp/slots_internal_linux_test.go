package xdp

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestSlotsRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slots{memory: make([]byte, 2*slotSize), count: 2}
		var taken []uint32
		for range 2 {
			slot, ok := s.take()
			if !ok {
				t.Fatal("no slot")
			}
			s.fill(slot, &header{1}, &header{2})
			taken = append(taken, slot)
		}
		s.release(taken[1])
		if s.memory[taken[1]*slotSize] != 1 {
			t.Error("wiped while a program may still use it")
		}
		time.Sleep(rest - time.Nanosecond)
		if slot, ok := s.take(); ok {
			t.Errorf("slot %d taken while it rests, or while it is used", slot)
		}
		time.Sleep(time.Nanosecond)
		slot, ok := s.take()
		if !ok || slot != taken[1] {
			t.Errorf("take: %d, %v, want %d", slot, ok, taken[1])
		}
		for field := 0; field < slotSize; field += 8 {
			if s.load(slot, field) != 0 {
				t.Errorf("field %d is not zero", field)
			}
		}
		if s.memory[taken[0]*slotSize] != 1 {
			t.Error("a slot in use was wiped")
		}
	})
}
