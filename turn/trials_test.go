package turn_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/stun/v2"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/turn"
)

// Trial T3: every attribute cut to 0–3 bytes inside a valid authenticated
// message, and every size of datagram.
func TestT3CutAttributes(t *testing.T) {
	for mode, opts := range map[string]turn.Options{"masked": {}, "open": openOptions(nil)} {
		t.Run(mode, func(t *testing.T) { cutAttributes(t, newFixture(t, opts)) })
	}
}

func cutAttributes(t *testing.T, f *fixture) {
	t.Helper()
	c := f.raw(t, f.Admit(ident.NewSession(), loopback))
	c.mustAllocate()
	cases := 0
	for kind := range 0x40 {
		for length := range 4 {
			for _, method := range []stun.MessageType{permission, channel, refresh, stun.NewType(stun.MethodSend, stun.ClassIndication)} {
				cases++
				c.conn.Write(c.build(method, attr(stun.AttrType(kind), make([]byte, length)...)).Raw)
			}
		}
	}
	whole := c.build(permission, attr(stun.AttrXORPeerAddress, make([]byte, 8)...)).Raw
	for size := range 129 {
		cases++
		c.conn.Write(append(whole, make([]byte, 128)...)[:size])
	}
	if _, err := turn.Probe(t.Context(), "udp", f.udp); err != nil {
		t.Fatalf("the server is gone: %v", err)
	}
	t.Logf("figure: %d cases, and the server answers", cases)
}

// Trial T2 on real sockets: lengths that wrap, before login.
func TestT2WrappingFramesOnSockets(t *testing.T) {
	f := newFixture(t, turn.Options{})
	heads := [][]byte{{0x40, 0, 0xff, 0xfc}}
	for length := 0xffec; length <= 0xffff; length++ {
		heads = append(heads, []byte{0, 1, byte(length >> 8), byte(length)})
	}
	for name, dial := range map[string]func() (net.Conn, error){
		"tcp": func() (net.Conn, error) { return net.Dial("tcp", f.tcp) },
		"tls": func() (net.Conn, error) { return tls.Dial("tcp", f.tls, &tls.Config{InsecureSkipVerify: true}) },
	} {
		for _, head := range heads {
			conn, err := dial()
			if err != nil {
				t.Fatal(err)
			}
			conn.Write(append(head, make([]byte, 40)...))
			conn.SetReadDeadline(time.Now().Add(f.patience))
			var timeout net.Error
			if n, err := conn.Read(make([]byte, 1)); n != 0 || errors.As(err, &timeout) && timeout.Timeout() {
				t.Errorf("%s, %x: read %d, %v; want the end", name, head, n, err)
			}
			conn.Close()
		}
	}
	cpu := func() time.Duration {
		var usage syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
			t.Fatal(err)
		}
		return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	const watched = 5 * time.Second
	before := cpu()
	time.Sleep(watched) // what is watched is that nothing happens
	t.Logf("figure: %d connections closed; CPU in the next %v: %v", 2*len(heads), watched, (cpu() - before).Round(time.Millisecond))
}

// Trial T11: what an idle connection costs.
func TestT11MemoryOfAConnection(t *testing.T) {
	f := newFixture(t, turn.Options{})
	const connections = 500
	memory := func() int64 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return int64(stats.HeapAlloc + stats.StackInuse)
	}
	before := memory()
	for range connections {
		conn, err := net.Dial("tcp", f.tcp)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	probe, err := turn.Probe(t.Context(), "tcp", f.tcp) // accepted after all of them
	if err != nil {
		t.Fatal(err, probe)
	}
	each := (memory() - before) / connections
	if each > 64<<10 {
		t.Errorf("%d bytes a connection, the client's end included", each)
	}
	t.Logf("figure: %.1f KiB a connection, the client's end included", float64(each)/1024)
}

// Trial T13: one user asks for allocations and even ports without end.
func TestT13AllocationFlood(t *testing.T) {
	f := newFixture(t, openOptions(nil))
	descriptors := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("needs /proc")
		}
		return len(entries)
	}
	creds := f.Admit(ident.NewSession(), loopback)
	const asked = 100
	clients := make([]*raw, asked)
	for i := range clients {
		clients[i] = f.raw(t, creds)
		clients[i].challenge()
	}
	before := descriptors()
	made := 0
	for _, c := range clients {
		switch answer := c.do(allocate, overUDP, attr(stun.AttrEvenPort, 0)); {
		case answer != nil && answer.Type.Class == stun.ClassSuccessResponse:
			made++
		default:
			if err := c.refused(answer, allocate, stun.CodeAllocQuotaReached, true); err != nil {
				t.Error(err)
			}
		}
	}
	if grown := descriptors() - before; made != 32 || grown != made {
		t.Errorf("%d allocations were made with %d descriptors, want 32 with one each", made, grown)
	}
	t.Logf("figure: %d of %d allocations, %d descriptors", made, asked, descriptors()-before)
}

