package xdp_test

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/logging"
	"github.com/pion/transport/v4/stdnet"
	pion "github.com/pion/turn/v4"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/turn"
)

// knock is what clients say first, so that both have permitted the other.
const knock = "knock"

// sixNet resolves IPv6 addresses too, which pion's client leaves out.
type sixNet struct{ *stdnet.Net }

// ResolveUDPAddr implements transport.Net.
func (sixNet) ResolveUDPAddr(_, addr string) (*net.UDPAddr, error) {
	return net.ResolveUDPAddr("udp", addr)
}

// caller is one of two TURN clients of a pair.
type caller struct {
	id    ident.Session
	relay net.PacketConn
}

func (c caller) addr() netip.AddrPort { return c.relay.LocalAddr().(*net.UDPAddr).AddrPort() }

func newCaller(t *testing.T, relay *turn.Server, conn *net.UDPConn, server netip.AddrPort) caller {
	t.Helper()
	c := caller{id: ident.NewSession()}
	credentials := relay.Admit(c.id, addrOf(conn).Addr())
	silent := logging.NewDefaultLoggerFactory()
	silent.DefaultLogLevel = logging.LogLevelDisabled
	standard, err := stdnet.NewNet()
	if err != nil {
		t.Fatal(err)
	}
	client, err := pion.NewClient(&pion.ClientConfig{
		STUNServerAddr: server.String(), TURNServerAddr: server.String(), Conn: conn,
		Username: credentials.Username, Password: credentials.Password, Realm: "joingyd", LoggerFactory: silent,
		Net: sixNet{standard},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if err := client.Listen(); err != nil {
		t.Fatal(err)
	}
	if c.relay, err = client.Allocate(); err != nil {
		t.Fatal(err)
	}
	return c
}

func addrOf(conn *net.UDPConn) netip.AddrPort { return conn.LocalAddr().(*net.UDPAddr).AddrPort() }

// say sends from one caller to the other, and waits for it to arrive.
func say(t *testing.T, from, to caller, text string) {
	t.Helper()
	if _, err := from.relay.WriteTo([]byte(text), net.UDPAddrFromAddrPort(to.addr())); err != nil {
		t.Fatal(err)
	}
	to.relay.SetReadDeadline(time.Now().Add(patience))
	buffer := make([]byte, 2000)
	got, source, err := to.relay.ReadFrom(buffer)
	for err == nil && string(buffer[:got]) == knock {
		got, source, err = to.relay.ReadFrom(buffer)
	}
	if err != nil || string(buffer[:got]) != text || source.String() != from.addr().String() {
		t.Fatalf("got %q from %v, %v; want %q", buffer[:got], source, err, text)
	}
}

// A masked call of the relay itself: it moves into the kernel as soon as both
// sides have bound their channels, is counted there, and is over when Part, or a
// ban's Dismiss, returns.
func TestRelayedCall(t *testing.T) {
	for name, end := range map[string]func(*turn.Server, ident.Pair, caller){
		"Part":    func(relay *turn.Server, pair ident.Pair, _ caller) { relay.Part(pair) },
		"Dismiss": func(relay *turn.Server, _ ident.Pair, b caller) { relay.Dismiss(b.id) },
	} {
		t.Run(name, func(t *testing.T) {
			wirings(t, func(t *testing.T, how wiring) {
				n := newNetwork(t, how)
				relay := newRelay(t, n, how.v6)
				a := newCaller(t, relay, n.clients[0], n.flows[0].Server)
				b := newCaller(t, relay, n.clients[1], n.flows[1].Server)
				pair := ident.NewPair()
				if err := relay.Join(pair, a.id, b.id); err != nil {
					t.Fatal(err)
				}
				talkInKernel(t, n, relay, a, b)
				forwarded := n.Stats().Forwarded
				end(relay, pair, b)
				silent(t, n, relay, a, b, forwarded)
			})
		})
	}
}

func newRelay(t *testing.T, n *network, v6 bool) *turn.Server {
	t.Helper()
	n.relay.Close()
	relay, err := turn.New(turn.Options{Offload: n.Forwarder})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { relay.Close() })
	n.server.do(func() { err = relay.ListenUDP(netip.AddrPortFrom(anyAddress(v6), 3478).String()) })
	if err != nil {
		t.Fatal(err)
	}
	return relay
}

// talkInKernel lets both talk until the kernel forwards what they say.
func talkInKernel(t *testing.T, n *network, relay *turn.Server, a, b caller) {
	t.Helper()
	for _, c := range [][2]caller{{a, b}, {b, a}} { // clients permit who they write to
		if _, err := c[0].relay.WriteTo([]byte(knock), net.UDPAddrFromAddrPort(c[1].addr())); err != nil {
			t.Fatal(err)
		}
	}
	for i := 0; n.Stats().Forwarded < 20; i++ {
		if i == 5000 {
			t.Fatalf("the kernel does not forward: %+v, %+v", n.Stats(), relay.Stats())
		}
		say(t, a, b, "there")
		say(t, b, a, "and back")
	}
	if s := relay.Stats(); s.Packets < 20 || s.NotOffloaded != 0 || n.Stats().Flows != 2 {
		t.Errorf("the relay counts %+v, the kernel %+v", s, n.Stats())
	}
	if list := relay.Allocations(); list[0].SentPackets < 10 || list[1].SentPackets < 10 || list[0].ReceivedPackets < 10 {
		t.Errorf("the allocations count %+v", list)
	}
}

// silent expects that nothing passes any more, here or in the kernel.
func silent(t *testing.T, n *network, relay *turn.Server, a, b caller, forwarded uint64) {
	t.Helper()
	if flows := n.Stats().Flows; flows != 0 {
		t.Errorf("%d flows are left after the end", flows)
	}
	dropped := func() uint64 {
		drops := relay.Stats().Drops
		return drops[turn.DropNotPaired] + drops[turn.DropNoAllocation]
	}
	for _, c := range [][2]caller{{a, b}, {b, a}} {
		before := dropped()
		if _, err := c[0].relay.WriteTo([]byte("late"), net.UDPAddrFromAddrPort(c[1].addr())); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(patience); dropped() == before; {
			if time.Now().After(deadline) {
				t.Fatalf("what came after the end is not dropped: %+v", relay.Stats())
			}
		}
	}
	if got := n.Stats().Forwarded; got != forwarded {
		t.Errorf("%d packets were forwarded after the end", got-forwarded)
	}
}
