package relay_test

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/joingyd/joingyd/cluster/relay"
	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/turn"
)

var clusterKey = [32]byte{1, 2, 3}

// server is a relay without sockets: who has allocations there is said by tests.
type server struct {
	*turn.Server
	changed func(ident.Session)

	mu      sync.Mutex
	held    map[ident.Session][]netip.AddrPort
	clients map[ident.Session][]netip.Addr
	media   bool // went both ways, under every pair
}

func (s *server) Admit(id ident.Session, source netip.Addr) (string, string, time.Time) {
	c := s.Server.Admit(id, source)
	return c.Username, c.Password, c.Expires
}

func (s *server) Dismiss(id ident.Session) {
	s.Server.Dismiss(id)
	s.mu.Lock()
	delete(s.held, id)
	s.mu.Unlock()
	s.changed(id)
}

func (s *server) Part(id ident.Pair) bool { s.Server.Part(id); return s.media }

func (s *server) Held(id ident.Session) []netip.AddrPort {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held[id]
}

func (s *server) ClientAddrs(id ident.Session) []netip.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clients[id]
}

func (s *server) Owns(id ident.Session, addr netip.AddrPort) bool {
	return slices.Contains(s.Held(id), addr)
}

// allocate makes or closes allocations.
func (s *server) allocate(id ident.Session, client string, relayed ...netip.AddrPort) {
	s.mu.Lock()
	s.held[id] = relayed
	if client != "" {
		s.clients[id] = append(slices.Clone(s.clients[id]), netip.MustParseAddr(client))
	}
	s.mu.Unlock()
	s.changed(id)
}

// node is one of a cluster.
type node struct {
	*relay.Home
	host      *relay.Host // nil: it has no relay
	server    *server
	ahead     time.Duration // its clock
	deaf      atomic.Bool   // hears nobody, and knows
	connected int
	stop      func()
}

// world is a cluster in one process, on a clock of its own.
type world struct {
	t      *testing.T
	air    *air
	relays []relay.Relay // that are alive; set between events
	nodes  []*node
}

// cluster runs a test in one, and ends it.
func cluster(t *testing.T, test func(*world)) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		w := &world{t: t, air: newAir(ctx)}
		test(w)
		for _, n := range w.nodes {
			n.stop()
		}
		cancel()
		w.air.group.Wait()
	})
}

// list says which relays are alive.
func (w *world) list(relays ...relay.Relay) {
	for i := range relays {
		relays[i].URLs = []string{"turn:" + relays[i].Name}
	}
	w.relays = relays
}

// start starts a node, with a relay or without.
func (w *world) start(name string, relays bool, ahead time.Duration) *node {
	n := &node{ahead: ahead}
	bus := line{w.air, name}
	ctx, cancel := context.WithCancel(w.t.Context())
	var group sync.WaitGroup
	now := func() time.Time { return time.Now().Add(n.ahead) }
	opts := relay.HomeOptions{
		Node: name, Bus: bus, Lifetime: time.Hour, Now: now,
		Relays:    func() []relay.Relay { return w.relays },
		LocalURLs: func(host string) []string { return []string{"turn:" + host} },
		Keys:      func(of string) relay.Keys { return relay.KeysOf(clusterKey, of) },
		Credentials: func(k relay.Keys, s ident.Session, end time.Time) (string, string) {
			c := turn.Shared(k).Credentials(s, end)
			return c.Username, c.Password
		},
		Connected: func() { n.connected++ },
	}
	if relays {
		keys := turn.Shared(relay.KeysOf(clusterKey, name))
		n.server = &server{held: make(map[ident.Session][]netip.AddrPort), clients: make(map[ident.Session][]netip.Addr)}
		var err error
		if n.server.Server, err = turn.New(turn.Options{Shared: &keys, Now: now}); err != nil {
			w.t.Fatal(err)
		}
		n.host = relay.NewHost(relay.HostOptions{Server: n.server, Bus: bus, Deaf: n.deaf.Load})
		n.server.changed = n.host.Changed
		opts.Local = n.host
		group.Go(func() { n.host.Run(ctx) })
	}
	n.Home = relay.NewHome(opts)
	group.Go(func() { n.Home.Run(ctx) })
	w.air.join(name, &end{
		handle: func(from string, kind uint8, message []byte) {
			switch {
			case kind == relay.ToHome:
				n.Home.Handle(from, message)
			case n.host != nil:
				n.host.Handle(from, message)
			}
		},
		gap: func(from string) {
			n.Home.Gap(from)
			if n.host != nil {
				n.host.Gap(from)
			}
		},
	})
	n.stop = sync.OnceFunc(func() {
		w.air.join(name, nil)
		cancel()
		group.Wait()
		if n.server != nil {
			n.server.Close()
		}
	})
	w.nodes = append(w.nodes, n)
	return n
}

// pass lets time pass, and all that happens in it.
func (w *world) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// soon is more than a message takes.
func (w *world) soon() { w.pass(20 * time.Millisecond) }

// has checks what a relay has.
func (w *world) has(when string, n *node, sessions, pairs int) {
	w.t.Helper()
	if s := n.server.Stats(); s.Sessions != sessions || s.Pairs != pairs {
		w.t.Errorf("%s: the relay has %d sessions and %d pairs; want %d and %d", when, s.Sessions, s.Pairs, sessions, pairs)
	}
}

// admit admits new sessions at a Home.
func (n *node) admit(count int) (ids []ident.Session) {
	for range count {
		id := ident.NewSession()
		n.Admit(id, netip.MustParseAddr("192.0.2.1"))
		ids = append(ids, id)
	}
	return ids
}

// join joins two at a Home.
func (n *node) join(t *testing.T, a, b ident.Session) ident.Pair {
	t.Helper()
	p := ident.NewPair()
	if err := n.Join(p, a, b); err != nil {
		t.Fatalf("Join: %v", err)
	}
	return p
}
