//go:build !race

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// dumpable is joingyd, run as the command that follows it, whose memory is opened again
// and dumped at SIGUSR1: without that there would be no core to search.
const dumpable = "joingyd-dumpable"

func init() {
	commands[dumpable] = func() {
		asked := make(chan os.Signal, 1)
		signal.Notify(asked, syscall.SIGUSR1)
		go func() {
			<-asked
			unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0) //nolint:errcheck // there is no core then
			syscall.Kill(os.Getpid(), syscall.SIGABRT)   //nolint:errcheck // as above
		}()
		os.Args = os.Args[1:]
		main()
	}
}

const (
	// clearing has the garbage collector overwrite what it frees, as systemd/joingyd.service
	// does; often has it run often.
	clearing, often = "GODEBUG=clobberfree=1", "GOGC=10"

	// collections are enough for what lay in a pool, which outlives two, and then some.
	collections = 6
)

// fullTrial skips what is for `make trials` alone, and for root.
func fullTrial(t *testing.T) {
	t.Helper()
	switch {
	case os.Getenv("TRIALS") != "full":
		t.Skip("takes long: `make trials` runs it")
	case os.Getuid() != 0:
		t.Skip("needs root")
	}
}

// collect waits until the daemon has collected its garbage some times.
func (p *process) collect() {
	p.t.Helper()
	h := &haystack{process: p, t: p.t, places: map[string][]byte{}}
	ran := func() (times int) {
		h.get("metrics", "127.0.0.1", "http://"+p.listens("metrics")+"/metrics", nil)
		_, after, _ := bytes.Cut(h.places["metrics"], []byte("\ngo_gc_duration_seconds_count "))
		clear(h.places)
		if n, _ := fmt.Sscan(string(after), &times); n != 1 {
			p.t.Fatal("the metrics do not say how often garbage was collected")
		}
		return times
	}
	for enough := ran() + collections; ran() < enough; { // to be asked makes garbage
	}
}

// dumped lets daemons dump their memory into dir: how to start one.
func dumped(t *testing.T, dir string, environment ...string) []string {
	t.Helper()
	const setting = "/proc/sys/kernel/core_pattern"
	pattern, err := os.ReadFile(setting)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.ContainsAny(pattern, "|/") {
		if err := os.WriteFile(setting, []byte("core"), 0); err != nil {
			t.Skipf("core dumps go elsewhere, %q: %v", pattern, err)
		}
		t.Cleanup(func() { os.WriteFile(setting, pattern, 0) }) //nolint:errcheck // it could be written before
	}
	return append(append([]string{"env", "-C", dir, "GOTRACEBACK=crash"}, environment...), "prlimit", "--core=unlimited")
}

// abort ends the daemon with a signal, and returns what is in the core, its size and
// whether there is one.
func (p *process) abort(by syscall.Signal, dir string, needles map[string]needle) (found map[string]int, size int, core bool) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(by); err != nil {
		p.t.Fatal(err)
	}
	p.ended, p.done = p.cmd.Wait(), true
	status := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !status.Signaled() || status.Signal() != syscall.SIGABRT {
		p.t.Fatalf("the daemon ended with %v, not of SIGABRT", p.ended)
	}
	if log := p.logged(); !bytes.Contains(log, []byte("SIGABRT: abort")) {
		p.t.Errorf("the log has no trace of the stacks: %.300s", log)
	}
	files, err := filepath.Glob(filepath.Join(dir, "core*"))
	if err != nil || len(files) > 1 || len(files) == 1 != status.CoreDump() {
		p.t.Fatalf("the kernel says that there is a core: %v; there are: %q, %v", status.CoreDump(), files, err)
	}
	if len(files) == 0 {
		return nil, 0, false
	}
	found, size = search(p.t, files[0], needles)
	if err := os.Remove(files[0]); err != nil {
		p.t.Error(err)
	}
	return found, size, true
}

// search counts the needles in a file, as it is on disk, and returns its size in bytes.
func search(t *testing.T, path string, needles map[string]needle) (found map[string]int, size int) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Fadvise(int(file.Fd()), 0, 0, unix.FADV_DONTNEED); err != nil {
		t.Fatal(err)
	}
	content, err := unix.Mmap(int(file.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(content) //nolint:errcheck // it was mapped
	found = make(map[string]int)
	countAll(found, content, needles)
	return found, int(info.Size())
}

// Trial O4, dumps: a daemon that dies asked for a core leaves none, and no word in the
// trace that it logs. What a core would have is counted in one of a daemon that the
// trial opens: while the chat goes on, which shows that the search finds, and after it.
func TestO4Core(t *testing.T) {
	fullTrial(t)
	program, err := exec.LookPath(dumpable)
	if err != nil {
		t.Fatal(err)
	}
	for n, test := range []struct {
		name        string
		opened      bool
		over        bool // the chat is, before
		environment []string
	}{
		{"dumps as they are, in a chat", false, false, nil},
		{"allowed, in a chat", true, false, nil},
		{"allowed, after it", true, true, nil},
		{"allowed, after it and garbage collections", true, true, []string{often}},
		{"allowed, after it and garbage collections that clear", true, true, []string{clearing, often}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, dir := newCanaries(n), t.TempDir()
			needles := c.needles()
			delete(needles, "note") // nobody reports
			below, by := dumped(t, dir, test.environment...), syscall.SIGABRT
			if test.opened {
				below, by = append(below, program), syscall.SIGUSR1
			}
			p := startProcess(t, t.TempDir(), below, "--log-level", "debug")
			both, _ := c.talk(t, p.site)
			if test.over {
				p.depart(both)
			}
			if test.environment != nil {
				p.collect()
			}
			found, size, core := p.abort(by, dir, needles)
			hits, _ := p.onDisk(needles)
			switch {
			case core != test.opened:
				t.Errorf("there is a core: %v; want %v", core, test.opened)
			case !core:
				t.Logf("figure: %s: no core, %d hits in the trace and on disk", test.name, hits)
				return
			case !test.over && (found["line 1"] == 0 || found["interest"] == 0 || found["address 1"] == 0):
				t.Errorf("the search finds nothing in the core of a chat that goes on: %v", found)
			case slices.Contains(test.environment, clearing) && found["line 1"]+found["line 2"]+found["interest"] != 0:
				t.Errorf("what was said, or what for, is there yet: %v", found)
			}
			t.Logf("figure: %s: %s in a core of %d MiB", test.name, copies(found), size>>20)
		})
	}
}
