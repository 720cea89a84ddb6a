package turn_test

import (
	"bytes"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"sync"
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
	f := newFixture(t, turn.Options{})
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
	t.Logf("figure: crashes 0 / %d cases", cases)
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
