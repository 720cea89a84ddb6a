package turn_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/selfsign"
	"github.com/pion/logging"
	"github.com/pion/stun/v2"
	pion "github.com/pion/turn/v4"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/turn"
)

var loopback = netip.MustParseAddr("127.0.0.1")

// fixture is a relay on loopback with a UDP and a TCP socket.
type fixture struct {
	*turn.Server
	udp, tcp, tls, dtls string

	banned   *atomic.Bool  // whether every address is
	ahead    *atomic.Int64 // how far the relay's clock is, a time.Duration
	patience time.Duration // of raw clients, for an answer
}

func newFixture(t *testing.T, opts turn.Options) *fixture {
	t.Helper()
	banned := new(atomic.Bool)
	if opts.Refused == nil {
		opts.Refused = func(netip.Addr) bool { return banned.Load() }
	}
	ahead := new(atomic.Int64)
	if opts.Now == nil {
		opts.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	}
	s, err := turn.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	encrypted := tls.NewListener(plain, &tls.Config{GetCertificate: testCertificate})
	datagrams, err := turn.ListenDTLS("127.0.0.1:0", testCertificate)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.ServeUDP(udp), s.ServeStream("tcp", tcp), s.ServeStream("tls", encrypted), s.ServeStream("dtls", datagrams)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &fixture{
		Server: s, udp: udp.LocalAddr().String(), tcp: tcp.Addr().String(), tls: plain.Addr().String(), dtls: datagrams.Addr().String(),
		banned: banned, ahead: ahead, patience: 10 * time.Second,
	}
}

// testCertificate is one self-signed certificate for all tests.
var testCertificate = sync.OnceValue(func() func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	certificate, err := selfsign.GenerateSelfSigned()
	return func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &certificate, err }
})()

func dialDTLS(addr string) (net.Conn, error) {
	server, err := net.ResolveUDPAddr("udp", addr)
	if err != nil {
		return nil, err
	}
	return dtls.DialWithOptions("udp", server, dtls.WithInsecureSkipVerify(true))
}

// visitor is a session with one TURN client.
type visitor struct {
	id     ident.Session
	client *pion.Client
	relay  net.PacketConn
}

func (f *fixture) dial(t *testing.T, network string, c turn.Credentials) *pion.Client {
	t.Helper()
	var conn net.PacketConn
	var stream net.Conn
	var err error
	server := f.tcp
	switch network {
	case "udp":
		server = f.udp
		conn, err = net.ListenPacket("udp", "127.0.0.1:0")
	case "tcp":
		stream, err = net.Dial("tcp", f.tcp)
	case "tls":
		stream, err = tls.Dial("tcp", f.tls, &tls.Config{InsecureSkipVerify: true})
	case "dtls":
		stream, err = dialDTLS(f.dtls)
	}
	if err != nil {
		t.Fatal(err)
	}
	if stream != nil {
		conn = pion.NewSTUNConn(stream)
	}
	quiet := logging.NewDefaultLoggerFactory()
	quiet.DefaultLogLevel = logging.LogLevelDisabled
	client, err := pion.NewClient(&pion.ClientConfig{
		STUNServerAddr: server, TURNServerAddr: server, Conn: conn,
		Username: c.Username, Password: c.Password, Realm: "joingyd", LoggerFactory: quiet,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Listen(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); conn.Close() })
	return client
}

func (f *fixture) visit(t *testing.T, network string) *visitor {
	t.Helper()
	v := &visitor{id: ident.NewSession()}
	v.client = f.dial(t, network, f.Admit(v.id, loopback))
	v.allocate(t)
	return v
}

func (v *visitor) allocate(t *testing.T) {
	t.Helper()
	var err error
	if v.relay, err = v.client.Allocate(); err != nil {
		t.Fatalf("Allocate: %v", err)
	}
}

func (v *visitor) addr() netip.AddrPort { return v.relay.LocalAddr().(*net.UDPAddr).AddrPort() }

