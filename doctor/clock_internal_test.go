package doctor

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestClock(t *testing.T) {
	var c Clock
	for _, test := range []struct {
		passed, clock time.Duration
		steps         uint64
	}{
		{10 * time.Second, 10 * time.Second, 0}, {10 * time.Second, 10*time.Second + 900*time.Millisecond, 0},
		{10 * time.Second, 11 * time.Second, 1}, {10 * time.Second, -time.Hour, 2}, {10 * time.Second, 9 * time.Second, 3},
	} {
		if c.look(test.passed, test.clock); c.Steps() != test.steps {
			t.Errorf("%v became %v: %d steps, want %d", test.passed, test.clock, c.Steps(), test.steps)
		}
	}
	synctest.Test(t, func(t *testing.T) { // a clock that nobody sets
		var c Clock
		ctx, stop := context.WithTimeout(t.Context(), time.Hour)
		defer stop()
		if c.Run(ctx); c.Steps() != 0 {
			t.Errorf("%d steps", c.Steps())
		}
	})
}
