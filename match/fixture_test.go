package match_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/match"
)

// relay records what the hub asks of it.
type relay struct {
	mu    sync.Mutex
	live  map[ident.Session]bool
	pairs map[ident.Pair][2]ident.Session
	addrs map[ident.Session][]netip.Addr // that allocations were made from
	freed map[ident.Session]int          // how often all of a session's were closed
	now   func() time.Time
}

func newRelay() *relay {
	return &relay{
		live: map[ident.Session]bool{}, pairs: map[ident.Pair][2]ident.Session{},
		addrs: map[ident.Session][]netip.Addr{}, freed: map[ident.Session]int{}, now: time.Now,
	}
}

func (r *relay) Admit(s ident.Session, _ netip.Addr) (string, string, time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.live[s] = true
	return "user", "password", r.now().Add(time.Hour)
}

func (r *relay) Dismiss(s ident.Session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.live, s)
	delete(r.addrs, s)
}

func (r *relay) CloseAllocations(s ident.Session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.freed[s]++
}

func (r *relay) Join(p ident.Pair, a, b ident.Session) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.live[a] || !r.live[b] || a == b {
		return errors.New("unknown session")
	}
	r.pairs[p] = [2]ident.Session{a, b}
	return nil
}

func (r *relay) Part(p ident.Pair) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.pairs, p)
}

func (r *relay) Owns(_ ident.Session, addr netip.AddrPort) bool {
	return addr == netip.MustParseAddrPort("198.18.7.7:7777")
}

func (r *relay) ClientAddrs(s ident.Session) []netip.Addr {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.addrs[s]
}

func (r *relay) counts() (sessions, pairs int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.live), len(r.pairs)
}

// pipes is a listener of in-memory connections, fit for a synctest bubble.
type pipes struct {
	conns   chan net.Conn
	closed  chan struct{}
	once    sync.Once
	trickle bool // whether clients take few bytes at a time
}

// trickle takes at most 64 bytes at a time: what it has not read, the server still
// has.
type trickle struct{ net.Conn }

func (c trickle) Read(into []byte) (int, error) { return c.Conn.Read(into[:min(len(into), 64)]) }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		if p.trickle {
			return trickle{client}, nil
		}
		return client, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// fixture is a hub behind an HTTP server in memory.
type fixture struct {
	*match.Hub
	opts  match.Options
	end   func() // closes the hub and waits for it
	stop  func() // and its server
	t     *testing.T
	relay *relay
	pipes *pipes
	dial  func(ctx context.Context, network, addr string) (net.Conn, error) // that of pipes, where there are some

	mu      sync.Mutex // guards what follows
	banned  map[netip.Addr]match.Ban
	noVideo map[netip.Addr]match.Ban // from video chats only
}

// run runs test in a bubble with fake time and checks that nothing is left over.
func run(t *testing.T, test func(t *testing.T, f *fixture)) {
	t.Helper()
	runWith(t, func(*match.Options) {}, test)
}

// runWith is run with other options.
func runWith(t *testing.T, change func(*match.Options), test func(t *testing.T, f *fixture)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, change)
		t.Cleanup(f.stop) // a failed test too leaves nothing in the bubble
		test(t, f)
		f.stop()
		f.left()
	})
}

// newFixture makes a hub and its server.
func newFixture(t *testing.T, change func(*match.Options)) *fixture {
	f := &fixture{
		t:      t,
		relay:  newRelay(),
		pipes:  &pipes{conns: make(chan net.Conn), closed: make(chan struct{})},
		banned: map[netip.Addr]match.Ban{}, noVideo: map[netip.Addr]match.Ban{},
	}
	f.dial = f.pipes.dial
	opts := match.Options{
		Relay:   f.relay,
		Banned:  f.isBanned,
		ICEURLs: func(host string) []string { return []string{"turn:" + host} },
		Addr:    func(r *http.Request) netip.Addr { return netip.MustParseAddr(r.Header.Get("Test-Addr")) },
		Policy:  "v1", Appeal: "/appeal", Origins: []string{"https://other.test"},
		Patience: 3 * time.Second, ResumeGrace: 15 * time.Second, HelloTimeout: 5 * time.Second, SessionsPerAddress: 3,
	}
	change(&opts)
	if opts.Now != nil {
		f.relay.now = opts.Now
	}
	f.opts = opts
	f.start()
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f.ServeHTTP(w, r) })}
	served := make(chan error, 1)
	go func() { served <- server.Serve(f.pipes) }()
	f.stop = sync.OnceFunc(func() {
		f.end()
		server.Close()
		<-served
	})
	return f
}