func (v *visitor) permit(peer *visitor) error {
	return v.client.CreatePermission(peer.relay.LocalAddr())
}

// send sends one packet without asking for a permission first.
func (v *visitor) send(t *testing.T, to *visitor, text string) {
	t.Helper()
	if _, err := v.relay.WriteTo([]byte(text), to.relay.LocalAddr()); err != nil {
		t.Fatalf("WriteTo: %v", err)
	}
}

// expect reads one packet and compares it.
func (v *visitor) expect(t *testing.T, from *visitor, want string) {
	t.Helper()
	v.relay.SetReadDeadline(time.Now().Add(10 * time.Second))
	buffer := make([]byte, 2000)
	n, addr, err := v.relay.ReadFrom(buffer)
	if err != nil {
		t.Fatalf("ReadFrom: %v", err)
	}
	if string(buffer[:n]) != want || addr.String() != from.relay.LocalAddr().String() {
		t.Fatalf("got %q from %v, want %q from %v", buffer[:n], addr, want, from.relay.LocalAddr())
	}
}

func (f *fixture) mustJoin(t *testing.T, a, b *visitor) ident.Pair {
	t.Helper()
	p := ident.NewPair()
	if err := f.Join(p, a.id, b.id); err != nil {
		t.Fatalf("Join: %v", err)
	}
	return p
}

func mutual(t *testing.T, a, b *visitor) {
	t.Helper()
	if err := errors.Join(a.permit(b), b.permit(a)); err != nil {
		t.Fatalf("CreatePermission: %v", err)
	}
}

func TestPairTalks(t *testing.T) {
	for _, test := range []struct{ a, b string }{
		{"udp", "udp"}, {"tcp", "tcp"}, {"tls", "tls"}, {"dtls", "dtls"}, {"udp", "tcp"}, {"udp", "tls"}, {"tcp", "tls"}, {"dtls", "tcp"},
	} {
		t.Run(test.a+"-"+test.b, func(t *testing.T) {
			f := newFixture(t, turn.Options{})
			a, b := f.visit(t, test.a), f.visit(t, test.b)
			for _, v := range []*visitor{a, b} {
				if !turn.RelayRange.Contains(v.addr().Addr()) {
					t.Errorf("relayed transport address %v is outside %v", v.addr(), turn.RelayRange)
				}
			}
			f.mustJoin(t, a, b)
			mutual(t, a, b)
			for range 20 { // first as indications, later on a channel
				a.send(t, b, "hello, partner b")
				b.expect(t, a, "hello, partner b")
				b.send(t, a, "hello, partner a")
				a.expect(t, b, "hello, partner a")
			}
			// What goes to a stream is counted once it is queued.
			f.waitFor(t, "40 packets", func() bool { return f.Stats().Packets >= 40 })
			if stats := f.Stats(); stats.Packets != 40 || stats.Bytes != 640 || stats.Allocations != 2 {
				t.Errorf("Stats() = %+v", stats)
			}
		})
	}
}

// Trials R1, R4: whoever is not the partner cannot be reached.
func TestR1OnlyThePartner(t *testing.T) {
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) { onlyThePartner(t, newFixture(t, turn.Options{}), network) })
	}
}

