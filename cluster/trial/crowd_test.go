package trial_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"
)

// crowd is visitors who come one after the other to so many seats.
type crowd struct {
	site    *site
	history *history
	stop    context.CancelFunc
	seats   sync.WaitGroup
	readers sync.WaitGroup

	mu    sync.Mutex // guards what follows
	last  int        // visitor's number
	live  map[int]struct{}
	deads map[string]int // by state
}

// newCrowd has visitors come, so many at a time, until gone, or the end of the test.
func newCrowd(t *testing.T, s *site, h *history, seats int) *crowd {
	ctx, stop := context.WithCancel(context.Background())
	c := &crowd{site: s, history: h, stop: stop, live: map[int]struct{}{}, deads: map[string]int{}}
	for range seats {
		c.seats.Go(func() {
			pause(ctx, rand.N(2*time.Second))
			for ctx.Err() == nil {
				c.sit(ctx)
			}
		})
	}
	t.Cleanup(c.gone)
	return c
}

// gone ends all visits, in the ways there are, and waits for that.
func (c *crowd) gone() {
	c.stop()
	c.seats.Wait()
	c.readers.Wait()
}

// sit is one visit.
func (c *crowd) sit(ctx context.Context) {
	c.mu.Lock()
	c.last++
	id := c.last
	c.live[id] = struct{}{}
	c.mu.Unlock()
	v := &visitor{crowd: c, id: id, addr: addressOf(id), random: rand.New(rand.NewPCG(uint64(id), 12)), owed: map[string]time.Time{}}
	v.live(ctx)
	c.mu.Lock()
	delete(c.live, id)
	c.mu.Unlock()
}

// any returns the number of a visitor who is there; 0 if nobody is.
func (c *crowd) any() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id := range c.live {
		return id
	}
	return 0
}

func (c *crowd) died(state string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deads[state]++
}

// killed says how many visitors lost their sockets, by state.
func (c *crowd) killed() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var text []string
	for _, state := range states {
		text = append(text, fmt.Sprintf("%s %d", state, c.deads[state]))
	}
	return strings.Join(text, ", ")
}
