package match_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/joingyd/joingyd/cert"
	"github.com/joingyd/joingyd/front"
	"github.com/joingyd/joingyd/match"
)

var idleSockets = flag.Int("idle", 0, "measure the memory of so many idle sessions over loopback TCP")

// idleServer tells a child process which server to be: "plain" or "tls".
const idleServer = "JOINGYD_IDLE_SERVER"

// TestIdleMemory measures what an idle session costs a process of its own, from
// the difference between a third and all of -idle sessions:
//
//	go test ./match -run TestIdleMemory -v -idle 6000
func TestIdleMemory(t *testing.T) {
	if kind := os.Getenv(idleServer); kind != "" {
		serveIdle(t, kind)
		return
	}
	if *idleSockets == 0 {
		t.Skip("-idle is not given")
	}
	for _, kind := range []string{"plain", "tls"} {
		t.Run(kind, func(t *testing.T) { measureIdle(t, kind) })
	}
}

func measureIdle(t *testing.T, kind string) {
	server := exec.Command(os.Args[0], "-test.run=^TestIdleMemory$", "-test.v")
	server.Env = append(os.Environ(), idleServer+"="+kind)
	server.Stderr = os.Stderr
	in, err := server.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		in.Close()
		server.Wait() //nolint:errcheck // its figures count
	}()
	lines := bufio.NewScanner(out)
	answer := func() string {
		for lines.Scan() {
			if text, ok := strings.CutPrefix(lines.Text(), "idle: "); ok {
				return text
			}
		}
		t.Fatal("the server ended")
		return ""
	}
	addr := answer()

	var conns []net.Conn
	var readers sync.WaitGroup
	defer func() {
		for _, conn := range conns {
			conn.Close()
		}
		readers.Wait()
	}()
	type figures struct{ sessions, heap, stack, rss, quiet, goroutines, objects int64 }
	measure := func() (f figures) {
		fmt.Fprintln(in, "measure")
		if _, err := fmt.Sscan(answer(), &f.sessions, &f.heap, &f.stack, &f.rss, &f.quiet, &f.goroutines, &f.objects); err != nil {
			t.Fatal(err)
		}
		return f
	}
	grow := func(n int) figures {
		for len(conns) < n {
			conn := visitIdle(t, kind, addr, len(conns))
			conns = append(conns, conn)
			readers.Go(func() { answerPings(conn) })
		}
		return measure()
	}
	few, all := grow(*idleSockets/3), grow(*idleSockets)
	n := all.sessions - few.sessions
	t.Logf("figure: a session over %s, bytes: heap %d (%.1f objects), stack %d, goroutines %.2f; RSS %d as it comes, %d after a collection", kind,
		(all.heap-few.heap)/n, float64(all.objects-few.objects)/float64(n), (all.stack-few.stack)/n, float64(all.goroutines-few.goroutines)/float64(n),
		(all.rss-few.rss)/n, (all.quiet-few.quiet)/n)
}

// visitIdle opens the n-th session, from an address of its own.
func visitIdle(t *testing.T, kind, addr string, n int) net.Conn {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, byte(1+n>>16), byte(n>>8), byte(n))}}
	conn, err := dialer.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	if kind == "tls" {
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
	}
	fmt.Fprintf(conn, "GET /ws HTTP/1.1\r\nHost: chat.example\r\nOrigin: http://chat.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n"+
		"Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\nCache-Control: no-cache\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: joingy.v1\r\n\r\n")
	reader := bufio.NewReaderSize(conn, 2048)
	response, err := http.ReadResponse(reader, nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("upgrade: %v, %v", response, err)
	}
	conn.Write(append([]byte{0x81, 0x80 | byte(len(hello)), 0, 0, 0, 0}, hello...)) //nolint:errcheck // the welcome will be missing
	var head [4]byte
	if _, err := io.ReadFull(reader, head[:]); err != nil || head[0] != 0x81 || head[1] != 126 {
		t.Fatalf("welcome: % x, %v", head, err)
	}
	if _, err := io.CopyN(io.Discard, reader, int64(binary.BigEndian.Uint16(head[2:]))); err != nil || reader.Buffered() != 0 {
		t.Fatalf("welcome: %v", err)
	}
	return conn
}

// answerPings answers pings until the connection ends, and ignores the rest.
func answerPings(conn net.Conn) {
	var frame [128]byte
	for {
		if _, err := io.ReadFull(conn, frame[:2]); err != nil {
			return
		}
		n := int(frame[1] & 0x7f)
		if _, err := io.ReadFull(conn, frame[6:6+n]); err != nil {
			return
		}
		if frame[0] == 0x89 {
			frame[0], frame[1] = 0x8a, 0x80|byte(n)
			clear(frame[2:6])
			conn.Write(frame[:6+n]) //nolint:errcheck // the next read fails too
		}
	}
}

// serveIdle is the child process.
func serveIdle(t *testing.T, kind string) {
	hub := match.New(match.Options{
		Relay: newRelay(),
		ICEURLs: func(host string) []string {
			return []string{"turn:" + host + ":3478?transport=udp", "turn:" + host + ":3478?transport=tcp"}
		},
		Addr:   func(r *http.Request) netip.Addr { return netip.MustParseAddrPort(r.RemoteAddr).Addr() },
		Policy: "v1", Absent: true,
		Patience: 3 * time.Second, ResumeGrace: 15 * time.Second, HelloTimeout: 5 * time.Second, SessionsPerAddress: 32,
		Origins: []string{"http://chat.example"},
	})
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { hub.Run(ctx) })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("idle:", listener.Addr())
	if kind == "tls" {
		source, err := cert.SelfSigned(t.TempDir()+"/cert.pem", nil)
		if err != nil {
			t.Fatal(err)
		}
		splitter := front.New(listener, front.Options{TLS: &tls.Config{GetCertificate: source.GetCertificate}})
		running.Go(func() { splitter.Run(ctx) }) //nolint:errcheck // nobody connects then
		listener = splitter.HTTP()
	}
	server := &http.Server{Handler: hub, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second}
	running.Go(func() { server.Serve(listener) }) //nolint:errcheck // as above

	for commands := bufio.NewScanner(os.Stdin); commands.Scan(); {
		time.Sleep(25 * time.Second) // everybody was pinged
		rss := residentBytes(t)
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		quiet := residentBytes(t)
		fmt.Println("idle:", hub.Online(), m.HeapAlloc, m.StackInuse, rss, quiet, runtime.NumGoroutine(), m.HeapObjects)
	}
	hub.Close(ctx) //nolint:errcheck // nobody is left
	cancel()
	server.Close()
	running.Wait()
}

// residentBytes is the process's resident set, without what is backed by files.
func residentBytes(t *testing.T) int64 {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	for line := range strings.Lines(string(status)) {
		var kib int64
		if _, err := fmt.Sscanf(line, "RssAnon: %d kB", &kib); err == nil {
			return kib << 10
		}
	}
	t.Fatal("no RssAnon")
	return 0
}
