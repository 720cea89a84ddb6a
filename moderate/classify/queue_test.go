package classify_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/joingyd/joingyd/moderate/classify"
)

// gate is a classifier that answers when it is told to, and knows how many asked at a time.
type gate struct {
	open      chan struct{} // one each
	now, most atomic.Int64
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := g.now.Add(1)
	defer g.now.Add(-1)
	for most := g.most.Load(); now > most && !g.most.CompareAndSwap(most, now); most = g.most.Load() {
	}
	<-g.open
	says(200, answer)(w, r)
}

func TestQueue(t *testing.T) {
	tests := []struct {
		name                 string
		opts                 classify.Options
		concurrency, waiting int
	}{
		{"defaults", classify.Options{}, 4, 32},
		{"small", classify.Options{Concurrency: 2, Queue: 3}, 2, 3},
		{"none waits", classify.Options{Concurrency: 1, Queue: -1}, 1, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := &gate{}
			run(t, tt.opts, g.ServeHTTP, func(t *testing.T, c *classify.Client) {
				g.open = make(chan struct{})
				const more = 10
				all := tt.concurrency + tt.waiting
				ended := make(chan error, all+more)
				for range all + more {
					go func() {
						_, err := c.Classify(t.Context(), []byte("image"))
						ended <- err
					}()
				}
				synctest.Wait()
				for range more {
					if err := <-ended; !errors.Is(err, classify.ErrBusy) {
						t.Errorf("one too many: %v, want ErrBusy", err)
					}
				}
				checkStats(t, c, classify.Stats{Asked: uint64(all + more), Dropped: more, InFlight: tt.concurrency, Waiting: tt.waiting})
				for range all {
					g.open <- struct{}{}
					if err := <-ended; err != nil {
						t.Error(err)
					}
				}
				checkStats(t, c, classify.Stats{Asked: uint64(all + more), Answered: uint64(all), Dropped: more})
				if got := g.most.Load(); got != int64(tt.concurrency) {
					t.Errorf("%d at a time, want %d", got, tt.concurrency)
				}
			})
		})
	}
}

// The time in the queue counts: who waits for it all was dropped, not failed.
func TestTimeInTheQueue(t *testing.T) {
	run(t, classify.Options{Concurrency: 1}, hang(""), func(t *testing.T, c *classify.Client) {
		errs := make(chan error, 2)
		ask := func() {
			_, err := c.Classify(t.Context(), []byte("image"))
			errs <- err
		}
		go ask()
		time.Sleep(time.Second)
		go ask()
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		checkStats(t, c, classify.Stats{Asked: 2, InFlight: 1, Waiting: 1})
		if err := <-errs; !errors.Is(err, classify.ErrUnavailable) {
			t.Errorf("the one who asked: %v", err)
		}
		synctest.Wait() // the other has a second left, and asks
		checkStats(t, c, classify.Stats{Asked: 2, InFlight: 1, Failed: classify.Failures{Timeout: 1}})
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		if _, err := c.Classify(ctx, []byte("image")); !errors.Is(err, classify.ErrBusy) {
			t.Errorf("the one whose time was over in the queue: %v", err)
		}
		<-errs
		checkStats(t, c, classify.Stats{Asked: 3, Dropped: 1, Failed: classify.Failures{Timeout: 2}})
	})
}
