package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// memory is what a process holds at one moment.
type memory struct {
	Resident    int `json:"resident"` // KiB in RAM
	Descriptors int `json:"descriptors"`
	Heap        int `json:"heap"`   // bytes of spans in use, garbage not yet swept included
	Live        int `json:"live"`   // bytes of objects allocated, likewise
	Stacks      int `json:"stacks"` // bytes of spans in use
	Goroutines  int `json:"goroutines"`
}

// readProc fills in what the kernel knows of a process.
func (m *memory) readProc(pid int) error {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return err
	}
	for line := range bytes.Lines(text) {
		if value, found := bytes.CutPrefix(line, []byte("VmRSS:")); found {
			m.Resident, err = strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(string(value)), " kB"))
		}
	}
	if err != nil || m.Resident == 0 {
		return fmt.Errorf("no VmRSS of process %d", pid)
	}
	descriptors, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	m.Descriptors = len(descriptors)
	return err
}

// readRuntime fills in what this process knows of itself.
func (m *memory) readRuntime() {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	m.Heap, m.Live, m.Stacks = int(stats.HeapInuse), int(stats.HeapAlloc), int(stats.StackInuse)
	m.Goroutines = runtime.NumGoroutine()
}

// processCPU is the time that a process ran so far, from the scheduler's own
// clock (clock_getcpuclockid).
func processCPU(pid int) (time.Duration, error) {
	const schedulerClock = 2
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|schedulerClock), &t); err != nil {
		return 0, fmt.Errorf("CPU clock of process %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}
