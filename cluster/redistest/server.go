package redistest

import (
	"cmp"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Server is a redis-server. Its methods fail the test where they fail.
type Server struct {
	p      *process
	secure string // HOST:PORT for TLS; empty: none
}

// quiet are the settings of every server: nothing is kept.
var quiet = []string{"--save", "", "--appendonly", "no", "--enable-debug-command", "yes", "--repl-diskless-sync-delay", "0"}

// Start starts a server that ends with the test. More arguments are redis-server's, like
// "--requirepass", "secret" or "--maxmemory", "10mb".
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	s := &Server{p: &process{t: t, program: "redis-server", args: slices.Concat(quiet, args), dir: t.TempDir()}}
	t.Cleanup(s.p.kill)
	if err := s.p.start(); err != nil {
		t.Fatal(err)
	}
	return s
}

// shared is the server that a package's tests share.
var shared struct {
	mu     sync.Mutex
	server *Server // guarded by mu
}

// Main is what TestMain of a package calls that has a Shared server.
func Main(m *testing.M) {
	code := m.Run()
	shared.mu.Lock()
	if s := shared.server; s != nil {
		s.p.kill()
		_ = os.RemoveAll(s.p.dir)
	}
	shared.mu.Unlock()
	os.Exit(code)
}

// Shared returns the package's one server, empty. It needs Main.
func Shared(t testing.TB) *Server {
	t.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.server == nil {
		dir, err := os.MkdirTemp("", "redistest")
		if err != nil {
			t.Fatal(err)
		}
		s := &Server{p: &process{program: "redis-server", args: quiet, dir: dir}}
		if err := s.p.start(); err != nil {
			_ = os.RemoveAll(dir)
			t.Fatal(err)
		}
		shared.server = s
	}
	s := &Server{p: shared.server.p}
	s.FlushAll(t)
	return s
}

// Addr returns HOST:PORT, the same after Restart.
func (s *Server) Addr() string { return s.p.addr() }

// Known returns what Sentinels and clients call a Trio's server: HOST:PORT, for TLS if it
// speaks that.
func (s *Server) Known() string { return cmp.Or(s.secure, s.Addr()) }

// URL returns the address as the setting cluster.redis has it.
func (s *Server) URL() string { return "redis://" + s.Addr() }

// PID returns the process's id, 0 if it was killed.
func (s *Server) PID() int { return s.p.pid() }

// Kill ends the server as kill -9 does, with all that it holds.
func (s *Server) Kill() { s.p.kill() }

// Restart kills the server if it runs, and starts it on the same port, empty.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.p.kill()
	if err := s.p.start(); err != nil {
		t.Fatal(err)
	}
}

// Stop halts the server (SIGSTOP): connections stay, answers do not come. The end of the
// test lets it go on.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	if err := s.p.signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.p.signal(syscall.SIGCONT) })
}

// Continue lets a stopped server go on (SIGCONT).
func (s *Server) Continue(t testing.TB) {
	t.Helper()
	if err := s.p.signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
}

// FlushAll empties the server, its script cache and its slow log too.
func (s *Server) FlushAll(t testing.TB) {
	t.Helper()
	s.Do(t, "FLUSHALL")
	s.Do(t, "SCRIPT", "FLUSH")
	s.Do(t, "SLOWLOG", "RESET")
}

// Do says one command, on a connection of its own, and returns the reply as text: an
// array as lines, nil as "".
func (s *Server) Do(t testing.TB, args ...string) string {
	t.Helper()
	reply, err := command(s.Addr(), args...)
	if err != nil {
		t.Fatalf("redis: %s: %v", strings.Join(args, " "), err)
	}
	return reply
}

// Try is Do for a command that may fail, and may be said from any goroutine.
func (s *Server) Try(args ...string) error {
	_, err := command(s.Addr(), args...)
	return err
}

// Info returns a field of INFO, "" if there is none, like "used_cpu_user" or
// "connected_clients".
func (s *Server) Info(t testing.TB, field string) string {
	t.Helper()
	for line := range strings.Lines(s.Do(t, "INFO", "everything")) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok && name == field {
			return value
		}
	}
	return ""
}

// FreeAddr returns HOST:PORT on which nobody listens, for a server's second port.
func FreeAddr(t testing.TB) string {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

// until waits until ok, and fails the test after startTime.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(startTime); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("redistest: waited in vain until %s", what)
		}
	}
}
