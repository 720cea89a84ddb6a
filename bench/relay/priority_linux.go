package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Linux shares a core among sessions first (autogroups) and among the threads of
// a session then. So both need the benchmark's priority: the session's for as
// long as it runs, and that of its threads, which servers inherit.
const autogroup = "/proc/self/autogroup"

// prefer gives this process, its children to come, and the rest of its session
// a nice value, as far as that is allowed. Undo gives the session its own back.
func prefer(nice int) (undo func()) {
	if threads, err := os.ReadDir("/proc/self/task"); err == nil {
		for _, thread := range threads {
			if id, err := strconv.Atoi(thread.Name()); err == nil {
				unix.Setpriority(unix.PRIO_PROCESS, id, nice)
			}
		}
	}
	before, err := os.ReadFile(autogroup) // "/autogroup-5 nice 0"
	fields := strings.Fields(string(before))
	if err != nil || len(fields) != 3 {
		return func() {} // no autogroups
	}
	os.WriteFile(autogroup, fmt.Append(nil, nice), 0)
	return func() { os.WriteFile(autogroup, []byte(fields[2]), 0) }
}
