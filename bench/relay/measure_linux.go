package main

import (
	"runtime/debug"
	"time"
)

// figures are one measurement of a server, or a median of several.
type figures struct {
	cpu     float64 // ns of the server's CPU per relayed packet
	machine float64 // the same of the whole machine, without the generator's spinning
	counted float64 // the same of the server, the generator and the kernel's softirq threads: the machine but for other programs
	lost    float64 // share
	sent    float64 // packets a second that the generator managed
	p50     int64   // ns
	p99     int64
	p999    int64

	misrouted  uint64  // packets that another client got
	reordered  float64 // share of those that arrived: behind a later one of the same client
	overflowed uint64  // packets that the generator's socket had no room for
	busy       float64 // share of the time that the generator worked
	own        float64 // ns that it worked per packet that it sent
}

const (
	warmUp = 100 * time.Millisecond
	quiet  = 20 * time.Millisecond
)

// measure sends the generator's load at a rate for a while. Before and after it
// waits until the server has come to rest, so that its accounts are exact. Pid 0
// is a sink without a process.
func (g *generator) measure(pid, rate int, duration time.Duration) (f figures, err error) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	if err := g.send(rate, warmUp); err != nil {
		return f, err
	}
	before, err := g.account(pid)
	if err != nil {
		return f, err
	}
	if err := g.send(rate, duration); err != nil {
		return f, err
	}
	after, err := g.account(pid)
	if err != nil {
		return f, err
	}
	l, wall := g.load, float64(after.at-before.at)
	packets := float64(max(l.received, 1))
	if pid == 0 {
		packets = float64(max(l.sent, 1))
	}
	spun := float64(after.spun - before.spun) // 0 with nap
	f = figures{
		cpu:       float64(after.cpu-before.cpu) / packets,
		counted:   (float64(after.cpu+after.ours-before.cpu-before.ours) - spun) / packets,
		machine:   (wall*float64(after.cores) - float64(after.idle-before.idle) - spun) / packets,
		lost:      l.lost(),
		sent:      float64(l.sent) / duration.Seconds(),
		p50:       l.latency.quantile(0.5),
		p99:       l.latency.quantile(0.99),
		p999:      l.latency.quantile(0.999),
		misrouted: l.misrouted, reordered: float64(l.reordered) / packets, overflowed: after.overflowed - before.overflowed,
	}
	if g.nap == 0 {
		f.own = (wall - spun) / float64(max(l.sent, 1))
		f.busy = min((wall-spun)/float64(duration), 1)
	}
	return f, nil
}

// undisturbed is measure, a few times over where other work kept the generator
// from sending.
func (g *generator) undisturbed(pid, rate int, duration time.Duration) (f figures, err error) {
	for range 3 {
		if f, err = g.measure(pid, rate, duration); err != nil || f.judge(rate) != disturbed {
			break
		}
	}
	return f, err
}

// send runs the load, and then waits for what is under way.
func (g *generator) send(rate int, duration time.Duration) error {
	now := clock()
	end := now + int64(duration)
	g.load.start(now, int64(rate))
	if err := g.run(func(now int64) bool { return now >= end }); err != nil {
		return err
	}
	return g.pause(quiet)
}

// account is the state of all clocks at one moment.
type account struct {
	at         int64
	cpu, idle  time.Duration // of the server; of all cores
	ours       time.Duration // of the generator and the kernel's softirq threads
	cores      int
	spun       int64
	overflowed uint64
}

func (g *generator) account(pid int) (a account, err error) {
	if pid != 0 {
		if a.cpu, err = processCPU(pid); err != nil {
			return a, err
		}
	}
	if a.ours, err = ownCPU(); err != nil {
		return a, err
	}
	for _, thread := range g.softirqd {
		cpu, err := processCPU(thread)
		if err != nil {
			return a, err
		}
		a.ours += cpu
	}
	a.idle, a.cores, err = machineIdle()
	a.at, a.spun, a.overflowed = clock(), g.spun, g.dropped()
	return a, err
}

// judge says what a measurement at a rate means for the server.
func (f figures) judge(rate int) verdict {
	switch short := f.sent < 0.97*float64(rate); {
	case short && f.busy > 0.9, f.overflowed > 0:
		return saturated
	case short:
		return disturbed
	case f.lost >= lossAllowed:
		return lossy
	}
	return passed
}

// void reports whether the figures say nothing of the server.
func (f figures) void(rate int) bool {
	v := f.judge(rate)
	return v == saturated || v == disturbed
}

// medians is the median of each figure on its own.
func medians(all []figures) figures {
	return figures{
		cpu:     medianOf(all, func(f figures) float64 { return f.cpu }),
		machine: medianOf(all, func(f figures) float64 { return f.machine }),
		counted: medianOf(all, func(f figures) float64 { return f.counted }),
		lost:    medianOf(all, func(f figures) float64 { return f.lost }),
		sent:    medianOf(all, func(f figures) float64 { return f.sent }),
		p50:     medianOf(all, func(f figures) int64 { return f.p50 }),
		p99:     medianOf(all, func(f figures) int64 { return f.p99 }),
		p999:    medianOf(all, func(f figures) int64 { return f.p999 }),
		busy:    medianOf(all, func(f figures) float64 { return f.busy }),
		own:     medianOf(all, func(f figures) float64 { return f.own }),

		misrouted:  medianOf(all, func(f figures) uint64 { return f.misrouted }),
		reordered:  medianOf(all, func(f figures) float64 { return f.reordered }),
		overflowed: medianOf(all, func(f figures) uint64 { return f.overflowed }),
	}
}
