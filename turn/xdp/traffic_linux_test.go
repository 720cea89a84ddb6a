package xdp_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/joingyd/joingyd/turn/xdp"
)

// patience is for packets that must arrive.
const patience = 5 * time.Second

// network is a server and two clients in namespaces of their own, each on a wire of
// its own to the server, or both behind the same.
type network struct {
	server  *namespace
	relay   *net.UDPConn // what the kernel does not forward arrives here
	clients [2]*net.UDPConn
	flows   [2]xdp.Flow
	targets [2]xdp.Target
	*xdp.Forwarder
}

type wiring struct {
	mode    xdp.Mode
	v6      bool
	one     bool // wire
	offload bool // leave the clients' checksums to network cards
}

func (w wiring) String() string {
	return fmt.Sprintf("mode=%s,v6=%v,one=%v", w.mode, w.v6, w.one)
}

func newNetwork(t *testing.T, how wiring) *network {
	t.Helper()
	n := &network{server: newNamespace(t)}
	spaces := []*namespace{newNamespace(t)}
	if !how.one {
		spaces = append(spaces, newNamespace(t))
	}
	var interfaces []string
	for i, space := range spaces {
		wire := fmt.Sprintf("wire%d", i+1)
		interfaces = append(interfaces, wire)
		n.server.ip(t, `link add %[1]s address 02:01:00:00:00:%02[2]x type veth peer name wire address 02:02:00:00:00:%02[2]x netns %[3]d
link set %[1]s up`, wire, i+1, space.tid)
		space.ip(t, "link set wire up")
		if !how.offload {
			space.sumInSoftware(t, "wire")
		}
		if how.mode == xdp.ModeNative {
			index := space.index(t, "wire")
			space.do(func() { xdp.AttachPass(t, index) })
		}
	}
	n.server.do(func() { n.relay = listen(t, netip.AddrPortFrom(anyAddress(how.v6), 3478)) })
	for i := range n.clients {
		c, s := client(how.v6, byte(i+1)), server(how.v6, byte(i+1))
		wire := min(i, len(spaces)-1)
		length, nodad := 24, ""
		if how.v6 {
			length, nodad = 48, "nodad"
		}
		n.server.ip(t, `addr add %s/%d dev wire%[5]d %[3]s
neigh add %[4]s lladdr 02:02:00:00:00:%02[5]x dev wire%[5]d nud permanent`, s.Addr(), length, nodad, c.Addr(), wire+1)
		spaces[wire].ip(t, `addr add %s/%d dev wire %[3]s
neigh add %[4]s lladdr 02:01:00:00:00:%02[5]x dev wire nud permanent`, c.Addr(), length, nodad, s.Addr(), wire+1)
		spaces[wire].do(func() { n.clients[i] = listen(t, c) })
		n.flows[i], n.targets[i] = flow(how.v6, byte(i+1), byte(2-i))
		n.targets[i].Channel = 0x4000 + uint16(2-i) // each has its own number for the other
	}
	n.Forwarder = n.server.open(t, xdp.Options{Interfaces: interfaces, Mode: how.mode})
	return n
}

func anyAddress(v6 bool) netip.Addr {
	if v6 {
		return netip.IPv6Unspecified()
	}
	return netip.IPv4Unspecified()
}

func listen(t *testing.T, at netip.AddrPort) *net.UDPConn {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
	if err != nil {
		t.Error(err)
		return nil
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func (n *network) put(t *testing.T) {
	t.Helper()
	for i := range n.flows {
		if err := n.Put(n.flows[i], n.targets[i]); err != nil {
			t.Fatal(err)
		}
	}
}

// send sends a message from client i on its channel.
func (n *network) send(t *testing.T, i int, data []byte) {
	t.Helper()
	if _, err := n.clients[i].WriteToUDPAddrPort(message(n.flows[i].Channel, data), n.flows[i].Server); err != nil {
		t.Fatal(err)
	}
}

func message(channel uint16, data []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, channel)
	return append(binary.BigEndian.AppendUint16(b, uint16(len(data))), data...)
}

// arrives waits for exactly this message.
func arrives(t *testing.T, at *net.UDPConn, from netip.AddrPort, want []byte) {
	t.Helper()
	at.SetReadDeadline(time.Now().Add(patience))
	buffer := make([]byte, 2048)
	got, source, err := at.ReadFromUDPAddrPort(buffer)
	if err != nil {
		t.Fatalf("waiting for %.20x: %v", want, err)
	}
	source = netip.AddrPortFrom(source.Addr().Unmap(), source.Port())
	if source != from || !bytes.Equal(buffer[:got], want) {
		t.Fatalf("got %.20x (%d bytes) from %v\nwant %.20x (%d bytes) from %v", buffer[:got], got, source, want, len(want), from)
	}
}

// relayed expects a message of client i to reach the other one.
func (n *network) relayed(t *testing.T, i int, data []byte) {
	t.Helper()
	n.send(t, i, data)
	arrives(t, n.clients[1-i], n.targets[i].Server, message(n.targets[i].Channel, data))
}

// left expects a message of client i to reach the relay's own socket.
func (n *network) left(t *testing.T, i int, data []byte) {
	t.Helper()
	n.send(t, i, data)
	arrives(t, n.relay, n.flows[i].Client, message(n.flows[i].Channel, data))
}

func wirings(t *testing.T, test func(t *testing.T, how wiring)) {
	for _, mode := range []xdp.Mode{xdp.ModeNative, xdp.ModeGeneric} {
		for _, v6 := range []bool{false, true} {
			for _, one := range []bool{false, true} {
				how := wiring{mode: mode, v6: v6, one: one}
				t.Run(how.String(), func(t *testing.T) { test(t, how) })
			}
		}
	}
}

func payload(size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(i*i + size)
	}
	return b
}

