package turn_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v2"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/turn"
)

// raw is a client that sends what it is told to, over one UDP socket.
type raw struct {
	t     *testing.T
	conn  net.Conn
	creds turn.Credentials
	nonce stun.Nonce

	patience time.Duration // for an answer
}

func (f *fixture) raw(t *testing.T, creds turn.Credentials) *raw {
	t.Helper()
	conn, err := net.Dial("udp", f.udp)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &raw{t: t, conn: conn, creds: creds, patience: f.patience}
}

var (
	allocate   = stun.NewType(stun.MethodAllocate, stun.ClassRequest)
	refresh    = stun.NewType(stun.MethodRefresh, stun.ClassRequest)
	permission = stun.NewType(stun.MethodCreatePermission, stun.ClassRequest)
	channel    = stun.NewType(stun.MethodChannelBind, stun.ClassRequest)
)

// attr is an attribute as it is on the wire.
func attr(kind stun.AttrType, value ...byte) stun.Setter {
	return stun.RawAttribute{Type: kind, Value: value}
}

var overUDP = attr(stun.AttrRequestedTransport, 17, 0, 0, 0)

func peer(addr netip.AddrPort) stun.Setter {
	return peerSetter{addr}
}

type peerSetter struct{ addr netip.AddrPort }

func (p peerSetter) AddTo(m *stun.Message) error {
	return stun.XORMappedAddress{IP: p.addr.Addr().AsSlice(), Port: int(p.addr.Port())}.AddToAs(m, stun.AttrXORPeerAddress)
}

// frame is a ChannelData message.
func frame(number uint16, data string) []byte {
	m := binary.BigEndian.AppendUint16(nil, number)
	return append(binary.BigEndian.AppendUint16(m, uint16(len(data))), data...)
}

// build signs a request as the credentials' user.
func (c *raw) build(kind stun.MessageType, attrs ...stun.Setter) *stun.Message {
	c.t.Helper()
	setters := append([]stun.Setter{stun.TransactionID, kind}, attrs...)
	setters = append(setters, stun.NewUsername(c.creds.Username), stun.NewRealm("joingyd"), c.nonce,
		stun.NewLongTermIntegrity(c.creds.Username, "joingyd", c.creds.Password))
	m, err := stun.Build(setters...)
	if err != nil {
		c.t.Fatal(err)
	}
	return m
}

// roundTrip sends bytes and returns the answer, nil if there is none in time.
func (c *raw) roundTrip(request []byte) *stun.Message {
	c.t.Helper()
	if _, err := c.conn.Write(request); err != nil {
		c.t.Fatal(err)
	}
	return c.receive(c.patience)
}

func (c *raw) receive(patience time.Duration) *stun.Message {
	c.t.Helper()
	if err := c.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		c.t.Fatal(err)
	}
	buffer := make([]byte, 2000)
	n, err := c.conn.Read(buffer)
	if err != nil {
		return nil
	}
	m := &stun.Message{Raw: buffer[:n]}
	if err := m.Decode(); err != nil {
		c.t.Fatalf("undecodable answer %x: %v", buffer[:n], err)
	}
	return m
}

// do sends a signed request, after fetching a nonce if there is none yet.
func (c *raw) do(kind stun.MessageType, attrs ...stun.Setter) *stun.Message {
	c.t.Helper()
	if c.nonce == nil {
		c.challenge()
	}
	return c.roundTrip(c.build(kind, attrs...).Raw)
}

func (c *raw) challenge() {
	c.t.Helper()
	bare, err := stun.Build(stun.TransactionID, allocate, overUDP)
	if err != nil {
		c.t.Fatal(err)
	}
	answer := c.roundTrip(bare.Raw)
	if answer == nil {
		c.t.Fatal("no challenge")
	}
	if err := c.nonce.GetFrom(answer); err != nil {
		c.t.Fatal(err)
	}
}

// mustAllocate returns the relayed transport address.
func (c *raw) mustAllocate() netip.AddrPort {
	c.t.Helper()
	answer := c.do(allocate, overUDP)
	if answer == nil || answer.Type.Class != stun.ClassSuccessResponse {
		c.t.Fatalf("Allocate: %v", answer)
	}
	var relayed stun.XORMappedAddress
	if err := relayed.GetFromAs(answer, stun.AttrXORRelayedAddress); err != nil {
		c.t.Fatal(err)
	}
	addr, _ := netip.AddrFromSlice(relayed.IP)
	return netip.AddrPortFrom(addr.Unmap(), uint16(relayed.Port))
}

