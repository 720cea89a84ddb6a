package main

import (
	"bytes"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// closeMemory has the kernel write no core dump of this process, whatever GOTRACEBACK,
// RLIMIT_CORE and core_pattern ask for, and let no other program of its user read or
// trace it (PR_SET_DUMPABLE in prctl(2)). Root still may.
func closeMemory() error { return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) }

// swappable reports whether memory of this process may be written to swap: there is
// some, and no cgroup of the process, or none that can be seen, forbids it.
func swappable() bool {
	var machine unix.Sysinfo_t // /proc/swaps may be hidden
	if unix.Sysinfo(&machine) != nil || machine.Totalswap == 0 {
		return false
	}
	own, err := os.ReadFile("/proc/self/cgroup")
	return err != nil || !swapForbidden("/sys/fs/cgroup", own)
}

// swapForbidden reports whether memory.swap.max is 0 in a cgroup that /proc/self/cgroup
// names, or in one above it. The older cgroups cannot forbid it.
func swapForbidden(root string, own []byte) bool {
	for line := range bytes.Lines(own) {
		name, unified := bytes.CutPrefix(bytes.TrimSpace(line), []byte("0::"))
		if !unified {
			continue
		}
		for dir := filepath.Clean("/" + string(name)); ; dir = filepath.Dir(dir) {
			most, err := os.ReadFile(filepath.Join(root, dir, "memory.swap.max"))
			if err == nil && string(bytes.TrimSpace(most)) == "0" {
				return true
			}
			if dir == "/" {
				break
			}
		}
	}
	return false
}