// left checks that nothing is left over of a hub that has ended.
func (f *fixture) left() {
	f.t.Helper()
	if sessions, pairs := f.relay.counts(); sessions != 0 || pairs != 0 {
		f.t.Errorf("left in the relay: %d sessions, %d pairs", sessions, pairs)
	}
	if stats := f.Stats(); stats.Online != 0 || stats.Waiting != 0 || stats.Pairs != 0 {
		f.t.Errorf("left in the hub: %+v", stats)
	}
	if n := f.Stats().Accounts.Known; n != 0 {
		f.t.Errorf("%d accounts are left in the hub", n)
	}
}

// start makes the hub and runs it.
func (f *fixture) start() {
	hub := match.New(f.opts)
	ctx, cancel := context.WithCancel(f.t.Context())
	ran := make(chan struct{})
	go func() { hub.Run(ctx); close(ran) }()
	f.Hub = hub
	f.end = sync.OnceFunc(func() {
		if err := hub.Close(context.Background()); err != nil {
			f.t.Errorf("Close: %v", err)
		}
		cancel()
		<-ran
	})
}

// restart puts another hub in the place of the one there is, as the next daemon does.
func (f *fixture) restart() {
	f.end()
	f.opts.Handover = f.Handover()
	f.start()
}

func (f *fixture) isBanned(addr netip.Addr, use match.Use) (match.Ban, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	ban, banned := f.banned[addr]
	if !banned && use == match.UseVideo {
		ban, banned = f.noVideo[addr]
	}
	return ban, banned
}

// message is a server message, as far as tests look.
type message struct {
	Type, Session, Resume, Policy, Pair, Role, Mode, ID, Body, Reason, Code, Detail, Re, Appeal, Kind, Do, Report, Proof, Of, Token string

	Data json.RawMessage

	Seq         uint64
	Order       uint64
	At, Expires time.Time
	Look        *match.Local
	Lines       int
	Online      int
	Count       int
	Common      []string
	On          bool
	Until       *time.Time
	Description struct{ Type, SDP string }
	Candidate   *struct{ Candidate string }
	ICE         struct {
		Servers         []struct{ URLs []string }
		TransportPolicy string
		Expires         time.Time
	}
}

// client is a visitor's socket. Its reader stops at the first error.
type client struct {
	f        *fixture
	conn     *websocket.Conn
	messages chan message
	err      error // after messages is closed
	welcome  message
	seen     uint64
	pings    atomic.Int64
	deaf     atomic.Int64 // how many of the next pings to leave unanswered
}

// pinged answers a ping unless the client is deaf.
func (c *client) pinged(context.Context, []byte) bool {
	c.pings.Add(1)
	return c.deaf.Add(-1) < 0
}

func (f *fixture) connect(addr string, header http.Header) (*client, *http.Response, error) {
	if header == nil {
		header = http.Header{"Origin": {"http://site.test"}}
	}
	header.Set("Test-Addr", addr)
	c := &client{f: f, messages: make(chan message, 1000)}
	conn, response, err := websocket.Dial(f.t.Context(), "ws://site.test/ws", &websocket.DialOptions{
		HTTPClient:   &http.Client{Transport: &http.Transport{DialContext: f.dial, DisableKeepAlives: true}},
		HTTPHeader:   header,
		Subprotocols: []string{match.Subprotocol},

		OnPingReceived: c.pinged,
	})
	if err != nil {
		return nil, response, err
	}
	c.conn = conn
	go func() {
		defer close(c.messages)
		for {
			_, data, err := conn.Read(context.Background())
			if err != nil {
				c.err = err
				return
			}
			var m message
			if err := json.Unmarshal(data, &m); err != nil {
				c.err = err
				return
			}
			c.messages <- m
		}
	}()
	f.t.Cleanup(func() { conn.CloseNow() })
	return c, response, nil
}