// refused checks that the answer is an error response to kind with the code,
// and, if signed, with the user's MESSAGE-INTEGRITY.
func (c *raw) refused(answer *stun.Message, kind stun.MessageType, code stun.ErrorCode, signed bool) error {
	if answer == nil {
		return fmt.Errorf("silence, want %d", code)
	}
	if answer.Type.Method != kind.Method || answer.Type.Class != stun.ClassErrorResponse {
		return fmt.Errorf("got %v, want an error response with %d", answer.Type, code)
	}
	var got stun.ErrorCodeAttribute
	if err := got.GetFrom(answer); err != nil {
		return fmt.Errorf("error response without ERROR-CODE, want %d", code)
	}
	if got.Code != code {
		return fmt.Errorf("error code %d, want %d", got.Code, code)
	}
	if signed {
		return stun.NewLongTermIntegrity(c.creds.Username, "joingyd", c.creds.Password).Check(answer)
	}
	if code == stun.CodeUnauthorized && (!answer.Contains(stun.AttrNonce) || !answer.Contains(stun.AttrRealm)) {
		return errors.New("401 without NONCE and REALM")
	}
	return nil
}

// gateCases are what pion alone gets wrong. Each returns what is wrong.
var gateCases = map[string]func(*testing.T, *fixture) error{
	"437 for Refresh without an allocation": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		return c.refused(c.do(refresh), refresh, stun.CodeAllocMismatch, true)
	},
	"437 for CreatePermission without an allocation": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		return c.refused(c.do(permission, peer(netip.MustParseAddrPort("198.18.1.1:1"))), permission, stun.CodeAllocMismatch, true)
	},
	"437 for ChannelBind without an allocation": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		return c.refused(c.do(channel, attr(stun.AttrChannelNumber, 0x40, 0, 0, 0), peer(netip.MustParseAddrPort("198.18.1.1:1"))), channel, stun.CodeAllocMismatch, true)
	},
	"437 for Allocate on another user's 5-tuple": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		c.mustAllocate()
		c.creds = f.Admit(ident.NewSession(), loopback)
		return c.refused(c.do(allocate, overUDP), allocate, stun.CodeAllocMismatch, true)
	},
	"401 for a wrong password": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		c.creds.Password = "guess"
		return c.refused(c.do(allocate, overUDP), allocate, stun.CodeUnauthorized, false)
	},
	"401 for an unknown user": func(t *testing.T, f *fixture) error {
		c := f.raw(t, turn.Credentials{Username: "4000000000:nobody", Password: "guess"})
		return c.refused(c.do(allocate, overUDP), allocate, stun.CodeUnauthorized, false)
	},
	"401 for CreatePermission without credentials": func(t *testing.T, f *fixture) error {
		c := f.raw(t, turn.Credentials{})
		bare, _ := stun.Build(stun.TransactionID, permission, peer(netip.MustParseAddrPort("198.18.1.1:1")))
		return c.refused(c.roundTrip(bare.Raw), permission, stun.CodeUnauthorized, false)
	},
	"403 for a denied CreatePermission": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		c.mustAllocate()
		return c.refused(c.do(permission, peer(netip.MustParseAddrPort("10.0.0.1:80"))), permission, stun.CodeForbidden, true)
	},
	"403 for a denied ChannelBind": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		c.mustAllocate()
		return c.refused(c.do(channel, attr(stun.AttrChannelNumber, 0x40, 0, 0, 0), peer(netip.MustParseAddrPort("10.0.0.1:80"))), channel, stun.CodeForbidden, true)
	},
	"403 for an Allocate from a banned address": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		c.challenge()
		f.banned.Store(true)
		return c.refused(c.do(allocate, overUDP), allocate, stun.CodeForbidden, true)
	},
	"441 for another user on a live 5-tuple, who ends nothing": func(t *testing.T, f *fixture) error {
		id := ident.NewSession()
		c := f.raw(t, f.Admit(id, loopback))
		relayed := c.mustAllocate()
		c.creds = f.Admit(ident.NewSession(), loopback)
		err := c.refused(c.do(refresh, attr(stun.AttrLifetime, 0, 0, 0, 0)), refresh, stun.CodeWrongCredentials, true)
		if !f.Owns(id, relayed) {
			err = errors.Join(err, errors.New("another user ended the allocation"))
		}
		return err
	},
	"442 for a TCP relay": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		return c.refused(c.do(allocate, attr(stun.AttrRequestedTransport, 6, 0, 0, 0)), allocate, stun.CodeUnsupportedTransProto, true)
	},
	"440 for an IPv6 relay": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		return c.refused(c.do(allocate, overUDP, attr(stun.AttrRequestedAddressFamily, 2, 0, 0, 0)), allocate, stun.CodeAddrFamilyNotSupported, true)
	},
	"420 for an attribute that must be understood": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		return c.refused(c.do(allocate, overUDP, attr(0x7abc, 1)), allocate, stun.CodeUnknownAttribute, true)
	},
	"508 for a reservation": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		return errors.Join(
			c.refused(c.do(allocate, overUDP, attr(stun.AttrEvenPort, 0x80)), allocate, stun.CodeInsufficientCapacity, true),
			c.refused(c.do(allocate, overUDP, attr(stun.AttrReservationToken, 1, 2, 3, 4, 5, 6, 7, 8)), allocate, stun.CodeInsufficientCapacity, true),
		)
	},
	"400 for an address of zero length": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		c.mustAllocate()
		return c.refused(c.do(permission, attr(stun.AttrXORPeerAddress)), permission, stun.CodeBadRequest, true)
	},
	"what follows MESSAGE-INTEGRITY is ignored": func(t *testing.T, f *fixture) error {
		id := ident.NewSession()
		c := f.raw(t, f.Admit(id, loopback))
		relayed := c.mustAllocate()
		m := c.build(refresh)
		m.Add(stun.AttrLifetime, []byte{0, 0, 0, 0}) // pion ends the allocation
		answer := c.roundTrip(m.Raw)
		if answer == nil || answer.Type.Class != stun.ClassSuccessResponse {
			return fmt.Errorf("Refresh: %v", answer)
		}
		if !f.Owns(id, relayed) {
			return errors.New("an unprotected LIFETIME ended the allocation")
		}
		return nil
	},
	"R3: one bad peer among good ones, and none is installed": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		own := c.mustAllocate()
		bad := netip.MustParseAddrPort("10.0.0.1:80")
		return c.refused(c.do(permission, peer(own), peer(bad), peer(own)), permission, stun.CodeForbidden, true)
	},
	"an expired credential refreshes what it made": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		c.mustAllocate()
		f.ahead.Store(int64(2 * time.Hour))
		if answer := c.do(refresh); answer == nil || answer.Type.Class != stun.ClassSuccessResponse {
			return fmt.Errorf("Refresh: %v", answer)
		}
		return nil
	},
	"unauthenticated answers are bounded": func(t *testing.T, f *fixture) error {
		c := f.raw(t, turn.Credentials{})
		for range 60 {
			bare, _ := stun.Build(stun.TransactionID, stun.BindingRequest)
			if _, err := c.conn.Write(bare.Raw); err != nil {
				return err
			}
		}
		answers := 0
		for c.receive(300*time.Millisecond) != nil {
			answers++
		}
		if answers == 0 || answers > 20 {
			return fmt.Errorf("%d of 60 were answered, want about 10", answers)
		}
		return nil
	},
}