// Trial T5: ChannelData that claims more than it has.
func TestT5LyingChannelData(t *testing.T) {
	f := newFixture(t, turn.Options{})
	c, b := f.raw(t, turn.Credentials{}), f.visit(t, "udp")
	id := ident.NewSession()
	c.creds = f.Admit(id, loopback)
	a := &visitor{id: id}
	c.mustAllocate()
	f.mustJoin(t, a, b)
	bound := c.do(channel, attr(stun.AttrChannelNumber, 0x40, 0, 0, 0), peer(b.addr()))
	if bound == nil || bound.Type.Class != stun.ClassSuccessResponse {
		t.Fatalf("ChannelBind: %v", bound)
	}
	if _, err := c.conn.Write([]byte{0x40, 0, 0x8a, 0xb6, 'a', 'b', 'c'}); err != nil {
		t.Fatal(err)
	}
	f.waitDrop(t, turn.DropMalformed)
	if stats := f.Stats(); stats.Bytes != 0 {
		t.Errorf("%d bytes were relayed", stats.Bytes)
	}
	t.Logf("figure: bytes leaked: %d", f.Stats().Bytes)
}

// Trial T12: hostile user names and realms are refused, and are nowhere in the
// log. Attributes after MESSAGE-INTEGRITY are in TestGate.
func TestT12HostileNames(t *testing.T) {
	var mu sync.Mutex
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(writerFunc(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return log.Write(p)
	}), &slog.HandlerOptions{Level: slog.LevelDebug}))
	f := newFixture(t, turn.Options{Logger: logger})
	f.Admit(ident.NewSession(), loopback) // so that loopback is answered
	names := []string{"%s%n%x", "\x00\x01", "4000000000:\x00", "a\nb", strings.Repeat("x", 500), "\u202eevil", "4000000000:", ":", "../../etc"}
	refusals := 0
	for _, name := range names {
		for _, realm := range []string{"joingyd", "%s", name} {
			c := f.raw(t, turn.Credentials{Username: name, Password: "p"})
			c.challenge()
			m, err := stun.Build(stun.TransactionID, allocate, overUDP, stun.NewUsername(name), stun.NewRealm(realm), c.nonce, stun.NewLongTermIntegrity(name, realm, "p"))
			if err != nil {
				t.Fatal(err)
			}
			if err := c.refused(c.roundTrip(m.Raw), allocate, stun.CodeUnauthorized, false); err != nil {
				t.Errorf("%q in %q: %v", name, realm, err)
			}
			refusals++
		}
	}
	f.Close()
	if log.Len() != 0 {
		t.Errorf("the log says %s", &log)
	}
	t.Logf("figure: %d/%d refused, 0 bytes logged", refusals, len(names)*3)
}

type writerFunc func([]byte) (int, error)

func (w writerFunc) Write(p []byte) (int, error) { return w(p) }

// Trial T14: ClientHellos from many sources that never answer the cookie.
func TestT14DTLSFlood(t *testing.T) {
	f := newFixture(t, turn.Options{})
	hello := clientHello(t)
	heap := func() uint64 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc + stats.StackInuse
	}
	before := heap()
	server, err := net.ResolveUDPAddr("udp", f.dtls)
	if err != nil {
		t.Fatal(err)
	}
	const sources = 5000
	for i := range sources {
		conn, err := net.DialUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 1, byte(i>>8), byte(i))}, server)
		if err != nil {
			t.Fatal(err)
		}
		conn.Write(hello)
		conn.Close()
	}
	if _, err := turn.Probe(t.Context(), "udp", f.udp); err != nil {
		t.Fatal(err)
	}
	grown := int64(heap()) - int64(before)
	if grown > 64<<20 {
		t.Errorf("memory grew by %d MiB", grown>>20)
	}
	t.Logf("figure: %d KiB after %d sources; at most 512 handshakes at once", grown>>10, sources)
}

// clientHello returns the first datagram of a DTLS client.
func clientHello(t *testing.T) []byte {
	t.Helper()
	listener, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	conn, err := dtls.DialWithOptions("udp", listener.LocalAddr().(*net.UDPAddr), dtls.WithInsecureSkipVerify(true))
	if err != nil {
		t.Fatal(err)
	}
	go conn.Handshake() // until it is closed
	defer conn.Close()
	listener.SetReadDeadline(time.Now().Add(10 * time.Second))
	buffer := make([]byte, 2000)
	n, _, err := listener.ReadFrom(buffer)
	if err != nil {
		t.Fatal(err)
	}
	return buffer[:n]
}
