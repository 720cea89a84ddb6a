package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// processCPU is the run time of all threads of a process, from the scheduler's
// own clock: exact while they sleep, else up to a tick behind.
func processCPU(pid int) (time.Duration, error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(files) == 0 {
		return 0, fmt.Errorf("no schedstat of process %d", pid)
	}
	var sum time.Duration
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // the thread has ended since
		}
		first, _, _ := strings.Cut(string(text), " ")
		ns, err := strconv.ParseInt(first, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %q", file, text)
		}
		sum += time.Duration(ns)
	}
	return sum, nil
}

// ownCPU is the run time of this process, this moment included.
func ownCPU() (time.Duration, error) {
	var t unix.Timespec
	err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t)
	return time.Duration(t.Nano()), err
}

// softirqThreads lists the kernel threads that do what interrupts left behind
// when there is too much of it; none where they can't be seen.
func softirqThreads() (pids []int) {
	names, _ := filepath.Glob("/proc/[0-9]*/comm")
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil || !bytes.HasPrefix(text, []byte("ksoftirqd/")) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// machineIdle is how long all cores together were idle since boot, in steps of
// 10 ms, and how many they are. Idle time is the one figure of /proc/stat that is
// measured (while the tick is stopped) and not sampled at ticks.
func machineIdle() (idle time.Duration, cores int, err error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, err
	}
	line, rest, _ := strings.Cut(string(text), "\n")
	for other := range strings.Lines(rest) {
		if strings.HasPrefix(other, "cpu") {
			cores++
		}
	}
	fields := strings.Fields(line)
	if len(fields) < 6 || fields[0] != "cpu" {
		return 0, 0, fmt.Errorf("/proc/stat begins with %q", line)
	}
	for _, field := range fields[4:6] { // idle, and idle with a disk to wait for
		ticks, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, 0, fmt.Errorf("/proc/stat begins with %q", line)
		}
		idle += time.Duration(ticks) * 10 * time.Millisecond
	}
	return idle, cores, nil
}

// residentKiB is the memory of a process that is in RAM.
func residentKiB(pid int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(text) {
		if value, found := bytes.CutPrefix(line, []byte("VmRSS:")); found {
			return strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(string(value)), " kB"))
		}
	}
	return 0, fmt.Errorf("no VmRSS of process %d", pid)
}

// onCore runs start on a core: what it forks stays there. The calling goroutine
// must be locked to its thread.
func onCore(core int, start func() error) error {
	var before, set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	set.Set(core)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("core %d: %w", core, err)
	}
	err := start()
	if back := unix.SchedSetaffinity(0, &before); err == nil {
		err = back
	}
	return err
}

// pinSelf puts every thread of this process, and so those to come, on a core.
func pinSelf(core int) error {
	var set unix.CPUSet
	set.Set(core)
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, thread := range threads {
		id, err := strconv.Atoi(thread.Name())
		if err != nil {
			return err
		}
		if err := unix.SchedSetaffinity(id, &set); err != nil && err != unix.ESRCH {
			return fmt.Errorf("core %d: %w", core, err)
		}
	}
	return nil
}
