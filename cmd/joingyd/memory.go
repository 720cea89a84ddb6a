package main

import (
	"context"
	"math"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/joingyd/joingyd/doctor"
)

const (
	memoryEvery = 250 * time.Millisecond
	collectAt   = 0.75 // of the limit: from there on the runtime collects more often
)

// memory looks at how much of the memory that its control group has the process uses, so
// that visitors are sent away before the kernel kills it.
type memory struct {
	limit uint64 // bytes; 0: there is none
	share atomic.Uint64
}

// newMemory finds the limit, and has the runtime keep below it, unless GOMEMLIMIT says how
// far.
func newMemory() *memory {
	m := &memory{limit: doctor.MemoryLimit()}
	if m.limit > 0 && debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(int64(collectAt * float64(m.limit)))
	}
	return m
}

// pressure returns how much of the limit is used, of late.
func (m *memory) pressure() float64 { return math.Float64frombits(m.share.Load()) }

// run looks again and again until ctx ends.
func (m *memory) run(ctx context.Context) {
	if m.limit == 0 {
		return
	}
	ticker := time.NewTicker(memoryEvery)
	defer ticker.Stop()
	for {
		m.share.Store(math.Float64bits(float64(doctor.Resident()) / float64(m.limit)))
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
