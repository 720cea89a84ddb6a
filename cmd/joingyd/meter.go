package main

import (
	"context"
	"sync"
	"time"
)

// meterStep is how often a meter reads its counter.
const meterStep = 5 * time.Second

// meter tells how fast a counter has been growing of late: over the last 5 to 10
// seconds, whoever asks and however often.
type meter struct {
	read func() uint64

	mu           sync.Mutex // guards what follows
	older, newer reading
}

type reading struct {
	at time.Time
	n  uint64
}

func newMeter(read func() uint64) *meter {
	now := reading{time.Now(), read()}
	return &meter{read: read, older: now, newer: now}
}

// run reads the counter now and then. It returns when ctx ends.
func (m *meter) run(ctx context.Context) {
	step := time.NewTicker(meterStep)
	defer step.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-step.C:
			now := reading{time.Now(), m.read()}
			m.mu.Lock()
			m.older, m.newer = m.newer, now
			m.mu.Unlock()
		}
	}
}

// rate returns the growth a second, when the counter reads n now.
func (m *meter) rate(n uint64) uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	passed := time.Since(m.older.at)
	if passed <= 0 || n <= m.older.n {
		return 0
	}
	return uint64(float64(n-m.older.n) / passed.Seconds())
}
