package main

import (
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

var testHost = netip.MustParseAddr("127.0.0.1")

func newTestGenerator(t *testing.T) *generator {
	t.Helper()
	e, err := newEndpoint(0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.close)
	return &generator{endpoint: e, interrupted: new(atomic.Bool)}
}

// loopback is where the generator's socket is reached.
func (g *generator) loopback(t *testing.T) *unix.SockaddrInet4 {
	t.Helper()
	name, err := unix.Getsockname(g.fd)
	if err != nil {
		t.Fatal(err)
	}
	return &unix.SockaddrInet4{Port: name.(*unix.SockaddrInet4).Port, Addr: testHost.As4()}
}

// freeAddr is an address that nobody listened on a moment ago.
func freeAddr(t *testing.T) netip.AddrPort {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

// The generator sends to itself: everything arrives, once, in order, in even and
// in bursts, with and without GRO, and nothing is allocated.
func TestGeneratorAgainstItself(t *testing.T) {
	g := newTestGenerator(t)
	g.aim(netip.AddrPortFrom(testHost, uint16(g.loopback(t).Port)))
	clients := newClients(netip.MustParseAddr("127.64.0.0"), 6)
	for _, c := range clients {
		c.channel = firstChannel
	}
	for _, p := range []pattern{{1, false}, {burst, false}, {burst, true}} {
		if err := g.setGRO(p.gro); err != nil {
			t.Fatal(err)
		}
		g.load = &load{clients: clients, group: p.group, size: 160}
		allocations := testing.AllocsPerRun(1, func() {
			if err := g.send(5000, 50*time.Millisecond); err != nil {
				t.Fatal(err)
			}
		})
		l := g.load
		if l.sent == 0 || l.received != l.sent || l.misrouted+l.reordered > 0 || l.latency.total != l.received {
			t.Errorf("%+v: sent %d, received %d, misrouted %d, reordered %d", p, l.sent, l.received, l.misrouted, l.reordered)
		}
		if perPacket := allocations / float64(max(l.sent, 1)); perPacket > 0.2 {
			t.Errorf("%+v: %.2f allocations a packet", p, perPacket)
		}
	}
}

// What a server sends with UDP GSO arrives packet by packet, with GRO as one
// message and without.
func TestSegments(t *testing.T) {
	const packets, size = 10, 160
	for _, gro := range []bool{true, false} {
		g := newTestGenerator(t)
		if err := g.setGRO(gro); err != nil {
			t.Fatal(err)
		}
		clients := newClients(netip.MustParseAddr("127.64.0.0"), 2)
		g.load = &load{clients: clients, run: 1}
		var run []byte
		for i := range packets {
			one := make([]byte, channelHeader+size)
			putChannelData(one, clients[1].channel, size, stamp{clock(), uint32(i + 1), 0, 1})
			run = append(run, one...)
		}
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		if err := unix.SetsockoptInt(fd, unix.SOL_UDP, unix.UDP_SEGMENT, channelHeader+size); err != nil {
			t.Skip("no UDP GSO here")
		}
		if err := unix.Sendto(fd, run, 0, g.loopback(t)); err != nil {
			t.Fatal(err)
		}
		messages := g.fetch()
		g.each(messages, g.arrived)
		if want := map[bool]int{true: 1, false: packets}[gro]; messages != want {
			t.Errorf("GRO %v: %d messages, want %d", gro, messages, want)
		}
		if l := g.load; l.received != packets || l.reordered+l.misrouted > 0 {
			t.Errorf("GRO %v: received %d, reordered %d, misrouted %d", gro, l.received, l.reordered, l.misrouted)
		}
	}
}

// Both child servers relay between a pair, and only joingyd's stops when the
// pair ends.
func TestChildServersRelay(t *testing.T) {
	for _, name := range []string{"pion", "joingyd"} {
		t.Run(name, func(t *testing.T) {
			addr := freeAddr(t)
			server, _, err := startChildServer(name, addr, "off")
			if err != nil {
				t.Fatal(err)
			}
			g := newTestGenerator(t)
			g.aim(addr)
			clients := newClients(netip.MustParseAddr("127.64.1.0"), 4)
			sources := make([]netip.Addr, len(clients))
			for i, c := range clients {
				sources[i] = netip.AddrFrom4(c.addr)
			}
			credentials, err := server.sessions(sources)
			if err != nil {
				t.Fatal(err)
			}
			for i, c := range clients {
				c.username, c.password = credentials[i].Username, credentials[i].Password
			}
			if err := g.do(clients, challenge, allocate, bind, refresh); err != nil {
				t.Fatal(err)
			}
			if n := server.stats()["allocations"]; n != uint64(len(clients)) {
				t.Errorf("%d allocations, want %d", n, len(clients))
			}
			g.load = &load{clients: clients, group: 1, size: 160}
			if err := g.send(1000, 50*time.Millisecond); err != nil {
				t.Fatal(err)
			}
			if l := g.load; l.sent == 0 || l.received != l.sent || l.misrouted > 0 {
				t.Errorf("sent %d, received %d, misrouted %d", l.sent, l.received, l.misrouted)
			}
			if name == "pion" {
				return
			}
			if a := reply(server, question{Ask: "part", Pair: 1}); a.Error != "" {
				t.Fatal(a.Error)
			}
			if err := g.send(1000, 50*time.Millisecond); err != nil {
				t.Fatal(err)
			}
			if l, want := g.load, clients[0].sequence+clients[1].sequence; l.received != uint64(want) || clients[2].partnerSaw+clients[3].partnerSaw > 0 {
				t.Errorf("with one of two pairs parted, %d of %d arrived, want the other's %d", l.received, l.sent, want)
			}
		})
	}
}

func TestControlReportsRefusal(t *testing.T) {
	addr := freeAddr(t)
	if _, _, err := startChildServer("pion", addr, "off"); err != nil {
		t.Fatal(err)
	}
	g := newTestGenerator(t)
	g.aim(addr)
	clients := newClients(netip.MustParseAddr("127.64.2.0"), 2)
	for _, c := range clients {
		c.username, c.password = "nobody", "knows"
	}
	if err := g.do(clients, challenge, allocate); err == nil {
		t.Error("a stranger's allocation was not refused")
	}
	g.interrupted.Store(true)
	if err := g.do(clients, challenge); err != errInterrupted {
		t.Errorf("do after an interrupt: %v", err)
	}
}

func TestAccounts(t *testing.T) {
	before, err := ownCPU()
	if err != nil {
		t.Fatal(err)
	}
	for end := clock() + 20_000_000; clock() < end; {
	}
	if after, _ := ownCPU(); after-before < time.Millisecond {
		t.Errorf("20 ms of work took %v of CPU", after-before)
	}
	pid := unix.Getpid()
	if cpu, err := processCPU(pid); err != nil || cpu <= 0 {
		t.Errorf("processCPU = %v, %v", cpu, err)
	}
	if kib, err := residentKiB(pid); err != nil || kib < 1000 {
		t.Errorf("residentKiB = %v, %v", kib, err)
	}
	if idle, cores, err := machineIdle(); err != nil || cores < 1 || idle <= 0 {
		t.Errorf("machineIdle = %v of %d cores, %v", idle, cores, err)
	}
}
