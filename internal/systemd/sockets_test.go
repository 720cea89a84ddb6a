package systemd_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/internal/systemd"
)

// TestMain is the daemon, too, that sockets are passed to: it prints what it makes of
// the addresses that it is given.
func TestMain(m *testing.M) {
	if os.Getenv("JOINGYD_TEST_PASSED") == "" {
		os.Exit(m.Run())
	}
	s, err := systemd.Passed()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, at := range os.Args[1:] {
		if path, ok := strings.CutPrefix(at, "unix:"); ok {
			fmt.Println("unix", s.Unix("admin.socket", path) != nil)
			continue
		}
		before := len(s.Unused())
		if l, err := s.Listen("http.listen", at); err != nil {
			fmt.Println(err)
		} else {
			fmt.Println(len(s.Unused()) < before, l.Addr())
		}
	}
	fmt.Print(strings.Join(s.Unused(), "\n"))
	if s.Close() != nil || os.Getenv("LISTEN_FDS") != "" {
		fmt.Println("something is left")
	}
}

type filer interface{ File() (*os.File, error) }

// pass runs TestMain with these sockets.
func pass(t *testing.T, names string, sockets []filer, addresses ...string) string {
	t.Helper()
	cmd := exec.Command("sh", append([]string{"-c", `LISTEN_PID=$$ exec "$@"`, "sh", os.Args[0]}, addresses...)...)
	cmd.Env = append(os.Environ(), "JOINGYD_TEST_PASSED=1", "GORACE=atexit_sleep_ms=0", "LISTEN_FDS="+strconv.Itoa(len(sockets)), "LISTEN_FDNAMES="+names)
	for _, socket := range sockets {
		file, err := socket.File()
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		cmd.ExtraFiles = append(cmd.ExtraFiles, file)
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, &out)
	}
	return out.String()
}

func listenTCP(t *testing.T, address string) *net.TCPListener {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Skip(err) // no IPv6
	}
	t.Cleanup(func() { l.Close() })
	return l.(*net.TCPListener)
}

func TestSocketsAreFoundByAddress(t *testing.T) {
	path := filepath.Join(t.TempDir(), "admin.sock")
	unix, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close()
	local, every := listenTCP(t, "127.0.0.1:0"), listenTCP(t, ":0")
	port := fmt.Sprintf(":%d", every.Addr().(*net.TCPAddr).Port)
	got := pass(t, "joingyd.socket:joingyd.socket:joingyd.socket", []filer{local, every, unix.(*net.UnixListener)},
		port, "unix:"+path, local.Addr().String(), "127.0.0.1:0")
	want := fmt.Sprintf("true %v\nunix true\ntrue %v\nfalse 127.0.0.1:", every.Addr(), local.Addr())
	if !strings.HasPrefix(got, want) || strings.Contains(got, "passes") {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestSocketsThatDoNotFit(t *testing.T) {
	every := listenTCP(t, ":0")
	port := every.Addr().(*net.TCPAddr).Port
	got := pass(t, "joingyd.socket", []filer{every}, fmt.Sprintf("127.0.0.1:%d", port))
	for _, want := range []string{
		"address already in use: joingyd.socket has tcp [::]:", "ListenStream= there and http.listen",
		fmt.Sprintf("joingyd.socket passes tcp [::]:%d, and nothing is set to listen there (http.listen is \"127.0.0.1:%d\")", port, port),
	} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant in it: %s", got, want)
		}
	}
	datagrams, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer datagrams.Close()
	if got := pass(t, "turn.socket", []filer{datagrams.(*net.UDPConn)}); !strings.Contains(got, "turn.socket: a socket that it passes cannot be listened on") {
		t.Errorf("a datagram socket: %s", got)
	}
}

func TestNoSockets(t *testing.T) {
	var s *systemd.Sockets
	l, err := s.Listen("http.listen", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if s.Unix("admin.socket", "/nowhere") != nil || s.Unused() != nil || s.Close() != nil {
		t.Error("no sockets are some")
	}
}