// openGateCases are more of them, for which the masked relay has no peers.
var openGateCases = map[string]func(*testing.T, *fixture) error{
	"508 for one permission too many": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		c.mustAllocate()
		for i := range 2 {
			var peers []stun.Setter
			for j := range 64 {
				peers = append(peers, peer(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, byte(i), byte(j + 1)}), 9)))
			}
			if answer := c.do(permission, peers...); answer == nil || answer.Type.Class != stun.ClassSuccessResponse {
				return fmt.Errorf("the first 128: %v", answer)
			}
		}
		return c.refused(c.do(permission, peer(netip.MustParseAddrPort("127.0.9.9:9"))), permission, stun.CodeInsufficientCapacity, true)
	},
	"508 for one channel too many": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		c.mustAllocate()
		bind := func(i int) *stun.Message {
			return c.do(channel, attr(stun.AttrChannelNumber, 0x40, byte(i), 0, 0), peer(netip.AddrPortFrom(loopback, uint16(1000+i))))
		}
		for i := range 128 {
			if answer := bind(i); answer == nil || answer.Type.Class != stun.ClassSuccessResponse {
				return fmt.Errorf("channel %d: %v", i, answer)
			}
		}
		return c.refused(bind(128), channel, stun.CodeInsufficientCapacity, true)
	},
}

// Both modes behave alike.
func TestGate(t *testing.T) {
	run := func(mode string, opts turn.Options, cases map[string]func(*testing.T, *fixture) error) {
		for name, test := range cases {
			t.Run(mode+"/"+name, func(t *testing.T) {
				f := newFixture(t, opts)
				if err := test(t, f); err != nil {
					t.Error(err)
				}
			})
		}
	}
	run("masked", turn.Options{}, gateCases)
	run("open", openOptions(nil), gateCases)
	run("open", openOptions(nil), openGateCases)
}

// Without the gate every case fails in pion, or it would prove nothing.
func TestGateOff(t *testing.T) {
	cases := maps.Clone(gateCases)
	maps.Copy(cases, openGateCases)
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, turn.Ungated(openOptions(nil)))
			f.patience = 300 * time.Millisecond // pion alone is often silent
			if err := test(t, f); err == nil {
				t.Error("pion alone gets this right: the case does not test the gate")
			} else {
				t.Logf("pion alone: %v", err)
			}
		})
	}
}

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
