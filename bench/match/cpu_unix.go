//go:build unix

package main

import (
	"syscall"
	"time"
)

// cpu is the time that this process has spent so far on all processors.
func cpu() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
