package systemd_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/joingyd/joingyd/internal/systemd"
)

// manager is systemd's end of NOTIFY_SOCKET, for this test.
type manager struct{ *net.UnixConn }

func newManager(t *testing.T, name string) manager {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	t.Setenv("NOTIFY_SOCKET", name)
	return manager{conn}
}

func (m manager) next(t *testing.T) string {
	t.Helper()
	m.SetReadDeadline(time.Now().Add(10 * time.Second)) //nolint:errcheck // then the read fails
	buffer := make([]byte, 4096)
	n, err := m.Read(buffer)
	if err != nil {
		t.Fatal(err)
	}
	return string(buffer[:n])
}

func TestNotify(t *testing.T) {
	names := map[string]string{"path": filepath.Join(t.TempDir(), "notify")}
	if runtime.GOOS == "linux" {
		names["abstract"] = "@joingyd-test-" + strconv.Itoa(os.Getpid())
	}
	messages := []struct {
		name string
		tell func() error
		want string
	}{
		{"ready", func() error { return systemd.Ready("3 sessions") }, `^READY=1\nSTATUS=3 sessions$`},
		{"reloading", systemd.Reloading, `^RELOADING=1\nMONOTONIC_USEC=[1-9]\d+$`},
		{"stopping", func() error { return systemd.Stopping(15*time.Second, "draining") }, `^STOPPING=1\nSTATUS=draining\nEXTEND_TIMEOUT_USEC=15000000$`},
		{"alive", func() error { return systemd.Alive("a\nREADY=1") }, `^WATCHDOG=1\nSTATUS=a READY=1$`},
	}
	for kind, name := range names {
		t.Run(kind, func(t *testing.T) {
			m := newManager(t, name)
			for _, message := range messages {
				if err := message.tell(); err != nil {
					t.Fatalf("%s: %v", message.name, err)
				}
				if got := m.next(t); !regexp.MustCompile(message.want).MatchString(got) {
					t.Errorf("%s: %q, want %s", message.name, got, message.want)
				}
			}
		})
	}
}

func TestWithoutSystemd(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	if err := systemd.Ready("x"); err != nil {
		t.Error(err)
	}
	if _, listens, err := systemd.Listens(); listens || err != nil {
		t.Errorf("listens = %v, %v", listens, err)
	}
	t.Setenv("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "nobody"))
	if err := systemd.Ready("x"); err == nil {
		t.Error("a socket that is not there is no error")
	}
}

// A manager that does not read keeps nobody waiting for long.
func TestManagerThatDoesNotRead(t *testing.T) {
	newManager(t, filepath.Join(t.TempDir(), "notify"))
	for range 10_000 { // the kernel keeps as many messages as net.unix.max_dgram_qlen
		if err := systemd.Alive("x"); errors.Is(err, os.ErrDeadlineExceeded) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
	t.Error("every message was taken")
}

func TestListens(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "/nowhere")
	self := strconv.Itoa(os.Getpid())
	tests := []struct {
		usec, pid string
		want      time.Duration
		err       bool
	}{
		{"", "", 30 * time.Second, false},
		{"30000000", "", 10 * time.Second, false},
		{"30000000", self, 10 * time.Second, false},
		{"30000000", "1", 30 * time.Second, false}, // another's
		{"soon", "", 0, true},
	}
	for _, tt := range tests {
		t.Setenv("WATCHDOG_USEC", tt.usec)
		t.Setenv("WATCHDOG_PID", tt.pid)
		every, listens, err := systemd.Listens()
		if every != tt.want || listens == tt.err || (err != nil) != tt.err {
			t.Errorf("WATCHDOG_USEC=%s WATCHDOG_PID=%s: %v, %v, %v; want %v", tt.usec, tt.pid, every, listens, err, tt.want)
		}
	}
}
