package turn_test

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v2"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/turn"
)

// Trial T9: every REQUESTED-TRANSPORT.
func TestT9RequestedTransport(t *testing.T) {
	f := newFixture(t, turn.Options{})
	var accepted []int
	c := f.raw(t, f.Admit(ident.NewSession(), loopback))
	for transport := range 256 {
		answer := c.do(allocate, attr(stun.AttrRequestedTransport, byte(transport), 0, 0, 0))
		if answer != nil && answer.Type.Class == stun.ClassSuccessResponse {
			accepted = append(accepted, transport)
			c.do(refresh, attr(stun.AttrLifetime, 0, 0, 0, 0))
		} else if err := c.refused(answer, allocate, stun.CodeUnsupportedTransProto, true); err != nil {
			t.Errorf("%d: %v", transport, err)
		}
	}
	if len(accepted) != 1 || accepted[0] != 17 {
		t.Errorf("accepted %v, want 17 only", accepted)
	}
	t.Logf("figure: accepted %v", accepted)
}

// Trial T10: another user's credentials from the same 5-tuple.
func TestT10WrongUser(t *testing.T) {
	f := newFixture(t, turn.Options{})
	id := ident.NewSession()
	c := f.raw(t, f.Admit(id, loopback))
	relayed := c.mustAllocate()
	c.creds = f.Admit(ident.NewSession(), loopback)
	for name, answer := range map[string]*stun.Message{
		"Refresh(0)":       c.do(refresh, attr(stun.AttrLifetime, 0, 0, 0, 0)),
		"CreatePermission": c.do(permission, peer(relayed)),
		"ChannelBind":      c.do(channel, attr(stun.AttrChannelNumber, 0x40, 0, 0, 0), peer(relayed)),
	} {
		if err := c.refused(answer, answer.Type, stun.CodeWrongCredentials, true); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !f.Owns(id, relayed) {
		t.Error("hijacked")
	}
	hijacked := 0
	if !f.Owns(id, relayed) {
		hijacked = 1
	}
	t.Logf("figure: hijacks: %d of 3", hijacked)
}

// A session's own allocations talk, so that a client can test the relay alone.
func TestOwnAllocationsTalk(t *testing.T) {
	f := newFixture(t, turn.Options{})
	id := ident.NewSession()
	a := &visitor{id: id, client: f.dial(t, "udp", f.Admit(id, loopback))}
	b := &visitor{id: id, client: f.dial(t, "tcp", f.Admit(id, loopback))}
	a.allocate(t)
	b.allocate(t)
	mutual(t, a, b)
	a.send(t, b, "to myself")
	b.expect(t, a, "to myself")
	f.Dismiss(id)
	if n := f.Stats().Allocations; n != 0 {
		t.Errorf("%d allocations after Dismiss", n)
	}
}

func TestLimits(t *testing.T) {
	for name, test := range map[string]struct {
		opts turn.Options
		code stun.ErrorCode
	}{
		"per session": {turn.Options{AllocationsPerSession: 1}, stun.CodeAllocQuotaReached},
		"per source":  {turn.Options{AllocationsPerSource: 1}, stun.CodeAllocQuotaReached},
		"in total":    {turn.Options{Allocations: 1}, stun.CodeInsufficientCapacity},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, test.opts)
			creds := f.Admit(ident.NewSession(), loopback)
			first, second := f.raw(t, creds), f.raw(t, creds)
			first.mustAllocate()
			if err := second.refused(second.do(allocate, overUDP), allocate, test.code, true); err != nil {
				t.Error(err)
			}
			first.do(refresh, attr(stun.AttrLifetime, 0, 0, 0, 0))
			second.mustAllocate() // the place is free again
		})
	}
}

func TestBandwidth(t *testing.T) {
	for name, opts := range map[string]turn.Options{
		"per allocation": {BandwidthPerAllocation: 3000},
		"in total":       {Bandwidth: 3000},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, opts)
			a, b := f.visit(t, "udp"), f.visit(t, "udp")
			f.mustJoin(t, a, b)
			mutual(t, a, b)
			thousand := string(make([]byte, 1000))
			for range 3 {
				a.send(t, b, thousand)
				b.expect(t, a, thousand)
			}
			a.send(t, b, thousand)
			a.send(t, b, thousand)
			f.waitDrop(t, turn.DropBandwidth)
		})
	}
}

