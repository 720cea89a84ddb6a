package relay_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/pion/logging"
	pion "github.com/pion/turn/v4"

	"github.com/joingyd/joingyd/cluster/relay"
	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/turn"
)

// admitter is a turn.Server as a Host wants it.
type admitter struct{ *turn.Server }

func (a admitter) Admit(id ident.Session, source netip.Addr) (string, string, time.Time) {
	c := a.Server.Admit(id, source)
	return c.Username, c.Password, c.Expires
}

// callee is one side of a call.
type callee struct {
	id    ident.Session
	conn  net.PacketConn
	relay net.PacketConn
	*pion.Client
}

// dial allocates at the server, before it has heard of the session.
func dial(t *testing.T, server, username, password string) (c callee, err error) {
	t.Helper()
	if c.conn, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	quiet := logging.NewDefaultLoggerFactory()
	quiet.DefaultLogLevel = logging.LogLevelDisabled
	c.Client, err = pion.NewClient(&pion.ClientConfig{
		STUNServerAddr: server, TURNServerAddr: server, Conn: c.conn,
		Username: username, Password: password, Realm: "joingyd", LoggerFactory: quiet,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Listen(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); c.conn.Close() })
	c.relay, err = c.Allocate()
	return c, err
}

func (c callee) addr() netip.AddrPort { return c.relay.LocalAddr().(*net.UDPAddr).AddrPort() }

// reaches sends until something arrives, which is sure to be if the pair lives.
func (c callee) reaches(t *testing.T, to callee, text string) {
	t.Helper()
	buffer := make([]byte, 100)
	for range 100 {
		if _, err := c.relay.WriteTo([]byte(text), to.relay.LocalAddr()); err != nil {
			t.Fatal(err)
		}
		to.relay.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		if n, _, err := to.relay.ReadFrom(buffer); err == nil && string(buffer[:n]) == text {
			return
		}
	}
	t.Fatalf("%q does not arrive", text)
}

// eventually waits until something holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// A call between two whose home is another node than their relay: it ends with the lease,
// and goes on when the home is back.
func TestCall(t *testing.T) {
	t.Parallel()
	keys := turn.Shared(relay.KeysOf(clusterKey, "far"))
	var host *relay.Host
	server, err := turn.New(turn.Options{Shared: &keys, Changed: func(id ident.Session) { host.Changed(id) }})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	bus := newAir(ctx)
	host = relay.NewHost(relay.HostOptions{Server: admitter{server}, Bus: line{bus, "far"}})
	host.LeaseFor(1500 * time.Millisecond)
	if err := server.ServeUDP(conn); err != nil {
		t.Fatal(err)
	}
	at := conn.LocalAddr().String()
	home := relay.NewHome(relay.HomeOptions{
		Node: "hub", Bus: line{bus, "hub"}, Lifetime: time.Hour,
		Relays: func() []relay.Relay { return []relay.Relay{{Name: "far", URLs: []string{"turn:" + at}}} },
		Keys:   func(of string) relay.Keys { return relay.KeysOf(clusterKey, of) },
		Credentials: func(k relay.Keys, s ident.Session, end time.Time) (string, string) {
			c := turn.Shared(k).Credentials(s, end)
			return c.Username, c.Password
		},
	})
	bus.join("far", &end{handle: func(from string, _ uint8, m []byte) { host.Handle(from, m) }, gap: host.Gap})
	bus.join("hub", &end{handle: func(from string, _ uint8, m []byte) { home.Handle(from, m) }, gap: home.Gap})
	var group sync.WaitGroup
	group.Go(func() { host.Run(ctx) })
	running, die := context.WithCancel(ctx)
	group.Go(func() { home.Run(running) })
	t.Cleanup(func() {
		cancel()
		group.Wait()
		bus.group.Wait()
		server.Close()
	})

	var sides [2]callee
	for i := range sides {
		id := ident.NewSession()
		username, password, _ := home.Admit(id, netip.MustParseAddr("127.0.0.1"))
		if sides[i], err = dial(t, at, username, password); err != nil {
			t.Fatalf("Allocate: %v", err)
		}
		sides[i].id = id
	}
	a, b := sides[0], sides[1]
	eventually(t, "the home knows of the allocations", func() bool { return home.Owns(a.id, a.addr()) && home.Owns(b.id, b.addr()) })
	if home.Owns(a.id, b.addr()) || len(home.ClientAddrs(a.id)) != 1 {
		t.Errorf("Owns or ClientAddrs is wrong: %v", home.ClientAddrs(a.id))
	}
	other := turn.Shared(relay.KeysOf(clusterKey, "other")).Credentials(a.id, time.Now().Add(time.Hour))
	if _, err := dial(t, at, other.Username, other.Password); err == nil {
		t.Error("credentials of another relay are good here")
	}

	if err := home.Join(ident.NewPair(), a.id, b.id); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the relay knows of the pair", func() bool { return server.Stats().Pairs == 1 })
	if err := errors.Join(a.CreatePermission(b.relay.LocalAddr()), b.CreatePermission(a.relay.LocalAddr())); err != nil {
		t.Fatal(err)
	}
	a.reaches(t, b, "hello")
	b.reaches(t, a, "hello to you")

	die()
	eventually(t, "the lease is over", func() bool { return server.Stats().Pairs == 0 })
	before := server.Stats().Packets
	if _, err := a.relay.WriteTo([]byte("anybody there?"), b.relay.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the relay drops what comes then", func() bool { return server.Stats().Drops[turn.DropNotPaired] > 0 })
	if after := server.Stats().Packets; after != before {
		t.Errorf("%d packets passed without a lease", after-before)
	}

	group.Go(func() { home.Run(ctx) })
	a.reaches(t, b, "here I am again")
}