func (f *fixture) mustConnect(addr string) *client {
	f.t.Helper()
	c, _, err := f.connect(addr, nil)
	if err != nil {
		f.t.Fatalf("connect: %v", err)
	}
	return c
}

const hello = `{"type":"hello","consent":{"policy":"v1","adult":true}}`

// visit connects and says hello.
func (f *fixture) visit(addr string) *client {
	f.t.Helper()
	c := f.mustConnect(addr)
	c.send(hello)
	c.welcome = c.expect("welcome")
	return c
}

func (c *client) send(text string) {
	c.f.t.Helper()
	if err := c.conn.Write(c.f.t.Context(), websocket.MessageText, []byte(text)); err != nil {
		c.f.t.Fatalf("send %s: %v", text, err)
	}
}

// expect returns the next message but `online` ones, which must have the type.
func (c *client) expect(kind string) message {
	c.f.t.Helper()
	for m := range c.messages {
		if m.Seq != 0 {
			if m.Seq != c.seen+1 {
				c.f.t.Fatalf("seq %d after %d: %+v", m.Seq, c.seen, m)
			}
			c.seen = m.Seq
		}
		if m.Type == "online" && kind != "online" {
			continue
		}
		if m.Type != kind {
			c.f.t.Fatalf("got %+v, want %s", m, kind)
		}
		return m
	}
	c.f.t.Fatalf("socket ended with %v, want %s", c.err, kind)
	return message{}
}

// expectClose drains the socket until it ends, which must be with the code.
func (c *client) expectClose(code websocket.StatusCode) {
	c.f.t.Helper()
	for range c.messages {
	}
	if got := websocket.CloseStatus(c.err); got != code {
		c.f.t.Errorf("socket ended with %v, want code %d", c.err, code)
	}
}

// quiet checks that nothing but `online` arrives until everything stands still.
func (c *client) quiet() {
	c.f.t.Helper()
	synctest.Wait()
	for {
		select {
		case m, open := <-c.messages:
			if !open {
				c.f.t.Fatalf("socket ended: %v", c.err)
			}
			c.seen = m.Seq
			if m.Type != "online" {
				c.f.t.Fatalf("got %+v, want nothing", m)
			}
		default:
			return
		}
	}
}

// pair makes two visitors meet.
func (f *fixture) pair(mode string) (a, b *client, pair string) {
	f.t.Helper()
	a, b = f.visit("192.0.2.1"), f.visit("192.0.2.2")
	a.send(`{"type":"find","mode":"` + mode + `"}`)
	a.expect("waiting")
	b.send(`{"type":"find","mode":"` + mode + `"}`)
	ma, mb := a.expect("matched"), b.expect("matched")
	if ma.Pair != mb.Pair || ma.Role != "impolite" || mb.Role != "polite" || ma.Mode != mode {
		f.t.Fatalf("matched %+v and %+v", ma, mb)
	}
	return a, b, ma.Pair
}

// mustConnectRaw connects without a reader.
func (f *fixture) mustConnectRaw(addr string) *websocket.Conn {
	f.t.Helper()
	conn, _, err := websocket.Dial(f.t.Context(), "ws://site.test/ws", &websocket.DialOptions{
		HTTPClient:   &http.Client{Transport: &http.Transport{DialContext: f.dial, DisableKeepAlives: true}},
		HTTPHeader:   http.Header{"Origin": {"http://site.test"}, "Test-Addr": {addr}},
		Subprotocols: []string{match.Subprotocol},
	})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { conn.CloseNow() })
	return conn
}

func mustPair(t *testing.T, text string) ident.Pair {
	t.Helper()
	id, err := ident.ParsePair(text)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func mustSession(t *testing.T, text string) ident.Session {
	t.Helper()
	id, err := ident.ParseSession(text)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func jsonNumber(n uint64) string {
	data, _ := json.Marshal(n)
	return string(data)
}
