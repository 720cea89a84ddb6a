package redistest

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	startTime = 20 * time.Second // the machine may be busy
	replyTime = 10 * time.Second
)

// process is a redis-server or redis-sentinel on a port of its own.
type process struct {
	t       testing.TB // nil for a shared one
	program string
	args    []string // without the port
	config  string   // text of the configuration file, which may be written to; empty: none
	dir     string
	port    int

	mu      sync.Mutex
	running *exec.Cmd     // guarded by mu; nil: ended
	ended   chan struct{} // guarded by mu; closed when running has ended
}

// freePort returns a port that nobody listens on, out of a range from which the kernel
// gives none to clients: it stays free while its server is down.
func freePort() (int, error) {
	for range 200 {
		port := 15000 + rand.IntN(10000)
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return port, l.Close()
		}
	}
	return 0, fmt.Errorf("redistest: no free port of 200 tried")
}

// find returns the path of a program of Debian's package of that name.
func find(program string) (string, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return "", fmt.Errorf("redistest: %s is not installed, and this test needs it: run scripts/install-test-deps, or `apt-get install %s`", program, program)
	}
	return path, nil
}

// start runs the process until it answers.
func (p *process) start() error {
	path, err := find(p.program)
	if err != nil {
		return err
	}
	fixed := p.port != 0 // by an earlier start
	for range 5 {        // ports
		if p.port == 0 {
			if p.port, err = freePort(); err != nil {
				return err
			}
		}
		var args []string
		if p.config != "" {
			file := filepath.Join(p.dir, p.program+".conf")
			if _, err := os.Stat(file); err != nil { // a Sentinel keeps what it knows in it
				if err := os.WriteFile(file, []byte(p.config), 0o600); err != nil {
					return err
				}
			}
			args = []string{file}
		}
		args = append(args, "--port", strconv.Itoa(p.port), "--bind", "127.0.0.1", "--daemonize", "no", "--dir", p.dir)
		var output bytes.Buffer
		cmd := exec.Command(path, append(args, p.args...)...)
		cmd.Stdout, cmd.Stderr = &output, &output
		if err = StartTied(cmd); err != nil {
			return err
		}
		ended := make(chan struct{})
		go func() {
			_ = cmd.Wait()
			close(ended)
		}()
		if err = p.await(ended); err == nil {
			p.mu.Lock()
			p.running, p.ended = cmd, ended
			p.mu.Unlock()
			return nil
		}
		_ = cmd.Process.Kill()
		<-ended
		err = fmt.Errorf("%w; it said: %s", err, tail(output.Bytes(), 600))
		if fixed || !bytes.Contains(output.Bytes(), []byte("Address already in use")) {
			return err
		}
		p.port = 0 // somebody was faster
	}
	return err
}

// await waits until the process answers.
func (p *process) await(ended <-chan struct{}) error {
	timeout := time.After(startTime)
	for {
		if reply, err := command(p.addr(), "PING"); err == nil && reply == "PONG" {
			return nil
		}
		select {
		case <-ended:
			return fmt.Errorf("redistest: %s on port %d ended at once", p.program, p.port)
		case <-timeout:
			return fmt.Errorf("redistest: %s on port %d does not answer", p.program, p.port)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (p *process) addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port)) }

// signal sends a signal, if the process runs.
func (p *process) signal(s syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running == nil {
		return nil
	}
	return p.running.Process.Signal(s)
}

// kill ends the process as kill -9 does, and waits for that.
func (p *process) kill() {
	p.mu.Lock()
	running, ended := p.running, p.ended
	p.running = nil
	p.mu.Unlock()
	if running == nil {
		return
	}
	_ = running.Process.Kill()
	<-ended
}

// pid returns the process's id, 0 if it does not run.
func (p *process) pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running == nil {
		return 0
	}
	return p.running.Process.Pid
}

func tail(b []byte, n int) []byte {
	if len(b) > n {
		b = b[len(b)-n:]
	}
	return bytes.TrimSpace(b)
}

// command says one command to a server and returns its reply, an array as lines.
func command(addr string, args ...string) (string, error) {
	conn, err := net.DialTimeout("tcp", addr, replyTime)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(replyTime)); err != nil {
		return "", err
	}
	text := fmt.Appendf(nil, "*%d\r\n", len(args))
	for _, a := range args {
		text = fmt.Appendf(text, "$%d\r\n%s\r\n", len(a), a)
	}
	if _, err := conn.Write(text); err != nil {
		return "", err
	}
	return readReply(bufio.NewReader(conn))
}
