package redis

import "time"

// Hurry makes tests of states short.
func (o *Options) Hurry() {
	o.pace = pace{every: 40 * time.Millisecond, silence: 300 * time.Millisecond, slow: 100 * time.Millisecond, steady: 300 * time.Millisecond}
}