// TestTraffic takes a call of real sockets over real interfaces through its life.
func TestTraffic(t *testing.T) {
	wirings(t, func(t *testing.T, how wiring) {
		n := newNetwork(t, how)
		n.left(t, 0, payload(30))
		n.put(t)
		bytes := uint64(0)
		for size := 0; size <= 1400; size += 35 {
			n.relayed(t, 0, payload(size))
			n.relayed(t, 1, payload(size))
			bytes += uint64(size)
		}
		for i, f := range n.flows {
			if c, ok := n.Counters(f); !ok || c.Packets != 41 || c.Bytes != bytes || c.Dropped != 0 || c.Last < 0 {
				t.Errorf("counters of client %d: %+v, %v, want 41 packets, %d bytes", i+1, c, ok, bytes)
			}
		}
		if s := n.Stats(); s.Forwarded != 82 || s.Dropped != 0 || s.Passed != (xdp.Passed{}) || s.Flows != 2 {
			t.Errorf("stats %+v, want 82 packets forwarded, none passed", s)
		}

		expired := n.targets[0]
		expired.Until = 0
		if err := n.Put(n.flows[0], expired); err != nil {
			t.Fatal(err)
		}
		n.left(t, 0, payload(99))
		if s := n.Stats(); s.Passed != (xdp.Passed{Expired: 1}) {
			t.Errorf("passed %+v, want 1 expired", s.Passed)
		}
		n.put(t)
		n.relayed(t, 0, payload(98))

		if c, ok := n.Delete(n.flows[0]); !ok || c.Packets != 42 {
			t.Errorf("last counters %+v, %v, want 42 packets", c, ok)
		}
		n.left(t, 0, payload(97))
		n.relayed(t, 1, payload(96)) // the other direction is a flow of its own
		if err := n.Close(); err != nil {
			t.Error(err)
		}
		n.left(t, 1, payload(95))
	})
}

func TestTrafficOverItsRate(t *testing.T) {
	wirings(t, func(t *testing.T, how wiring) {
		n := newNetwork(t, how)
		n.targets[0].Rate = 1000
		n.put(t)
		for range 20 {
			n.send(t, 0, payload(500))
		}
		// Once the last one is accounted for, so are those before.
		var c xdp.Counters
		for deadline := time.Now().Add(patience); time.Now().Before(deadline) && c.Packets+c.Dropped < 20; {
			c, _ = n.Counters(n.flows[0])
		}
		if c.Packets < 2 || c.Packets > 10 || c.Packets+c.Dropped != 20 {
			t.Errorf("counters %+v, want a burst of 2 packets forwarded, most of 20 dropped", c)
		}
		for range c.Packets {
			arrives(t, n.clients[1], n.targets[0].Server, message(n.targets[0].Channel, payload(500)))
		}
		n.relayed(t, 1, payload(500)) // has no bound
		if s := n.Stats(); s.Dropped != c.Dropped {
			t.Errorf("stats %+v, want %d dropped", s, c.Dropped)
		}
	})
}

// TestOffloadedChecksumsArePassed: packets of another machine on the same host may
// come without their checksums, which only the ordinary path knows to add.
func TestOffloadedChecksumsArePassed(t *testing.T) {
	wirings(t, func(t *testing.T, how wiring) {
		how.offload = true
		n := newNetwork(t, how)
		n.put(t)
		for size := 100; size < 120; size++ {
			n.left(t, 0, payload(size))
		}
		if s := n.Stats(); s.Passed != (xdp.Passed{Checksum: 20}) || s.Forwarded != 0 {
			t.Errorf("stats %+v, want 20 passed for their checksums", s)
		}
	})
}
