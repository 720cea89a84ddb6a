package turn

import (
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/stun/v2"
	pion "github.com/pion/turn/v4"
)

// What pion alone makes of what requests, relaySocket and the relays' even ports
// are for, made to happen for sure. If one of these fails, pion has mended it.

// puppet is a relay whose end the test decides.
type puppet struct {
	net.PacketConn
	port   int
	end    chan struct{} // closed: its reads fail
	closed chan struct{} // by pion
	once   sync.Once
}

func newPuppet(port int) *puppet {
	return &puppet{port: port, end: make(chan struct{}), closed: make(chan struct{})}
}

func (p *puppet) ReadFrom([]byte) (int, net.Addr, error) {
	<-p.end
	return 0, nil, net.ErrClosed
}

func (p *puppet) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *puppet) LocalAddr() net.Addr { return &net.UDPAddr{IP: net.IPv4(192, 0, 2, 1), Port: p.port} }

// puppets hands out relays in turn.
type puppets struct {
	generator
	next func() *puppet
}

func (g puppets) AllocatePacketConn(string, int) (net.PacketConn, net.Addr, error) {
	p := g.next()
	return p, p.LocalAddr(), nil
}

// puppetClient is a client of a pion server with such relays.
type puppetClient struct {
	t     *testing.T
	conn  net.Conn
	nonce stun.Nonce
}

func newPuppetClient(t *testing.T, next func() *puppet, events pion.EventHandler) *puppetClient {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, err := pion.NewServer(pion.ServerConfig{
		Realm:             "joingyd",
		AuthHandler:       func(string, string, net.Addr) ([]byte, bool) { return longTermKey("user", "joingyd", "password"), true },
		PacketConnConfigs: []pion.PacketConnConfig{{PacketConn: conn, RelayAddressGenerator: puppets{next: next}}},
		EventHandler:      events,
		LoggerFactory:     quiet{},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	client, err := net.Dial("udp", conn.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	c := &puppetClient{t: t, conn: client}
	answer := c.do(allocateType)
	if err := c.nonce.GetFrom(answer); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *puppetClient) send(kind stun.MessageType, attrs ...stun.Setter) {
	c.t.Helper()
	setters := append([]stun.Setter{stun.TransactionID, kind}, attrs...)
	if c.nonce != nil {
		setters = append(setters, stun.NewUsername("user"), stun.NewRealm("joingyd"), c.nonce, stun.NewLongTermIntegrity("user", "joingyd", "password"))
	}
	m, err := stun.Build(setters...)
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.conn.Write(m.Raw); err != nil {
		c.t.Fatal(err)
	}
}

func (c *puppetClient) do(kind stun.MessageType, attrs ...stun.Setter) *stun.Message {
	c.t.Helper()
	c.send(kind, attrs...)
	c.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	buffer := make([]byte, 2000)
	n, err := c.conn.Read(buffer)
	if err != nil {
		c.t.Fatal(err)
	}
	m := &stun.Message{Raw: buffer[:n]}
	if err := m.Decode(); err != nil {
		c.t.Fatal(err)
	}
	return m
}

var overUDP = stun.RawAttribute{Type: stun.AttrRequestedTransport, Value: []byte{17, 0, 0, 0}}

func TestPionAloneOpensManySocketsForEvenPort(t *testing.T) {
	var opened atomic.Int64
	c := newPuppetClient(t, func() *puppet { opened.Add(1); return newPuppet(1001) }, pion.EventHandler{})
	c.do(allocateType, overUDP, stun.RawAttribute{Type: stun.AttrEvenPort, Value: []byte{0}})
	if n := opened.Load(); n < 100 {
		t.Errorf("%d relays were opened, want over 100", n)
	}
}

func TestPionAloneDeletesTheYounger(t *testing.T) {
	relays := []*puppet{newPuppet(1000), newPuppet(1002)}
	var given atomic.Int64
	c := newPuppetClient(t, func() *puppet { return relays[given.Add(1)-1] }, pion.EventHandler{})
	c.do(allocateType, overUDP)
	c.do(refreshType, lifetimeAttribute(0))
	if answer := c.do(allocateType, overUDP); answer.Type.Class != stun.ClassSuccessResponse {
		t.Fatalf("the second Allocate: %v", answer)
	}
	close(relays[0].end) // the first one's goroutine wakes up late
	select {
	case <-relays[1].closed:
	case <-time.After(10 * time.Second):
		t.Error("the younger allocation lives on")
	}
	close(relays[1].end)
}

// TestPionAloneDiesOfANilTimer closes an allocation while a permission is added,
// in a process of its own.
func TestPionAloneDiesOfANilTimer(t *testing.T) {
	const inside = "JOINGYD_TEST_NIL_TIMER"
	if os.Getenv(inside) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.timeout=1m")
		cmd.Env = append(os.Environ(), inside+"=1")
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "nil pointer dereference") {
			t.Errorf("the process ended with %v\n%s", err, out)
		}
		return
	}
	relay := newPuppet(1000)
	c := newPuppetClient(t, func() *puppet { return relay }, pion.EventHandler{
		// pion has the permission, and has not started its timer yet.
		OnPermissionCreated: func(_, _ net.Addr, _, _, _ string, _ net.Addr, _ net.IP) {
			close(relay.end)
			<-relay.closed
		},
	})
	c.do(allocateType, overUDP)
	c.send(permissionType, stun.RawAttribute{Type: stun.AttrXORPeerAddress, Value: []byte{0, 1, 1, 2, 3, 4, 5, 6}})
	<-t.Context().Done()
}
