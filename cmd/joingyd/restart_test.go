//go:build !race

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/joingyd/joingyd/client"
)

// ownPID has a shell tell the daemon that the sockets passed are its own, as systemd does.
var ownPID = []string{"sh", "-c", `LISTEN_PID=$$ exec "$@"`, "sh"}

// passing hands listening sockets over as joingyd.socket does.
func passing(t *testing.T, listeners ...net.Listener) func(*exec.Cmd) {
	t.Helper()
	var files []*os.File
	names := "LISTEN_FDNAMES=joingyd.socket"
	for i, listener := range listeners {
		file, err := listener.(interface{ File() (*os.File, error) }).File()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { file.Close() })
		files = append(files, file)
		if i > 0 {
			names += ":joingyd.socket"
		}
	}
	return func(cmd *exec.Cmd) {
		cmd.ExtraFiles = files
		cmd.Env = append(cmd.Env, fmt.Sprintf("LISTEN_FDS=%d", len(files)), names)
	}
}

func listenLocal(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener
}

// knocker asks for something by a new connection again and again.
type knocker struct {
	stop    chan struct{}
	running sync.WaitGroup

	mu      sync.Mutex // guards what follows, until end
	asked   int
	failed  []error
	slowest time.Duration
}

// hands is how many connections a knocker makes at a time.
const hands = 4

func keepKnocking(url string, transport *http.Transport) *knocker {
	k := &knocker{stop: make(chan struct{})}
	for range hands {
		k.running.Go(func() {
			for {
				select {
				case <-k.stop:
					return
				case <-time.After(10 * time.Millisecond):
				}
				k.once(url, transport)
			}
		})
	}
	return k
}

