//go:build unix

package command

import (
	"syscall"
	"time"
)

// CPU is the time that this process has spent so far on all processors.
func CPU() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
