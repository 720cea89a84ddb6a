package main

import (
	"bytes"
	"fmt"
	"iter"
	"os"
	"strconv"
	"strings"
)

// maxAncestors bounds the way up to init.
const maxAncestors = 32

// environments returns that of this process and of those that it descends from, as
// far as they may be read: sudo hands on no SSH_CONNECTION, but the shell before it
// has one.
func environments() iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		if !yield(os.Environ()) {
			return
		}
		pid := os.Getppid()
		for range maxAncestors {
			if pid <= 1 {
				return
			}
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
			if err == nil && !yield(strings.Split(string(text), "\x00")) {
				return
			}
			pid = parentOf(pid)
		}
	}
}

// parentOf returns 0 if it cannot be told.
func parentOf(pid int) int {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// pid (name) state parent …: the name may hold anything, brackets too.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(string(fields[1]))
	return parent
}
