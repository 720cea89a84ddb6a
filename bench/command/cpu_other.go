//go:build !unix

package command

import "time"

var start = time.Now()

// CPU is the time that has passed: the best that there is here.
func CPU() time.Duration { return time.Since(start) }
