package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/client"
)

// memoryGroup makes a control group that may have so many bytes, swap included, of version
// 1 or 2, and returns its directory.
func memoryGroup(t *testing.T, limit int) (dir string) {
	t.Helper()
	dir = "/sys/fs/cgroup/memory/joingyd-test-" + strconv.Itoa(os.Getpid())
	files := []string{"memory.limit_in_bytes", "memory.memsw.limit_in_bytes"}
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err == nil {
		dir, files = "/sys/fs/cgroup/joingyd-test-"+strconv.Itoa(os.Getpid()), []string{"memory.max"}
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Skipf("no control group can be made here: %v", err)
	}
	t.Cleanup(func() {
		if err := os.Remove(dir); err != nil {
			t.Errorf("the control group is left: %v", err)
		}
	})
	for i, file := range files {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(strconv.Itoa(limit)), 0o600); err != nil && i == 0 { // swap may not be counted
			t.Skipf("no limit can be set here: %v", err)
		}
	}
	return dir
}

// Trial P2: visitors come until the daemon, which may have 128 MiB, sends them away; it
// lives, and who is there goes on talking.
func TestP2MemoryCap(t *testing.T) {
	if os.Getenv("TRIALS") != "full" {
		t.Skip("make trials runs this")
	}
	const limit, most, after = 128 << 20, 15_000, 300
	group := memoryGroup(t, limit)
	p := startProcess(t, t.TempDir(), []string{"sh", "-c", `echo $$ >"$0/cgroup.procs"; exec "$@"`, group}, "--http-trusted-proxies", "127.0.0.1", "--admin-metrics-listen", "127.0.0.1:0")
	defer p.stop() //nolint:errcheck // before the group is removed
	talk := startChat(t, p.site)
	come := func(i int) error {
		c, err := client.Dial(t.Context(), client.Options{URL: p.site, Header: http.Header{"X-Forwarded-For": {fmt.Sprintf("198.51.%d.%d", 100+i>>8, i&255)}}})
		if err == nil {
			t.Cleanup(func() { c.CloseNow() })
		}
		return err
	}
	first := 0
	for first < most && come(first) == nil {
		first++
	}
	if first == most {
		t.Fatalf("%d visitors are let in with %d MiB", most, limit>>20)
	}
	refused := 0
	for i := range after {
		if come(first+i) != nil {
			refused++
		}
	}
	talk.goesOn("still here")
	status, out, stderr := p.command("status")
	if status != exitDone || !strings.Contains(out, "capacity") {
		t.Errorf("%s%s", out, stderr)
	}
	used, err := resident(p.cmd.Process.Pid)
	if err != nil || used > limit {
		t.Errorf("%d bytes are used, %v", used, err)
	}
	if err := p.stop(); err != nil {
		t.Errorf("the daemon ended with %v: %s", err, p.logged())
	}
	t.Logf("figure: the first refusal came at %d sessions with %d MiB, of %d visitors after it %d were refused; %d MiB used, none of those there was lost", first+2, limit>>20, after, refused, used>>20)
}

// resident returns the bytes of a process that are in memory.
func resident(pid int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	fields := strings.Fields(string(text))
	if err != nil || len(fields) < 2 {
		return 0, errors.Join(err, errors.New("no statm"))
	}
	pages, err := strconv.Atoi(fields[1])
	return pages * os.Getpagesize(), err
}