func (k *knocker) once(url string, transport *http.Transport) {
	began := time.Now()
	response, err := (&http.Client{Transport: transport, Timeout: patienceOfTests}).Get(url)
	if err == nil {
		if response.Body.Close(); response.StatusCode != http.StatusOK {
			err = errors.New(response.Status)
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.asked, k.slowest = k.asked+1, max(k.slowest, time.Since(began))
	if err != nil {
		k.failed = append(k.failed, err)
	}
}

func (k *knocker) end() {
	close(k.stop)
	k.running.Wait()
}

// back waits until the daemon that goes has sent the guest away, and comes back as its
// programs do, to the same session.
func (g *guest) back() (*guest, error) {
	<-g.ended
	closed, ok := errors.AsType[*client.CloseError](g.err)
	if !ok || closed.Code != 1001 || !closed.Reconnect() {
		return nil, fmt.Errorf("the daemon that went said %w, want 1001", g.err)
	}
	time.Sleep(closed.Wait())
	ctx, end := context.WithCancel(context.Background())
	if same, err := g.conn.Resume(ctx); err != nil || !same {
		end()
		return nil, fmt.Errorf("the same session: %v, %w", same, err)
	}
	v := visitorOf(g.conn, ctx, end)
	g.t.Cleanup(v.leave)
	return &guest{g.t, v}, nil
}

// heard reports whether a message came to a guest who is gone.
func (g *guest) heard(kind, id string) (heard bool) {
	for m := range g.came {
		heard = heard || m.Type == kind && m.ID == id
	}
	return heard
}

// manager is systemd's end of NOTIFY_SOCKET.
type manager struct {
	t    *testing.T
	told chan string // never full
}

// newManager makes the socket and, for the daemons of this test, a watchdog.
func newManager(t *testing.T) *manager {
	t.Helper()
	dir, err := os.MkdirTemp("", "joingyd-") // a socket's path may not be long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	name := filepath.Join(dir, "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	m := &manager{t, make(chan string, 100_000)}
	var reading sync.WaitGroup
	reading.Go(func() {
		for buffer := make([]byte, 4096); ; {
			n, err := conn.Read(buffer)
			if err != nil {
				return
			}
			m.told <- string(buffer[:n])
		}
	})
	t.Cleanup(func() {
		conn.Close()
		reading.Wait()
	})
	t.Setenv("NOTIFY_SOCKET", name)
	t.Setenv("WATCHDOG_USEC", "300000")
	return m
}

// expect waits for a message. Others, such as signs of life, are passed over.
func (m *manager) expect(pattern string) {
	m.t.Helper()
	wanted := regexp.MustCompile(pattern)
	late := time.After(patienceOfTests)
	for last := ""; ; {
		select {
		case last = <-m.told:
			if wanted.MatchString(last) {
				return
			}
		case <-late:
			m.t.Fatalf("no %s; the last was %q", pattern, last)
		}
	}
}

func bodyOf(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// Trial P4, of a restart where systemd holds the listening sockets: no connection is
// refused, http, https and TURN alike, and two who chat go on chatting: what one says as the
// daemon goes reaches the other once.
// systemd is told of all that, and of reloads before. It runs without the race detector,
// under which a daemon takes seconds to start: the other tests have each part under it.
func TestP4RestartWithPassedSockets(t *testing.T) {
	plain, secure, relay := listenLocal(t), listenLocal(t), listenLocal(t)
	dir, settings := t.TempDir(), filepath.Join(t.TempDir(), "joingyd.yaml")
	set := func(text string) {
		if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	set("site: {banner: first}\n")
	start := func() *process {
		return startProcessWith(t, passing(t, plain, secure, relay), dir, ownPID, "--config", settings, "--listen", plain.Addr().String(),
			"--tls-listen", secure.Addr().String(), "--tls-cert-file", testCertificate, "--tls-key-file", testCertificate,
			"--turn-listen", relay.Addr().String(), "--turn-transports", "tcp", "--http-allow-no-origin")
	}
	site := "http://" + plain.Addr().String()
	manager := newManager(t)
	first := start()
	manager.expect(`^READY=1\nSTATUS=0 sessions, 0 pairs, 0 allocations$`)
	before := startChat(t, site)
	before.goesOn("before")
	manager.expect(`^WATCHDOG=1\nSTATUS=2 sessions, 1 pair, 0 allocations$`)
	for _, reload := range []struct{ settings, status string }{
		{"site: {banner: second}\nturn: {realm: elsewhere}\n", "need a restart (keys: turn.realm)"},
		{"log: {level: loud}\n", "not reloaded, and the settings before go on (error: "},
	} {
		set(reload.settings)
		first.cmd.Process.Signal(syscall.SIGHUP) //nolint:errcheck // it runs
		manager.expect(`^RELOADING=1\nMONOTONIC_USEC=\d+$`)
		manager.expect(`^READY=1\n`)
		if _, text, _ := first.command("status"); !strings.Contains(text, reload.status) {
			t.Errorf("status lacks %q:\n%s", reload.status, text)
		}
		if page := bodyOf(t, site); !strings.Contains(page, "second") {
			t.Error("the page lacks the new banner")
		}
	}
	set("")
	fresh := func() *http.Transport { return &http.Transport{DisableKeepAlives: true} }
	knockers := []*knocker{keepKnocking(site+"/healthz", fresh()), keepKnocking("https://"+secure.Addr().String()+"/healthz", fresh())}

	crossing := map[string]any{"type": "text", "pair": before.pair, "id": "crossing", "body": "crossing"}
	before.a.send(crossing)
	began := time.Now()
	guests := make([]*guest, 2)
	errs := make([]error, 2)
	var returning sync.WaitGroup
	for i, g := range []*guest{before.a, before.b} {
		returning.Go(func() { guests[i], errs[i] = g.back() })
	}
	if err := first.stop(); err != nil {
		t.Fatalf("the first ended with %v: %s", err, first.logged())
	}
	stopped := time.Since(began)
	manager.expect(`^STOPPING=1\nSTATUS=draining: 2 sessions, 1 pair, 0 allocations\nEXTEND_TIMEOUT_USEC=15000000$`)
	conn, err := net.Dial("tcp", relay.Addr().String()) // while nobody runs
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	second := start()
	started := time.Since(began)
	returning.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	a, b := guests[0], guests[1]
	if !before.a.heard("sent", "crossing") {
		a.send(crossing)
	}
	a.send(map[string]any{"type": "text", "pair": before.pair, "id": "again", "body": "again"})
	came := before.b.heard("text", "crossing")
	for m := b.expect("text"); m.ID != "again"; m = b.expect("text") {
		if came || m.ID != "crossing" {
			t.Errorf("text %s came twice", m.ID)
		}
		came = true
	}
	again := time.Since(began)
	if !came {
		t.Error("what was said as the daemon went is lost")
	}
	if _, err := os.Stat(filepath.Join(dir, "handover")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("handover: %v; want it removed", err)
	}
	for _, k := range knockers {
		k.end()
		if len(k.failed) > 0 {
			t.Errorf("%d of %d connections failed: %v", len(k.failed), k.asked, errors.Join(k.failed...))
		}
	}
	if _, err := conn.Write([]byte("\x00\x01\x00\x00\x21\x12\xa4\x42joingyd-test")); err != nil { // Binding
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 100)); err != nil {
		t.Errorf("TURN over TCP, from when nobody ran: %v", err)
	}
	(&chat{a, b, before.pair}).goesOn("after")
	if err := second.stop(); err != nil {
		t.Errorf("the second ended with %v: %s", err, second.logged())
	}
	t.Logf("figure: restart with passed sockets: %d connections, 0 refused, the slowest answered after %v; the daemon that goes took %v, the next ready after %v, both visitors in the same chat after %v",
		knockers[0].asked+knockers[1].asked, max(knockers[0].slowest, knockers[1].slowest).Round(time.Millisecond),
		stopped.Round(time.Millisecond), started.Round(time.Millisecond), again.Round(time.Millisecond))
}
