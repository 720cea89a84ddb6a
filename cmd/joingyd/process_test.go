package main

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/joingyd/joingyd/admin"
)

// process is a daemon in a process of its own.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	dir    string
	socket string
	log    string // a file
	ready  string // the line that it prints
	site   string // its URL
	done   bool
	ended  error // when done
}

// listens returns the address after a name in the ready line, such as stun/turn udp.
func (p *process) listens(name string) string {
	p.t.Helper()
	found := regexp.MustCompile(`\b` + name + ` ([^\s,)]+)`).FindStringSubmatch(p.ready)
	if found == nil {
		p.t.Fatalf("no %s in %q", name, p.ready)
	}
	return found[1]
}

// serveCommand is a daemon's command line, below another program if one is named.
// Settings of the environment are not for it.
func serveCommand(t *testing.T, dir string, below []string, args ...string) *exec.Cmd {
	t.Helper()
	program, err := exec.LookPath("joingyd") // testscript has put it there
	if err != nil {
		t.Fatal(err)
	}
	line := slices.Concat(below, []string{program, "serve", "--data-dir", dir, "--listen", "127.0.0.1:0", "--turn-listen", "127.0.0.1:0"}, args)
	cmd := exec.Command(line[0], line[1:]...)
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "JOINGYD_") {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	return cmd
}

// startProcess runs a daemon on a data directory and ports of its own, and waits
// until it is ready. It ends with the test.
func startProcess(t *testing.T, dir string, below []string, args ...string) *process {
	t.Helper()
	return startProcessWith(t, func(*exec.Cmd) {}, dir, below, args...)
}

// startProcessWith is startProcess where what systemd would hand over is added to the
// command.
func startProcessWith(t *testing.T, handOver func(*exec.Cmd), dir string, below []string, args ...string) *process {
	t.Helper()
	short, err := os.MkdirTemp("", "joingyd-") // a socket's path may not be long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(short) })
	p := &process{t: t, dir: dir, socket: filepath.Join(short, adminSocketFile), log: filepath.Join(short, "log")}
	log, err := os.Create(p.log)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	p.cmd = serveCommand(t, dir, below, append([]string{"--admin-socket", p.socket}, args...)...)
	p.cmd.Stderr = log
	handOver(p.cmd)
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.stop() }) //nolint:errcheck // whoever cares has stopped it
	p.ready, _ = bufio.NewReader(out).ReadString('\n')
	if p.ready == "" {
		t.Fatalf("the daemon ended with %v: %s", p.stop(), p.logged())
	}
	p.site = p.listens("ready: open")
	return p
}

// stop asks the daemon to end, and returns how it did.
func (p *process) stop() error {
	if !p.done {
		p.cmd.Process.Signal(syscall.SIGTERM) //nolint:errcheck // it may have ended
		p.ended, p.done = p.cmd.Wait(), true
	}
	return p.ended
}

func (p *process) logged() []byte {
	p.t.Helper()
	text, err := os.ReadFile(p.log)
	if err != nil {
		p.t.Fatal(err)
	}
	return text
}

// control is the daemon's control API.
func (p *process) control() *admin.Client {
	p.t.Helper()
	c, err := admin.Connect(p.t.Context(), p.socket)
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

// command types a command line at the daemon and returns its exit status.
func (p *process) command(args ...string) (status int, stdout, stderr string) {
	p.t.Helper()
	return typed(p.t, append(args, "--socket", p.socket)...)
}

// typed types a command line and returns its exit status. One that does not end
// is told to.
func typed(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patienceOfTests)
	defer cancel()
	var out, problems bytes.Buffer
	status = execute(ctx, newRootCommand(), args, &out, &problems)
	return status, out.String(), problems.String()
}
