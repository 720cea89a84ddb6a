package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

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
	if errors.Is(err, fs.ErrPermission) && m.Descriptors > 0 {
		return nil // joingyd's are closed to all but root, and its metrics have told
	}
	m.Descriptors = len(descriptors)
	return err
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
