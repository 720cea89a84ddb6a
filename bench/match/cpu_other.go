//go:build !unix

package main

import "time"

var start = time.Now()

// cpu is the time that has passed: the best that there is here.
func cpu() time.Duration { return time.Since(start) }