// The 5-tuple of an allocation that pion has deleted can be used again at once:
// the end of the old one does not take the new one along.
func TestDeleteRace(t *testing.T) {
	f := newFixture(t, turn.Options{})
	id := ident.NewSession()
	c := f.raw(t, f.Admit(id, loopback))
	for range 200 {
		relayed := c.mustAllocate()
		if answer := c.do(refresh); answer == nil || answer.Type.Class != stun.ClassSuccessResponse {
			t.Fatalf("a fresh allocation is gone: %v", answer)
		}
		if !f.Owns(id, relayed) {
			t.Fatal("a fresh allocation is gone")
		}
		if answer := c.do(refresh, attr(stun.AttrLifetime, 0, 0, 0, 0)); answer == nil || answer.Type.Class != stun.ClassSuccessResponse {
			t.Fatalf("Refresh(0): %v", answer)
		}
	}
}

func TestExpiredAllocationIsGone(t *testing.T) {
	f := newFixture(t, turn.Options{})
	id := ident.NewSession()
	c := f.raw(t, f.Admit(id, loopback))
	answer := c.do(allocate, overUDP, attr(stun.AttrLifetime, 0, 0, 0, 1))
	if answer == nil || answer.Type.Class != stun.ClassSuccessResponse {
		t.Fatalf("Allocate: %v", answer)
	}
	deadline := time.Now().Add(10 * time.Second)
	for f.Stats().Allocations != 0 {
		if time.Now().After(deadline) {
			t.Fatal("an allocation of one second lives on")
		}
		c.receive(50 * time.Millisecond)
	}
	if err := c.refused(c.do(refresh), refresh, stun.CodeAllocMismatch, true); err != nil {
		t.Error(err)
	}
}

func TestInspectKillDrain(t *testing.T) {
	f := newFixture(t, turn.Options{})
	a, b := f.visit(t, "udp"), f.visit(t, "tcp")
	f.mustJoin(t, a, b)
	mutual(t, a, b)
	a.send(t, b, "ten  bytes")
	b.expect(t, a, "ten  bytes")
	f.waitFor(t, "count of the packet", func() bool { return f.Stats().Packets == 1 }) // queued for b's stream before
	list := f.Allocations()
	if len(list) != 2 || list[0].Session != a.id || list[0].Relayed != a.addr() || list[0].Transport != "udp" || list[1].Transport != "tcp" ||
		!list[0].Paired || list[0].SentBytes != 10 || list[1].ReceivedPackets != 1 || list[0].Client.Addr() != loopback {
		t.Errorf("Allocations = %+v", list)
	}
	if !f.Kill(a.addr()) || f.Kill(a.addr()) || f.Owns(a.id, a.addr()) {
		t.Error("Kill is wrong about what is there")
	}
	drained := make(chan error, 1)
	go func() { drained <- f.Drain(t.Context()) }()
	c := f.raw(t, f.Admit(ident.NewSession(), loopback))
	for !f.Draining() {
		c.challenge()
	}
	if err := c.refused(c.do(allocate, overUDP), allocate, stun.CodeInsufficientCapacity, true); err != nil {
		t.Error(err)
	}
	f.Kill(b.addr())
	if err := <-drained; err != nil {
		t.Errorf("Drain: %v", err)
	}
}