// Trial R1: what is sent to a socket of this machine without asking does not
// arrive either.
func TestR1NothingLeaves(t *testing.T) {
	f := newFixture(t, turn.Options{})
	outside, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer outside.Close()
	at := addrOf(outside)
	c := f.raw(t, f.Admit(ident.NewSession(), loopback))
	c.mustAllocate()
	const tries = 20
	for i := range tries {
		c.do(permission, peer(at))
		c.do(channel, attr(stun.AttrChannelNumber, 0x40, byte(i), 0, 0), peer(at))
		m, err := stun.Build(stun.TransactionID, stun.NewType(stun.MethodSend, stun.ClassIndication), peer(at), attr(stun.AttrData, 'x'))
		if err != nil {
			t.Fatal(err)
		}
		for _, packet := range [][]byte{m.Raw, frame(0x4000+uint16(i), "x")} {
			if _, err := c.conn.Write(packet); err != nil {
				t.Fatal(err)
			}
		}
	}
	f.waitFor(t, "drop of everything", func() bool {
		drops := f.Stats().Drops
		return drops[turn.DropUnknownPeer]+drops[turn.DropNoChannel] >= 2*tries
	})
	outside.SetReadDeadline(time.Now())
	seen := 0
	for {
		if _, _, err := outside.ReadFrom(make([]byte, 10)); err != nil {
			break
		}
		seen++
	}
	if seen != 0 {
		t.Errorf("%d packets arrived", seen)
	}
	t.Logf("figure: packets seen outside: %d of %d", seen, 2*tries)
}

func addrOf(conn net.PacketConn) netip.AddrPort { return conn.LocalAddr().(*net.UDPAddr).AddrPort() }

func onlyThePartner(t *testing.T, f *fixture, network string) {
	t.Helper()
	a, b, stranger := f.visit(t, network), f.visit(t, network), f.visit(t, network)
	if err := a.permit(b); err == nil {
		t.Error("permission for a session that is not the partner was granted")
	}
	f.mustJoin(t, a, b)
	mutual(t, a, b)
	if a.permit(stranger) == nil || stranger.permit(a) == nil {
		t.Error("permission between a pair and a stranger was granted")
	}
	for _, peer := range []string{
		"127.0.0.1", "10.0.0.1", "169.254.169.254", "192.0.2.1", "198.18.0.0", "8.8.8.8", "0.0.0.0", "::1", "::ffff:127.0.0.1",
	} {
		if a.client.CreatePermission(&net.UDPAddr{IP: net.ParseIP(peer), Port: 80}) == nil {
			t.Errorf("permission for %s was granted", peer)
		}
	}
	a.send(t, b, "hello")
	b.expect(t, a, "hello")
}

// Trial R4: what was granted under a pair dies with it, and does not revive when
// the same two meet again.
func TestR4PermissionsDieWithThePair(t *testing.T) {
	f := newFixture(t, turn.Options{})
	a, b := f.visit(t, "udp"), f.visit(t, "udp")
	p := f.mustJoin(t, a, b)
	mutual(t, a, b)
	a.send(t, b, "first pair")
	b.expect(t, a, "first pair")

	f.Part(p)
	a.send(t, b, "after the end")
	f.waitDrop(t, turn.DropNotPaired)

	f.mustJoin(t, a, b)
	dropped := f.dropped()
	a.send(t, b, "old permission and channel, new pair")
	f.waitFor(t, "another drop", func() bool { return f.dropped() > dropped })

	// Clients that know only of the new pair.
	a, b = &visitor{id: a.id, client: f.dial(t, "udp", f.Admit(a.id, loopback))}, &visitor{id: b.id, client: f.dial(t, "udp", f.Admit(b.id, loopback))}
	a.allocate(t)
	b.allocate(t)
	mutual(t, a, b)
	a.send(t, b, "second pair")
	b.expect(t, a, "second pair")
}

// dropped counts what was dropped since there was no way to the partner.
func (f *fixture) dropped() uint64 {
	drops := f.Stats().Drops
	return drops[turn.DropNotPaired] + drops[turn.DropNoPermission] + drops[turn.DropNoChannel]
}

// waitFor waits until a condition holds. Each look lets the server go on.
func (f *fixture) waitFor(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("no %s: %+v", what, f.Stats())
		}
		if _, err := turn.Probe(t.Context(), "udp", f.udp); err != nil {
			t.Fatal(err)
		}
	}
}

