package main

import (
	"os"
	"runtime"
	"time"
)

// crowdFigures are what a crowd's run found out.
type crowdFigures struct {
	Sessions int
	Rest     crowdMemory // sessions at rest, after a ping each
	Paired   crowdMemory // the same, each in a chat and having got a text
	Join     crowdTime
	Match    crowdTime     // from the first find until the last is matched
	Text     crowdTime     // each says a line to its partner
	Close    time.Duration // to tell all 1001 and see them go
	Pairs    int
	Texts    int
}

// crowdMemory is what the hub's sessions added, in bytes a session. The
// strangers' ends are not in it.
type crowdMemory struct {
	Live, Stacks, Resident float64
	Goroutines             float64
}

// crowdTime is how long a step took, for all, and the CPU for each session, the
// strangers' ends included.
type crowdTime struct{ Took, CPU time.Duration }

// settledMemory is this process's memory: resident as it is, the rest without
// garbage.
func settledMemory() (m memory, err error) {
	if err := m.readProc(os.Getpid()); err != nil {
		return m, err
	}
	runtime.GC()
	m.readRuntime()
	return m, nil
}

// growth is what has been added since, for each stranger.
func (c *crowd) growth(without memory) (crowdMemory, error) {
	now, err := settledMemory()
	n := float64(len(c.strangers))
	return crowdMemory{
		Live:       float64(now.Live-without.Live) / n,
		Stacks:     float64(now.Stacks-without.Stacks) / n,
		Resident:   float64(now.Resident-without.Resident) * 1024 / n,
		Goroutines: float64(now.Goroutines-without.Goroutines) / n,
	}, err
}
