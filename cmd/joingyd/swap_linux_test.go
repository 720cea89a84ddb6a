//go:build !race

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

// swapSize is more than a daemon's memory, in bytes.
const swapSize = 192 << 20

// swapOn makes a swapfile, of zeros that are on disk, and has the machine use it until
// off is called.
func swapOn(t *testing.T) (path string, off func()) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "swap")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	zeros := make([]byte, 1<<20)
	for range swapSize / len(zeros) { // a hole, or blocks that were never written, would be read as zeros ever after
		if _, err := file.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.Sync(); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"mkswap", path}, {"swapon", path}} {
		if out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Skipf("no swapfile can be used here: %s: %v %s", args[0], err, out)
		}
	}
	done := false
	off = func() {
		if done {
			return
		}
		done = true
		if out, err := exec.Command("swapoff", path).CombinedOutput(); err != nil {
			t.Errorf("swapoff: %v %s; do it by hand: %s", err, out, path)
		}
	}
	t.Cleanup(off)
	return path, off
}

// cage is a cgroup, whose memory can be reclaimed at once.
type cage struct {
	t       *testing.T
	dir     string
	unified bool // cgroup v2
}

// newCage makes one of v2, or of v1 where memory is that's.
func newCage(t *testing.T) *cage {
	t.Helper()
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	c := &cage{t: t, unified: true}
	parent := "/sys/fs/cgroup"
	if v1 := regexp.MustCompile(`(?m)^\d+:memory:(.*)$`).FindSubmatch(own); v1 != nil {
		c.unified = false
		parent = filepath.Join(parent, "memory", string(v1[1]))
	} else {
		os.WriteFile(filepath.Join(parent, "cgroup.subtree_control"), []byte("+memory"), 0) //nolint:errcheck // told below
	}
	if c.dir, err = os.MkdirTemp(parent, "joingyd-trial-"); err != nil {
		t.Skipf("no cgroup can be made here: %v", err)
	}
	t.Cleanup(func() {
		if err := os.Remove(c.dir); err != nil {
			t.Error(err)
		}
	})
	if _, err := os.Stat(filepath.Join(c.dir, c.reclaims())); err != nil {
		t.Skipf("no memory can be reclaimed here: %v", err)
	}
	if c.unified {
		c.set("memory.zswap.max", "0") // which would keep it in memory
	} else {
		c.set("memory.swappiness", "100")
	}
	return c
}

// reclaims is the file that has memory reclaimed.
func (c *cage) reclaims() string {
	if c.unified {
		return "memory.reclaim"
	}
	return "memory.force_empty"
}

// set writes a setting, if the kernel has it.
func (c *cage) set(name, value string) {
	c.t.Helper()
	err := os.WriteFile(filepath.Join(c.dir, name), []byte(value), 0)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.t.Fatal(err)
	}
}

// forbid keeps memory out of swap, as MemorySwapMax=0 does; v1 has a wish in its place.
func (c *cage) forbid() {
	c.t.Helper()
	if c.unified {
		c.set("memory.swap.max", "0")
	} else {
		c.set("memory.swappiness", "0")
	}
}

// inside is how to start a program in the cage.
func (c *cage) inside() []string {
	return []string{"sh", "-c", `echo $$ >"$0/cgroup.procs" && exec "$@"`, c.dir}
}

// reclaim takes all memory of who is inside that can be taken.
func (c *cage) reclaim() {
	c.t.Helper()
	for range 3 {
		value := "0"
		if c.unified {
			used, err := os.ReadFile(filepath.Join(c.dir, "memory.current"))
			if err != nil {
				c.t.Fatal(err)
			}
			value = string(bytes.TrimSpace(used))
		}
		// It says that it did not get all, as it cannot.
		os.WriteFile(filepath.Join(c.dir, c.reclaims()), []byte(value), 0) //nolint:errcheck // as above
	}
}

// swapped returns how much of the daemon's memory is in swap, in KiB.
func (p *process) swapped() int {
	p.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^VmSwap:\s+(\d+) kB$`).FindSubmatch(status)
	if found == nil {
		p.t.Fatalf("no VmSwap in %s", status)
	}
	size, _ := strconv.Atoi(string(found[1]))
	return size
}

// Trial O4, swap: the memory of a daemon is pressed into a swapfile, which is searched as
// it is on disk. In a chat that goes on it has the canaries, which shows that the search
// finds. Where swap is forbidden, as the unit of systemd does, it has nothing.
func TestO4Swap(t *testing.T) {
	fullTrial(t)
	for n, test := range []struct {
		name        string
		forbidden   bool
		over        bool // the chat is, before
		environment []string
	}{
		{"swap forbidden, in a chat", true, false, nil},
		{"swap allowed, in a chat", false, false, nil},
		{"swap allowed, after it", false, true, nil},
		{"swap allowed, after it and garbage collections that clear", false, true, []string{clearing, often}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, box := newCanaries(n), newCage(t)
			needles := c.needles()
			delete(needles, "note") // nobody reports
			path, off := swapOn(t)
			if test.forbidden {
				box.forbid()
			}
			p := startProcess(t, t.TempDir(), append(append(box.inside(), "env"), test.environment...), "--log-level", "debug")
			both, _ := c.talk(t, p.site)
			if test.over {
				p.depart(both)
			}
			if test.environment != nil {
				p.collect()
			}
			box.reclaim()
			swapped := p.swapped()
			if err := p.stop(); err != nil {
				t.Error(err)
			}
			off()
			found, _ := search(t, path, needles)
			switch {
			case test.forbidden:
				if swapped != 0 || copies(found) != "nothing" {
					t.Errorf("%d KiB of memory are in swap, and there: %v", swapped, found)
				}
			case swapped == 0:
				t.Error("nothing of the daemon's memory is in swap")
			case !test.over && (found["line 1"] == 0 || found["interest"] == 0 || found["address 1"] == 0):
				t.Errorf("the search finds nothing in the swap of a chat that goes on: %v", found)
			case slices.Contains(test.environment, clearing) && found["line 1"]+found["line 2"]+found["interest"] != 0:
				t.Errorf("what was said, or what for, is there yet: %v", found)
			}
			t.Logf("figure: %s: %s in %d KiB of memory in swap", test.name, copies(found), swapped)
		})
	}
}
