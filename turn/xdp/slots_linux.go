package xdp

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// rest is how long a slot is left alone once no map leads to it any more. A program
// that found it just before has long ended then.
const rest = time.Second

// slots is the slots map's memory, which this process shares with the program, and
// which of them are free. A slot's headers and deltas never change while a map
// leads to it, nor in the rest after; the program and this process change the
// other words atomically. The Forwarder's lock guards it.
type slots struct {
	clock   clock
	memory  []byte
	count   uint32
	unused  uint32   // those from here on were never used
	free    []uint32 // rested, wiped
	resting []resting
}

type resting struct {
	slot  uint32
	since time.Time
}

// newSlots maps the memory of a map of so many slots.
func newSlots(fd int, count uint32) (*slots, error) {
	page := os.Getpagesize()
	size := (int(count)*slotSize + page - 1) / page * page
	memory, err := unix.Mmap(fd, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("mmap of %d flows: %w", count, err)
	}
	clock, err := newClock()
	return &slots{clock: clock, memory: memory, count: count}, err
}

func (s *slots) close() error { return unix.Munmap(s.memory) }

// word is a field of 8 bytes.
func (s *slots) word(slot uint32, field int) *uint64 {
	return (*uint64)(unsafe.Pointer(&s.memory[int(slot)*slotSize+field]))
}

func (s *slots) load(slot uint32, field int) uint64 { return atomic.LoadUint64(s.word(slot, field)) }

func (s *slots) store(slot uint32, field int, value uint64) {
	atomic.StoreUint64(s.word(slot, field), value)
}

// take returns a slot that is all zeros.
func (s *slots) take() (uint32, bool) {
	s.reap()
	if n := len(s.free); n > 0 {
		slot := s.free[n-1]
		s.free = s.free[:n-1]
		return slot, true
	}
	if s.unused == s.count {
		return 0, false
	}
	s.unused++
	return s.unused - 1, true
}

// release is for a slot that no map leads to any more.
func (s *slots) release(slot uint32) {
	s.store(slot, slotUntil, 0)
	s.resting = append(s.resting, resting{slot, time.Now()})
	s.reap()
}

// reap wipes and frees the slots that have rested.
func (s *slots) reap() {
	n := 0
	for n < len(s.resting) && time.Since(s.resting[n].since) >= rest {
		slot := s.resting[n].slot
		for field := 0; field < slotSize; field += 8 {
			s.store(slot, field, 0)
		}
		s.free = append(s.free, slot)
		n++
	}
	s.resting = s.resting[n:]
}

// fill writes what never changes.
func (s *slots) fill(slot uint32, received, sent *header) {
	b := s.memory[int(slot)*slotSize:][:slotSize]
	copy(b[slotReceived:], received[:])
	copy(b[slotSent:], sent[:])
	binary.BigEndian.PutUint16(b[slotUDPDelta:], delta(received, sent, headerSize))
	binary.BigEndian.PutUint16(b[slotIPDelta:], delta(received, sent, headerPorts))
}

// sends reports whether a slot's packets become those with this header.
func (s *slots) sends(slot uint32, sent *header) bool {
	return header(s.memory[int(slot)*slotSize+slotSent:][:headerSize]) == *sent
}

// limit says for how long from now, and how fast, a slot's packets are forwarded.
func (s *slots) limit(slot uint32, t Target) {
	s.store(slot, slotRate, t.Rate)
	until := s.clock.now() + t.Until
	if t.Until > 0 && until < t.Until {
		until = math.MaxInt64
	}
	s.store(slot, slotUntil, uint64(max(0, until)))
}

// inherit adds the counters of a slot that no map leads to any more to another's.
func (s *slots) inherit(from, to uint32) {
	for _, field := range []int{slotPackets, slotBytes, slotDropped} {
		atomic.AddUint64(s.word(to, field), s.load(from, field))
	}
	atomic.CompareAndSwapUint64(s.word(to, slotLast), 0, s.load(from, slotLast))
}

func (s *slots) counters(slot uint32) Counters {
	c := Counters{
		Packets: s.load(slot, slotPackets),
		Bytes:   s.load(slot, slotBytes),
		Dropped: s.load(slot, slotDropped),
		Last:    -1,
	}
	if last := s.load(slot, slotLast); last != 0 {
		c.Last = max(0, s.clock.now()-time.Duration(last))
	}
	return c
}

// clock tells the program's time, CLOCK_MONOTONIC, which Go's own counts too but
// doesn't show: it adds what went by since it was set, for want of a cheaper call.
type clock struct {
	set   time.Time
	value time.Duration
}

func newClock() (clock, error) {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		return clock{}, err
	}
	return clock{time.Now(), time.Duration(t.Nano())}, nil
}

func (c clock) now() time.Duration { return c.value + time.Since(c.set) }