// A client that comes over IPv6 talks to one over IPv4, both ways, until the pair
// ends.
func TestIPv6Client(t *testing.T) {
	f := newFixture(t, turn.Options{})
	six, err := net.ListenPacket("udp6", "[::1]:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.ServeUDP(six); err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("udp6", six.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	a := &visitor{id: ident.NewSession()}
	c := &raw{t: t, conn: conn, creds: f.Admit(a.id, netip.IPv6Loopback()), patience: f.patience}
	own := c.mustAllocate()
	b := f.visit(t, "tcp")
	p := f.mustJoin(t, a, b)
	if answer := c.do(permission, peer(b.addr())); answer == nil || answer.Type.Class != stun.ClassSuccessResponse {
		t.Fatalf("CreatePermission: %v", answer)
	}
	if err := b.client.CreatePermission(net.UDPAddrFromAddrPort(own)); err != nil {
		t.Fatal(err)
	}
	say := func(text string) {
		t.Helper()
		m, err := stun.Build(stun.TransactionID, stun.NewType(stun.MethodSend, stun.ClassIndication), peer(b.addr()), attr(stun.AttrData, []byte(text)...))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.conn.Write(m.Raw); err != nil {
			t.Fatal(err)
		}
	}
	say("from IPv6")
	buffer := make([]byte, 100)
	b.relay.SetReadDeadline(time.Now().Add(10 * time.Second))
	if n, from, err := b.relay.ReadFrom(buffer); err != nil || string(buffer[:n]) != "from IPv6" || from.String() != own.String() {
		t.Fatalf("got %q from %v, %v", buffer[:n], from, err)
	}
	if _, err := b.relay.WriteTo([]byte("to IPv6"), net.UDPAddrFromAddrPort(own)); err != nil {
		t.Fatal(err)
	}
	data, err := c.receive(f.patience).Get(stun.AttrData)
	if err != nil || string(data) != "to IPv6" {
		t.Fatalf("got %q, %v", data, err)
	}
	f.Part(p)
	say("after the end")
	f.waitDrop(t, turn.DropNotPaired)
	if _, err := b.relay.WriteTo([]byte("after the end"), net.UDPAddrFromAddrPort(own)); err != nil {
		t.Fatal(err)
	}
	if m := c.receive(200 * time.Millisecond); m != nil {
		t.Errorf("something arrived after the end: %v", m)
	}
}

// Trial R3: a permission list with one bad peer among good ones.
func TestR3OneBadPeer(t *testing.T) {
	f := newFixture(t, turn.Options{})
	c := f.raw(t, f.Admit(ident.NewSession(), loopback))
	own := c.mustAllocate()
	tried := 0
	for _, text := range []string{"127.0.0.1:80", "8.8.8.8:53", "198.18.0.1:9", "10.0.0.1:80"} {
		bad := peer(netip.MustParseAddrPort(text))
		for _, list := range [][]stun.Setter{{bad, peer(own), peer(own)}, {peer(own), bad, peer(own)}, {peer(own), peer(own), bad}} {
			tried++
			if err := c.refused(c.do(permission, list...), permission, stun.CodeForbidden, true); err != nil {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
	// None was installed, so that nothing can be sent to the good one either.
	m, err := stun.Build(stun.TransactionID, stun.NewType(stun.MethodSend, stun.ClassIndication), peer(own), attr(stun.AttrData, []byte("echo")...))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.conn.Write(m.Raw); err != nil {
		t.Fatal(err)
	}
	if answer := c.receive(200 * time.Millisecond); answer != nil {
		t.Errorf("a permission was installed: %v", answer)
	}
	t.Logf("figure: %d/%d lists refused whole", tried, tried)
}

// Over TCP a client that does not authenticate is answered, and cut off when it
// goes on and on; one that guesses is cut off as soon as its source's budget is
// used up.
func TestStrangersOnConnections(t *testing.T) {
	for name, test := range map[string]struct {
		attrs       []stun.Setter
		least, most int
	}{
		"asking":   {nil, 60, 70},
		"guessing": {[]stun.Setter{stun.NewUsername("4000000000:x"), stun.NewRealm("joingyd"), stun.NewNonce("n"), stun.NewShortTermIntegrity("guess")}, 5, 20},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, turn.Options{})
			conn, err := net.Dial("tcp", f.tcp)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			answers := 0
			for range 1000 {
				m, err := stun.Build(append([]stun.Setter{stun.TransactionID, allocate}, test.attrs...)...)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := conn.Write(m.Raw); err != nil {
					break
				}
				conn.SetReadDeadline(time.Now().Add(f.patience))
				if _, err := conn.Read(make([]byte, 500)); err != nil {
					break
				}
				answers++
			}
			if answers < test.least || answers > test.most {
				t.Errorf("%d answers before the end, want %d to %d", answers, test.least, test.most)
			}
		})
	}
}

// EVEN-PORT is granted at the first draw: every relay port is even, where pion
// would open up to 128 relays to find one.
func TestEvenPort(t *testing.T) {
	f := newFixture(t, openOptions(nil))
	for range 20 {
		c := f.raw(t, turn.Credentials{Username: "static", Password: "password"})
		answer := c.do(allocate, overUDP, attr(stun.AttrEvenPort, 0))
		if answer == nil || answer.Type.Class != stun.ClassSuccessResponse {
			t.Fatalf("Allocate: %v", answer)
		}
		var relayed stun.XORMappedAddress
		if err := relayed.GetFromAs(answer, stun.AttrXORRelayedAddress); err != nil || relayed.Port%2 != 0 {
			t.Errorf("relayed %v, %v", relayed, err)
		}
	}
}