// waitDrop waits until a packet was dropped for the reason.
func (f *fixture) waitDrop(t *testing.T, reason turn.DropReason) {
	t.Helper()
	f.waitFor(t, "packet dropped as "+string(reason), func() bool { return f.Stats().Drops[reason] != 0 })
}

func TestDismissEndsAtOnce(t *testing.T) {
	f := newFixture(t, turn.Options{})
	a, b := f.visit(t, "udp"), f.visit(t, "tcp")
	f.mustJoin(t, a, b)
	mutual(t, a, b)
	addr := a.addr()
	if !f.Owns(a.id, addr) || f.Owns(b.id, addr) {
		t.Fatal("Owns is wrong before Dismiss")
	}
	if got := f.ClientAddrs(a.id); len(got) != 1 || got[0] != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("ClientAddrs = %v", got)
	}
	old := f.Admit(a.id, loopback)
	f.Dismiss(a.id)
	if f.Owns(a.id, addr) || f.Stats().Allocations != 1 || f.Stats().Pairs != 0 || f.ClientAddrs(a.id) != nil {
		t.Errorf("after Dismiss: Owns %v, %+v", f.Owns(a.id, addr), f.Stats())
	}
	if _, err := f.dial(t, "udp", old).Allocate(); err == nil {
		t.Error("a dismissed session's credentials still allocate")
	}
	f.Dismiss(a.id)
}

func TestJoinRefuses(t *testing.T) {
	f := newFixture(t, turn.Options{})
	a, b, c := ident.NewSession(), ident.NewSession(), ident.NewSession()
	f.Admit(a, loopback)
	f.Admit(b, loopback)
	if err := f.Join(ident.NewPair(), a, c); !errors.Is(err, turn.ErrUnknownSession) {
		t.Errorf("Join with a stranger = %v", err)
	}
	if err := f.Join(ident.NewPair(), a, a); err == nil {
		t.Error("a session was joined with itself")
	}
	p := ident.NewPair()
	if err := f.Join(p, a, b); err != nil {
		t.Fatal(err)
	}
	f.Admit(c, loopback)
	if err := f.Join(ident.NewPair(), a, c); !errors.Is(err, turn.ErrPaired) {
		t.Errorf("Join of a paired session = %v", err)
	}
	f.Part(p)
	f.Part(p)
	if err := f.Join(ident.NewPair(), a, c); err != nil {
		t.Errorf("Join after Part = %v", err)
	}
}

// Trial R5: expiry counts for Allocate, not for Refresh.
func TestR5ExpiryInMidCall(t *testing.T) {
	var clock atomic.Pointer[time.Time]
	start := time.Now()
	clock.Store(&start)
	f := newFixture(t, turn.Options{CredentialLifetime: time.Minute, Now: func() time.Time { return *clock.Load() }})
	a, b := f.visit(t, "udp"), f.visit(t, "udp")
	c := f.Admit(a.id, loopback)
	f.mustJoin(t, a, b)

	later := start.Add(time.Hour)
	clock.Store(&later)
	mutual(t, a, b) // authenticated like a Refresh
	a.send(t, b, "still here")
	b.expect(t, a, "still here")
	if _, err := f.dial(t, "udp", c).Allocate(); err == nil {
		t.Error("expired credentials made an allocation")
	}
	if _, err := f.dial(t, "udp", f.Admit(a.id, loopback)).Allocate(); err != nil {
		t.Errorf("fresh credentials were refused: %v", err)
	}
}

func TestRefusedAddress(t *testing.T) {
	var banned atomic.Bool
	f := newFixture(t, turn.Options{Refused: func(addr netip.Addr) bool {
		return banned.Load() && addr == netip.MustParseAddr("127.0.0.1")
	}})
	c := f.Admit(ident.NewSession(), loopback)
	banned.Store(true)
	if _, err := f.dial(t, "udp", c).Allocate(); err == nil {
		t.Error("a banned address made an allocation")
	}
}

