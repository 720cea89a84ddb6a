package classify_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/joingyd/joingyd/moderate/classify"
)

// sick is a classifier that does what its health says: 200, another status, or 0 to hang.
type sick struct {
	health int
	asked  int
}

func (s *sick) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.asked++
	if s.health == 0 {
		hang("")(w, r)
		return
	}
	says(s.health, answer)(w, r)
}

// The steps of a breaker with its defaults: 5 failures, 10 s.
func TestBreaker(t *testing.T) {
	type step struct {
		after  time.Duration
		health int
		calls  int
		err    error // of each
		asked  int   // how often the classifier was
		state  classify.State
	}
	const bad = http.StatusInternalServerError
	tests := []struct {
		name  string
		steps []step
	}{
		{"an answer ends the row", []step{
			{0, bad, 4, classify.ErrUnavailable, 4, classify.Closed},
			{0, 200, 1, nil, 1, classify.Closed},
			{0, bad, 4, classify.ErrUnavailable, 4, classify.Closed},
			{0, bad, 1, classify.ErrUnavailable, 1, classify.Open},
		}},
		{"open, then closed", []step{
			{0, bad, 5, classify.ErrUnavailable, 5, classify.Open},
			{0, 200, 3, classify.ErrResting, 0, classify.Open},
			{10*time.Second - 1, 200, 1, classify.ErrResting, 0, classify.Open},
			{1, 200, 1, nil, 1, classify.Closed},
			{0, bad, 4, classify.ErrUnavailable, 4, classify.Closed},
		}},
		{"the probe fails, and is not tried again", []step{
			{0, http.StatusBadGateway, 5, classify.ErrUnavailable, 10, classify.Open},
			{10 * time.Second, http.StatusBadGateway, 1, classify.ErrUnavailable, 1, classify.Open},
			{10*time.Second - 1, 200, 1, classify.ErrResting, 0, classify.Open},
			{1, 200, 2, nil, 2, classify.Closed},
		}},
		{"a lie is a failure", []step{
			{0, 204, 5, classify.ErrBadAnswer, 5, classify.Open},
		}},
		{"silence is a failure", []step{
			{0, 0, 5, classify.ErrUnavailable, 5, classify.Open},
		}},
		{"a refused image is none", []step{
			{0, bad, 4, classify.ErrUnavailable, 4, classify.Closed},
			{0, 400, 9, classify.ErrImage, 9, classify.Closed},
			{0, bad, 4, classify.ErrUnavailable, 4, classify.Closed},
		}},
		{"a refused image will do as a probe", []step{
			{0, bad, 5, classify.ErrUnavailable, 5, classify.Open},
			{10 * time.Second, 415, 1, classify.ErrImage, 1, classify.Closed},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := new(sick)
			run(t, classify.Options{}, s.ServeHTTP, func(t *testing.T, c *classify.Client) {
				for i, step := range tt.steps {
					time.Sleep(step.after)
					s.health, s.asked = step.health, 0
					for range step.calls {
						if _, err := c.Classify(t.Context(), []byte("image")); !errors.Is(err, step.err) {
							t.Errorf("step %d: %v, want %v", i, err, step.err)
						}
					}
					if got := c.Stats().Breaker; s.asked != step.asked || got != step.state {
						t.Errorf("step %d: asked %d times and %v, want %d and %v", i, s.asked, got, step.asked, step.state)
					}
				}
			})
		})
	}
}

// One call probes, and while it lasts nobody else asks. If its caller gives it up, the
// next one probes.
func TestOneProbe(t *testing.T) {
	s := &sick{health: 500}
	run(t, classify.Options{}, s.ServeHTTP, func(t *testing.T, c *classify.Client) {
		for range 5 {
			c.Classify(t.Context(), []byte("image"))
		}
		time.Sleep(10 * time.Second)
		for range 2 {
			s.health = 0
			ctx, cancel := context.WithCancel(t.Context())
			probe := make(chan error)
			go func() {
				_, err := c.Classify(ctx, []byte("image"))
				probe <- err
			}()
			synctest.Wait()
			if _, err := c.Classify(t.Context(), []byte("image")); !errors.Is(err, classify.ErrResting) {
				t.Errorf("beside the probe: %v, want ErrResting", err)
			}
			if got := c.Stats().Breaker; got != classify.HalfOpen {
				t.Errorf("while it lasts: %v", got)
			}
			cancel()
			if err := <-probe; !errors.Is(err, context.Canceled) {
				t.Errorf("the probe: %v", err)
			}
		}
		s.health = 200
		if _, err := c.Classify(t.Context(), []byte("image")); err != nil {
			t.Error(err)
		}
		checkStats(t, c, classify.Stats{
			Asked: 10, Answered: 1, Rested: 2, Opened: 1,
			Failed: classify.Failures{Status: 5, Cancelled: 2},
		})
	})
}

// Those who wait when it opens are not asked for, and what was asked before says
// nothing about the time after.
func TestOpensWhileOthersWait(t *testing.T) {
	run(t, classify.Options{Concurrency: 2, Breaker: classify.Breaker{Failures: 1, Rest: time.Second}}, hang(""), func(t *testing.T, c *classify.Client) {
		errs := make(chan error, 4)
		ask := func() {
			_, err := c.Classify(t.Context(), []byte("image"))
			errs <- err
		}
		go ask()
		time.Sleep(time.Second)
		for range 3 {
			go ask() // one is let through, two wait
		}
		synctest.Wait()
		checkStats(t, c, classify.Stats{Asked: 4, InFlight: 2, Waiting: 2})
		<-errs // the first
		synctest.Wait()
		want := classify.Stats{Asked: 4, Rested: 2, InFlight: 1, Breaker: classify.Open, Opened: 1, Failed: classify.Failures{Timeout: 1}}
		checkStats(t, c, want)
		for range 2 {
			if err := <-errs; !errors.Is(err, classify.ErrResting) {
				t.Errorf("one who waited: %v, want ErrResting", err)
			}
		}
		<-errs // the second, a second later: it does not open again
		want.InFlight, want.Failed.Timeout = 0, 2
		checkStats(t, c, want)
		if _, err := c.Classify(t.Context(), []byte("image")); errors.Is(err, classify.ErrResting) {
			t.Error("it rests for longer than a second")
		}
	})
}
