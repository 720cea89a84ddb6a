package main

import (
	"runtime"
	"time"
)

// memory is what a process holds at one moment.
type memory struct {
	Resident    int `json:"resident"` // KiB in RAM
	Descriptors int `json:"descriptors"`
	Heap        int `json:"heap"`   // bytes of spans in use, garbage not yet swept included
	Live        int `json:"live"`   // bytes of objects allocated, likewise
	Stacks      int `json:"stacks"` // bytes of spans in use
	Goroutines  int `json:"goroutines"`
}

// readRuntime fills in what this process knows of itself.
func (m *memory) readRuntime() {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	m.Heap, m.Live, m.Stacks = int(stats.HeapInuse), int(stats.HeapAlloc), int(stats.StackInuse)
	m.Goroutines = runtime.NumGoroutine()
}

// did is what all load processes did together, and what it cost the server.
type did struct {
	took    time.Duration // the longest
	cpu     time.Duration // the server's
	sent    int
	samples map[string][]time.Duration
}

// held is what holding sessions took.
type held struct {
	sessions []float64 // at each reading
	memory   []memory
	join     did
}