func TestForgedCredentials(t *testing.T) {
	f := newFixture(t, turn.Options{Secret: [32]byte{1}})
	c := f.Admit(ident.NewSession(), loopback)
	for name, forged := range map[string]turn.Credentials{
		"password":      {Username: c.Username, Password: "guess"},
		"later expiry":  {Username: "9" + c.Username, Password: c.Password},
		"other user":    {Username: c.Username[:11] + ident.NewSession().String(), Password: c.Password},
		"no expiry":     {Username: c.Username[11:], Password: c.Password},
		"padded expiry": {Username: "0" + c.Username, Password: c.Password},
		"empty":         {Username: ":", Password: ""},
	} {
		if _, err := f.dial(t, "udp", forged).Allocate(); err == nil {
			t.Errorf("%s: allocated", name)
		}
	}
}

func TestQuota(t *testing.T) {
	f := newFixture(t, turn.Options{AllocationsPerSession: 2})
	id := ident.NewSession()
	for i := range 3 {
		_, err := f.dial(t, "udp", f.Admit(id, loopback)).Allocate()
		if allowed := i < 2; (err == nil) != allowed {
			t.Errorf("allocation %d: %v", i+1, err)
		}
	}
}

func TestURLsAndReady(t *testing.T) {
	f := newFixture(t, turn.Options{})
	_, udp, _ := net.SplitHostPort(f.udp)
	_, tcp, _ := net.SplitHostPort(f.tcp)
	_, tls, _ := net.SplitHostPort(f.tls)
	for host, want := range map[string][]string{
		"":            {},
		"chat.test":   {"turn:chat.test:" + udp + "?transport=udp", "turn:chat.test:" + tcp + "?transport=tcp", "turns:chat.test:" + tls + "?transport=tcp"},
		"2001:db8::1": {"turn:[2001:db8::1]:" + udp + "?transport=udp", "turn:[2001:db8::1]:" + tcp + "?transport=tcp", "turns:[2001:db8::1]:" + tls + "?transport=tcp"},
	} {
		if got := f.URLs(host); !slices.Equal(got, want) {
			t.Errorf("URLs(%q) = %q, want %q", host, got, want)
		}
	}
	if err := f.Ready(t.Context()); err != nil {
		t.Errorf("Ready: %v", err)
	}
	empty, err := turn.New(turn.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := empty.Ready(t.Context()); err == nil {
		t.Error("a server without sockets is ready")
	}
}

// One who asks and hangs up does not spoil the answer of the others.
func TestReadyIsForEverybody(t *testing.T) {
	f := newFixture(t, turn.Options{})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Ready(gone); err != nil {
		t.Errorf("Ready of one who is gone = %v", err)
	}
	if err := f.Ready(t.Context()); err != nil {
		t.Errorf("Ready = %v", err)
	}
}

func TestProbe(t *testing.T) {
	f := newFixture(t, turn.Options{})
	for network, server := range map[string]string{"udp": f.udp, "tcp": f.tcp} {
		mapped, err := turn.Probe(t.Context(), network, server)
		if err != nil || mapped.Addr() != netip.MustParseAddr("127.0.0.1") {
			t.Errorf("Probe(%s) = %v, %v", network, mapped, err)
		}
	}
	f.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := turn.Probe(ctx, "tcp", f.tcp); err == nil {
		t.Error("Probe of a closed server succeeded")
	}
}

func TestCloseIsCleanAndFinal(t *testing.T) {
	f := newFixture(t, turn.Options{})
	a, b := f.visit(t, "udp"), f.visit(t, "tcp")
	f.mustJoin(t, a, b)
	if err := f.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if stats := f.Stats(); stats.Allocations != 0 {
		t.Errorf("allocations after Close: %d", stats.Allocations)
	}
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := f.ServeUDP(conn); !errors.Is(err, net.ErrClosed) {
		t.Errorf("ServeUDP after Close = %v", err)
	}
}
