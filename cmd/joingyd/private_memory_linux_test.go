package main

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestCloseMemory(t *testing.T) {
	before, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Prctl(unix.PR_SET_DUMPABLE, uintptr(before), 0, 0, 0) //nolint:errcheck // else the tests' own memory stays closed
	if err := closeMemory(); err != nil {
		t.Fatal(err)
	}
	if got, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); got != 0 || err != nil {
		t.Errorf("dumpable: %d, %v; want 0", got, err)
	}
}

func TestSwapForbidden(t *testing.T) {
	root := t.TempDir()
	for name, most := range map[string]string{"system.slice/open.service": "max\n", "system.slice/closed.service": "0\n", "closed.slice": "0\n"} {
		if err := os.MkdirAll(filepath.Join(root, name, "below"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name, "memory.swap.max"), []byte(most), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		own  string // /proc/self/cgroup
		want bool
	}{
		{"0::/system.slice/closed.service\n", true},
		{"0::/system.slice/open.service\n", false},
		{"0::/closed.slice/below\n", true},
		{"0::/closed.slice/gone.service\n", true},
		{"0::/\n", false},
		{"0::/../closed.slice\n", true}, // as seen out of another cgroup namespace
		{"4:memory:/closed.slice\n0::/\n", false},
		{"4:memory:/closed.slice\n", false},
		{"", false},
	} {
		if got := swapForbidden(root, []byte(tt.own)); got != tt.want {
			t.Errorf("%q: %v, want %v", tt.own, got, tt.want)
		}
	}
}
