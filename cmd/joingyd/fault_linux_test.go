package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/joingyd/joingyd/admin"
)

// diskTrouble is what an admin has to read when the disk fails.
var diskTrouble = regexp.MustCompile(`(?i)(no space left on device|input/output error|read-only file system).*disk`)

// ledger is what daemons have acknowledged: whether a target is banned. A change
// that failed leaves open which it is.
type ledger struct {
	t      *testing.T
	banned map[string]bool
	broken int
}

func newLedger(t *testing.T) *ledger { return &ledger{t: t, banned: map[string]bool{}} }

func (l *ledger) ban(p *process, target string) error {
	l.t.Helper()
	delete(l.banned, target)
	_, err := p.control().Ban(l.t.Context(), admin.BanRequest{Target: target, Permanent: true, Reason: "testing"})
	if err == nil {
		l.banned[target] = true
	}
	return err
}

func (l *ledger) unban(p *process, target string) error {
	l.t.Helper()
	delete(l.banned, target)
	_, err := p.control().Unban(l.t.Context(), admin.UnbanRequest{Target: target})
	if err == nil {
		l.banned[target] = false
	}
	return err
}

// mustBan bans while nothing is wrong.
func (l *ledger) mustBan(p *process, target string) {
	l.t.Helper()
	if err := l.ban(p, target); err != nil {
		l.t.Fatalf("ban %s: %v", target, err)
	}
}

// command bans through the command line, and reports whether it is done. If not,
// the admin has to read what is wrong with the disk.
func (l *ledger) command(p *process, target string) (done bool) {
	l.t.Helper()
	delete(l.banned, target)
	status, stdout, stderr := p.command("ban", target, "--permanent")
	switch {
	case status == exitDone:
		l.banned[target] = true
		return true
	case status != exitRefused || stdout != "" || !diskTrouble.MatchString(stderr):
		l.t.Errorf("ban %s: status %d, %q, %q; want %d and what is wrong with the disk", target, status, stdout, stderr, exitRefused)
	}
	return false
}

// mustFail has the daemon ban and unban while every write to its disk fails.
func (l *ledger) mustFail(p *process, ban, unban string) {
	l.t.Helper()
	if l.command(p, ban) {
		l.t.Errorf("ban %s: done", ban)
	}
	if err := l.unban(p, unban); err == nil || !diskTrouble.MatchString(err.Error()) {
		l.t.Errorf("unban %s: %v", unban, err)
	}
}

// check asks a daemon that has started anew for everything acknowledged.
func (l *ledger) check(p *process) {
	l.t.Helper()
	for target, want := range l.banned {
		result, err := p.control().Check(l.t.Context(), admin.CheckRequest{Address: target})
		if err != nil || result.Banned != want {
			l.broken++
			l.t.Errorf("after a restart %s is banned: %v, %v; it was acknowledged that it is: %v", target, result.Banned, err, want)
		}
	}
}

// failCalls makes calls of a running process fail, like fdatasync:error=EIO, if
// they are on one file, until heal is called.
func failCalls(t *testing.T, pid int, path, fault string) (heal func()) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "trace")
	name, _, _ := strings.Cut(fault, ":")
	cmd := exec.Command("strace", "-f", "-p", strconv.Itoa(pid), "-o", out, "-e", "trace="+name, "-P", path, "--inject="+fault)
	stderr, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Skipf("no strace (`make deps` installs it): %v", err)
	}
	said := ""
	for lines := bufio.NewScanner(stderr); !strings.Contains(said, " attached"); said += lines.Text() {
		if !lines.Scan() {
			t.Skipf("no right to trace a process: %s, %v", said, cmd.Wait())
		}
	}
	drained := make(chan struct{})
	go func() { // what it says of threads that come and go
		defer close(drained)
		for rest := bufio.NewScanner(stderr); rest.Scan(); {
		}
	}()
	heal = sync.OnceFunc(func() {
		cmd.Process.Signal(syscall.SIGINT) //nolint:errcheck // Wait tells
		<-drained
		cmd.Wait() //nolint:errcheck // it ends with the signal
		if text, err := os.ReadFile(out); err != nil || !bytes.Contains(text, []byte("(INJECTED)")) {
			t.Errorf("%s met no call, %v: %s", fault, err, text)
		}
	})
	t.Cleanup(heal)
	return heal
}

// Trial S3: writes and syncs of the store fail for a while. The chat goes on, bans
// and their ends are reported as failed, and what is acknowledged before, during
// and after is true after a restart.
func TestS3DiskFails(t *testing.T) {
	dir, book := t.TempDir(), newLedger(t)
	failed := 0
	for n, fault := range []string{"pwrite64:error=ENOSPC", "pwrite64:error=EIO", "pwrite64:error=EROFS", "fdatasync:error=EIO"} {
		target := func(i int) string { return "203.0.113." + strconv.Itoa(10*n+i) }
		p := startProcess(t, dir, nil)
		book.check(p)
		chat := startChat(t, p.site)
		book.mustBan(p, target(1))
		book.mustBan(p, target(2))
		heal := failCalls(t, p.cmd.Process.Pid, filepath.Join(dir, banStoreFile), fault)
		book.mustFail(p, target(3), target(1))
		chat.goesOn("while it fails")
		heal()
		for _, err := range []error{book.ban(p, target(3)), book.ban(p, target(4)), book.unban(p, target(2))} {
			if err != nil { // loudly, until the daemon starts anew
				failed++
				t.Logf("%s: later: %v", fault, err)
			}
		}
		chat.goesOn("after it failed")
		if err := p.stop(); err != nil {
			t.Errorf("%s: the daemon ended with %v", fault, err)
		}
	}
	p := startProcess(t, dir, nil)
	book.check(p)
	book.mustBan(p, "203.0.113.200")
	t.Logf("figure: false acknowledgements: %d of %d; %d changes refused after the disk was well again", book.broken, len(book.banned), failed)
}
