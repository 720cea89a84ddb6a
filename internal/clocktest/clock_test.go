package clocktest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/joingyd/joingyd/internal/clocktest"
)

func TestClock(t *testing.T) {
	const year = 365 * 24 * time.Hour
	for _, set := range []time.Duration{0, time.Hour, -time.Hour, -10 * year, 10 * year} {
		check := func(t *testing.T) {
			var clock clocktest.Clock
			before, realBefore := clock.Now(), time.Now()
			clock.Set(set)
			time.Sleep(time.Millisecond)
			after, realAfter := clock.Now(), time.Now()
			within := realAfter.Sub(realBefore) + time.Second
			if passed := after.Sub(before); passed < time.Millisecond || passed > within {
				t.Errorf("set by %v: %v passed", set, passed)
			}
			if moved := after.Round(0).Sub(before.Round(0)) - set; moved < 0 || moved > within {
				t.Errorf("set by %v: the wall time moved by %v more", set, moved)
			}
			if set == 0 && after.Round(0).Sub(realAfter.Round(0)) > time.Second {
				t.Errorf("shows %v at %v", after, realAfter)
			}
		}
		check(t)
		synctest.Test(t, check) // where time.Now has no monotonic reading
	}
}
