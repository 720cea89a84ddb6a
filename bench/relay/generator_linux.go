package main

import (
	"errors"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

var errInterrupted = errors.New("interrupted")

var epoch = time.Now()

// clock is the monotonic time in nanoseconds.
func clock() int64 { return int64(time.Since(epoch)) }

// generator is the one thread that is every client. It goes round: send what is
// due, send requests and repeat them, receive. It never blocks, or, with nap,
// sleeps between rounds.
type generator struct {
	*endpoint
	load        *load    // nil: no packets
	control     *control // nil: no requests
	nap         time.Duration
	softirqd    []int // process ids of the kernel's softirq threads
	interrupted *atomic.Bool

	salt uint32 // of the last step
	spun int64  // ns in rounds without work: they belong to the method, not to the load
	now  int64
}

// run goes round until done, which is asked once a round, or an interrupt.
func (g *generator) run(done func(now int64) bool) error {
	handle := g.arrived // bound once: a method value in the loop would allocate
	g.now = clock()
	for !done(g.now) {
		if g.interrupted.Load() {
			return errInterrupted
		}
		worked := g.load != nil && g.load.send(g.endpoint, g.now)
		if g.control != nil && g.control.pump(g.endpoint, g.now) {
			worked = true
		}
		start := g.now
		for n := batchSize; n == batchSize; {
			if n = g.fetch(); n > 0 {
				worked = true
				g.now = clock()
				g.each(n, handle)
			}
			if g.load != nil && g.load.sending {
				break // the next packet may be due
			}
		}
		g.now = clock()
		if worked {
			continue
		}
		if g.nap > 0 {
			g.sleep()
			continue
		}
		g.spun += g.now - start
	}
	return nil
}

func (g *generator) sleep() {
	t := unix.NsecToTimespec(int64(g.nap))
	unix.ClockNanosleep(unix.CLOCK_MONOTONIC, 0, &t, nil)
	g.now = clock()
}

func (g *generator) arrived(message []byte) {
	switch {
	case len(message) == 0:
	case message[0]>>6 == 1:
		if g.load != nil {
			g.load.arrived(message, g.now)
		}
	case g.control != nil:
		g.control.arrived(message)
	}
}

// pause lets the server come to rest: it receives, and sends nothing, until
// nothing has come for quiet.
func (g *generator) pause(quiet time.Duration) error {
	if g.load == nil {
		until := clock() + int64(quiet)
		return g.run(func(now int64) bool { return now >= until })
	}
	g.load.sending = false
	since := clock()
	return g.run(func(now int64) bool { return now-max(since, g.load.lastArrival) >= int64(quiet) })
}
