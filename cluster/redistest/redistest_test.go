package redistest_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/cluster/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

func TestSharedIsEmptyEachTime(t *testing.T) {
	first := redistest.Shared(t)
	first.Do(t, "SET", "a", "1")
	if got := first.Do(t, "GET", "a"); got != "1" {
		t.Fatalf("GET a = %q, want 1", got)
	}
	second := redistest.Shared(t)
	if second.Addr() != first.Addr() {
		t.Errorf("two servers, %s and %s, want one", first.Addr(), second.Addr())
	}
	if got := second.Do(t, "DBSIZE"); got != "0" {
		t.Errorf("DBSIZE = %s, want 0", got)
	}
}

func TestKillAndRestart(t *testing.T) {
	s := redistest.Start(t, "--requirepass", "")
	s.Do(t, "SET", "a", "1")
	addr := s.Addr()
	s.Kill()
	if conn, err := net.Dial("tcp", addr); err == nil {
		conn.Close()
		t.Error("a killed server accepts a connection")
	}
	if s.PID() != 0 {
		t.Error("a killed server has a process")
	}
	s.Restart(t)
	if s.Addr() != addr || s.Do(t, "DBSIZE") != "0" {
		t.Errorf("restarted at %s with %s keys, want %s and 0", s.Addr(), s.Do(t, "DBSIZE"), addr)
	}
}

func TestStopAndContinue(t *testing.T) {
	s := redistest.Start(t)
	s.Stop(t)
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		t.Fatal(err)
	}
	answers(t, conn, false)
	s.Continue(t)
	answers(t, conn, true)
}

func TestProxy(t *testing.T) {
	p := redistest.NewProxy(t, redistest.Shared(t).Addr())
	conn, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ask := func() {
		t.Helper()
		if _, err := conn.Write([]byte("PING\r\n")); err != nil {
			t.Fatal(err)
		}
	}
	ask()
	answers(t, conn, true)
	p.Blackhole(true)
	ask()
	answers(t, conn, false)
	p.Blackhole(false)
	answers(t, conn, true)
	p.SetLatency(30 * time.Millisecond)
	begin := time.Now()
	ask()
	answers(t, conn, true)
	if took := time.Since(begin); took < 60*time.Millisecond {
		t.Errorf("an answer took %v, want the latency of both ways", took)
	}
	p.Cut()
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("a connection that was cut has more to say")
	}
}

// answers reads a PONG, or sees that there is none.
func answers(t *testing.T, conn net.Conn, want bool) {
	t.Helper()
	wait := 50 * time.Millisecond
	if want {
		wait = 10 * time.Second
	}
	if err := conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
		t.Fatal(err)
	}
	text := make([]byte, 7)
	n, _ := conn.Read(text)
	if got := strings.HasPrefix(string(text[:n]), "+PONG"); got != want {
		t.Fatalf("answered %q, want an answer: %v", text[:n], want)
	}
}
