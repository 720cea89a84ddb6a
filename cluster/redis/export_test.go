package redis

import "time"

// Hurry makes tests of states short.
func (o *Options) Hurry() {
	o.pace = usualPace
	o.pace.every, o.pace.silence, o.pace.steady = 40*time.Millisecond, 300*time.Millisecond, 300*time.Millisecond
}
