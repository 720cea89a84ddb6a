package ban

import "time"

// clock is the time that bans are measured by. It goes on at the pace of the
// monotonic clock from what the wall clock said at the start, so that a step of
// the wall clock, an hour or ten years, ends no ban early and lengthens none. It
// does not start before the time of the store's last change: a machine without
// a battery for its clock may wake up in the past.
//
// What it cannot know: a wall clock that was wrong at the start stays wrong here
// until the next one.
type clock struct {
	start   time.Time
	elapsed func() time.Duration // since start, monotonic
}

func newClock(wall time.Time, elapsed func() time.Duration, notBefore time.Time) clock {
	if wall.Before(notBefore) {
		wall = notBefore
	}
	return clock{wall, elapsed}
}

// monotonic returns the time since now.
func monotonic() func() time.Duration {
	start := time.Now()
	return func() time.Duration { return time.Since(start) }
}

func (c clock) now() time.Time { return c.start.Add(c.elapsed()).Round(0) }
