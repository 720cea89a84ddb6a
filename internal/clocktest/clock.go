// Package clocktest has a clock for tests that can be set as operators and NTP set a
// machine's: its wall time jumps, and its monotonic reading goes on.
//
// time.Now behaves like that, but a test cannot make it jump. A decision that compares
// wall times, because the monotonic reading was stripped (Round, Unix, JSON), comes out
// differently on this clock when it is set.
package clocktest

import (
	"sync/atomic"
	"time"
	"unsafe"
)

// Clock is time.Now, set by so much. Its zero value is right. It is safe for
// concurrent use.
type Clock struct {
	set atomic.Int64 // seconds that the wall time is ahead
}

// Set moves the wall time by d, whole seconds.
func (c *Clock) Set(d time.Duration) { c.set.Add(int64(d / time.Second)) }

// moment is the inside of a time.Time that has a monotonic reading.
type moment struct {
	wall uint64 // the flag, 33 bits of seconds since firstYear, 30 bits of nanoseconds
	mono int64  // nanoseconds
	loc  *time.Location
}

const hasMonotonic = 1 << 63

var firstYear = time.Date(1885, 1, 1, 0, 0, 0, 0, time.UTC).Unix()

// Now returns what the clock shows.
func (c *Clock) Now() time.Time {
	now := time.Now()
	seconds, nanoseconds, even := now.Unix(), uint64(now.Nanosecond()), now.UnixNano()
	inside := (*moment)(unsafe.Pointer(&now))
	if inside.wall&hasMonotonic == 0 { // in a synctest bubble times have none
		inside.mono = even
	}
	inside.wall = hasMonotonic | uint64(seconds+c.set.Load()-firstYear)<<30 | nanoseconds
	return now
}
