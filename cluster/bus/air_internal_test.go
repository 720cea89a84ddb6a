package bus

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

// air is a wire in memory with the faults of the real one, chosen at random.
type air struct {
	mu      sync.Mutex
	r       *rand.Rand
	ears    map[string]map[*ear]bool
	faults  faults
	down    bool // nothing goes
	latency time.Duration
	frames  [][]byte // all that was published, if recorded
	record  bool
}

// faults are chances, in percent.
type faults struct {
	refused int // publishing fails
	unsure  int // publishing fails, and the frame goes out nevertheless, later
	twice   int // the frame goes out twice
}

// ear is one subscription.
type ear struct {
	frames chan string
	cut    chan struct{}
}

func newAir(seed uint64) *air {
	return &air{r: rand.New(rand.NewPCG(seed, 1)), ears: make(map[string]map[*ear]bool)}
}

var errAir = errors.New("air: refused")

func (a *air) chance(percent int) bool { return a.r.IntN(100) < percent }

func (a *air) publish(ctx context.Context, channel string, frame []byte) (int64, error) {
	a.mu.Lock()
	if a.record {
		a.frames = append(a.frames, bytes.Clone(frame))
	}
	latency := a.latency
	down, refused, unsure, twice := a.down, a.chance(a.faults.refused), a.chance(a.faults.unsure), a.chance(a.faults.twice)
	a.mu.Unlock()
	select {
	case <-time.After(latency):
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	switch {
	case down, refused:
		return 0, errAir
	case unsure:
		text := string(frame)
		time.AfterFunc(3*latency, func() { a.deliver(channel, text) })
		return 0, context.DeadlineExceeded
	case twice:
		a.deliver(channel, string(frame))
	}
	return a.deliver(channel, string(frame)), nil
}

func (a *air) deliver(channel, text string) int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	for ear := range a.ears[channel] {
		ear.frames <- text
	}
	return int64(len(a.ears[channel]))
}

func (a *air) subscribe(ctx context.Context, channel string, confirmed func(), heard func(string)) error {
	a.mu.Lock()
	if a.down {
		a.mu.Unlock()
		return errAir
	}
	e := &ear{frames: make(chan string, 1<<12), cut: make(chan struct{})}
	a.ears[channel] = map[*ear]bool{e: true}
	a.mu.Unlock()
	defer func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.ears[channel], e)
	}()
	confirmed()
	for {
		select {
		case text := <-e.frames:
			heard(text)
		case <-e.cut:
			return errAir
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// cut ends all subscriptions to a channel: what was under way is lost.
func (a *air) cut(channel string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for e := range a.ears[channel] {
		delete(a.ears[channel], e)
		close(e.cut)
	}
}

// deafen has a channel's listeners hear nothing more, and not know it.
func (a *air) deafen(channel string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ears[channel] = map[*ear]bool{{frames: make(chan string, 1<<12), cut: make(chan struct{})}: true}
}

func (a *air) setDown(down bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.down = down
}
