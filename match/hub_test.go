package match_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
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
	addrs map[ident.Session][]netip.Addr
}

func (r *relay) Admit(s ident.Session, _ netip.Addr) (string, string, time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.live[s] = true
	return "user", "password", time.Now().Add(time.Hour)
}

func (r *relay) Dismiss(s ident.Session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.live, s)
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
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

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
		return client, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// fixture is a hub behind an HTTP server in memory.
type fixture struct {
	*match.Hub
	t      *testing.T
	relay  *relay
	pipes  *pipes
	banned map[netip.Addr]match.Ban // guarded by mu
	mu     sync.Mutex
}

// run runs test in a bubble with fake time and checks that nothing is left over.
func run(t *testing.T, test func(t *testing.T, f *fixture)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := &fixture{
			t:      t,
			relay:  &relay{live: map[ident.Session]bool{}, pairs: map[ident.Pair][2]ident.Session{}, addrs: map[ident.Session][]netip.Addr{}},
			pipes:  &pipes{conns: make(chan net.Conn), closed: make(chan struct{})},
			banned: map[netip.Addr]match.Ban{},
		}
		f.Hub = match.New(match.Options{
			Relay: f.relay,
			Banned: func(a netip.Addr) (match.Ban, bool) {
				f.mu.Lock()
				defer f.mu.Unlock()
				ban, ok := f.banned[a]
				return ban, ok
			},
			ICEURLs: func(host string) []string { return []string{"turn:" + host} },
			Addr:    func(r *http.Request) netip.Addr { return netip.MustParseAddr(r.Header.Get("Test-Addr")) },
			Policy:  "v1", Appeal: "/appeal", Origins: []string{"https://other.test"},
			Patience: 3 * time.Second, ResumeGrace: 15 * time.Second, HelloTimeout: 5 * time.Second, SessionsPerAddress: 3,
		})
		server := &http.Server{Handler: f.Hub}
		served := make(chan error, 1)
		go func() { served <- server.Serve(f.pipes) }()
		ctx, cancel := context.WithCancel(t.Context())
		ran := make(chan struct{})
		go func() { f.Run(ctx); close(ran) }()

		stop := sync.OnceFunc(func() {
			if err := f.Close(context.Background()); err != nil {
				t.Errorf("Close: %v", err)
			}
			cancel()
			<-ran
			server.Close()
			<-served
		})
		t.Cleanup(stop) // a failed test too leaves nothing in the bubble
		test(t, f)
		stop()
		if sessions, pairs := f.relay.counts(); sessions != 0 || pairs != 0 {
			t.Errorf("left in the relay: %d sessions, %d pairs", sessions, pairs)
		}
		if stats := f.Stats(); stats.Online != 0 || stats.Waiting != 0 || stats.Pairs != 0 {
			t.Errorf("left in the hub: %+v", stats)
		}
	})
}

// message is a server message, as far as tests look.
type message struct {
	Type, Session, Resume, Policy, Pair, Role, Mode, ID, Body, Reason, Code, Detail, Re, Appeal string

	Seq         uint64
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
		HTTPClient:   &http.Client{Transport: &http.Transport{DialContext: f.pipes.dial, DisableKeepAlives: true}},
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

func TestWelcome(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		w := f.visit("192.0.2.1").welcome
		if _, err := ident.ParseSession(w.Session); err != nil || len(w.Resume) < 43 || w.Policy != "v1" || w.Seq != 1 {
			t.Errorf("welcome = %+v", w)
		}
		if w.ICE.TransportPolicy != "relay" || w.ICE.Servers[0].URLs[0] != "turn:site.test" || w.ICE.Expires.Location() != time.UTC {
			t.Errorf("ice = %+v", w.ICE)
		}
	})
}

func TestConsentIsRequired(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		c := f.mustConnect("192.0.2.1")
		for _, bad := range []string{
			`{"type":"hello"}`, `{"type":"hello","consent":{"policy":"v0","adult":true}}`, `{"type":"hello","consent":{"policy":"v1","adult":false}}`,
		} {
			c.send(bad)
			if m := c.expect("error"); m.Code != "consent_required" || m.Policy != "v1" || m.Re != "hello" {
				t.Errorf("%s: %+v", bad, m)
			}
		}
		time.Sleep(9 * time.Minute)
		c.send(hello)
		c.expect("welcome")
	})
}

// Asking again does not move the time that is left for consent.
func TestConsentHasADeadline(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		c, start := f.mustConnect("192.0.2.1"), time.Now()
		for range 2 {
			c.send(`{"type":"hello"}`)
			c.expect("error")
			time.Sleep(6 * time.Minute)
		}
		c.expectClose(4408)
		if got := time.Since(start); got != 12*time.Minute { // it was closed in the sleep
			t.Errorf("closed after %v", got)
		}
	})
}

func TestHelloDeadlineAndOrder(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		start := time.Now()
		f.mustConnect("192.0.2.1").expectClose(4408)
		if got := time.Since(start); got != 5*time.Second {
			t.Errorf("closed after %v", got)
		}
		c := f.mustConnect("192.0.2.1")
		c.send(`{"type":"find","mode":"video"}`)
		c.expectClose(4500)
	})
}

func TestChat(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		a.send(`{"type":"typing","pair":"` + pair + `","on":true}`)
		if m := b.expect("typing"); !m.On || m.Pair != pair {
			t.Errorf("typing = %+v", m)
		}
		a.send(`{"type":"text","pair":"` + pair + `","id":"1","body":"hi <b> \u2028 there"}`)
		if m := b.expect("text"); m.Body != "hi <b> \u2028 there" || m.ID != "1" {
			t.Errorf("text = %+v", m)
		}
		if m := a.expect("sent"); m.ID != "1" {
			t.Errorf("sent = %+v", m)
		}
		a.send(`{"type":"text","pair":"` + pair + `","id":"2","body":"` + strings.Repeat("ü", 2001) + `"}`)
		if m := a.expect("rejected"); m.ID != "2" || m.Code != "too_large" {
			t.Errorf("rejected = %+v", m)
		}
		a.send(`{"type":"leave"}`)
		if m := b.expect("left"); m.Pair != pair || m.Reason != "left" {
			t.Errorf("left = %+v", m)
		}
		b.send(`{"type":"text","pair":"` + pair + `","id":"3","body":"too late"}`)
		if m := b.expect("error"); m.Code != "stale_pair" || m.Re != "text" {
			t.Errorf("error = %+v", m)
		}
		a.quiet()
	})
}

func TestNextFindsSomebodyElse(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		a.send(`{"type":"find","mode":"text"}`)
		if m := b.expect("left"); m.Reason != "next" {
			t.Errorf("left = %+v", m)
		}
		a.expect("waiting")
		b.send(`{"type":"find","mode":"text"}`)
		b.expect("waiting") // not at once with the last partner
		c := f.visit("192.0.2.3")
		c.send(`{"type":"find","mode":"text"}`)
		if mc, ma := c.expect("matched"), a.expect("matched"); mc.Pair != ma.Pair || mc.Pair == pair {
			t.Errorf("matched %+v and %+v", mc, ma)
		}
		b.quiet()
	})
}

func TestTwoAloneMeetAgainAfterPatience(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, _ := f.pair("text")
		a.send(`{"type":"find","mode":"text","interests":["Chess"]}`)
		b.expect("left")
		b.send(`{"type":"find","mode":"text","interests":["chess"]}`)
		start := time.Now()
		if m := a.expect("waiting"); m.Mode != "text" {
			t.Errorf("waiting = %+v", m)
		}
		b.expect("waiting")
		ma, mb := a.expect("matched"), b.expect("matched")
		if ma.Common[0] != "Chess" || mb.Common[0] != "chess" {
			t.Errorf("common = %v and %v, want each in its own spelling", ma.Common, mb.Common)
		}
		if got := time.Since(start); got != 3*time.Second {
			t.Errorf("met again after %v", got)
		}
	})
}

func TestSignallingPassesTheMask(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("video")
		candidate := func(text string) {
			a.send(`{"type":"candidate","pair":"` + pair + `","candidate":{"candidate":"` + text + `","sdpMid":"0","sdpMLineIndex":0}}`)
		}
		candidate("candidate:1 1 udp 33562367 198.18.7.7 7777 typ relay raddr 203.0.113.9 rport 4242 generation 0 network-cost 10")
		m := b.expect("candidate")
		if got := m.Candidate.Candidate; strings.Contains(got, "203.0.113.9") || strings.Contains(got, "4242") || !strings.Contains(got, "198.18.7.7 7777 typ relay raddr 0.0.0.0 rport 0") {
			t.Errorf("candidate = %q", got)
		}
		for _, bad := range []string{
			"candidate:1 1 udp 2122260223 203.0.113.9 4242 typ host",
			"candidate:1 1 udp 33562367 198.18.9.9 9999 typ relay raddr 0.0.0.0 rport 0", // somebody else's
			"nonsense",
		} {
			candidate(bad)
			if m := a.expect("error"); m.Code != "masked" || strings.Contains(m.Detail, "203.0.113.9") {
				t.Errorf("%s: %+v", bad, m)
			}
		}
		a.send(`{"type":"candidate","pair":"` + pair + `","candidate":null}`)
		if m := b.expect("candidate"); m.Candidate != nil {
			t.Errorf("end of candidates = %+v", m)
		}
		a.send(`{"type":"description","pair":"` + pair + `","description":{"type":"offer","sdp":"v=0"}}`)
		if m := a.expect("error"); m.Code != "masked" || m.Re != "description" {
			t.Errorf("error = %+v", m)
		}
		b.quiet()
	})
}

// bulky returns an offer of nearly 30 KB that the mask lets through, as a message
// of the pair.
func bulky(pair string) string {
	const head = "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n" +
		"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n" +
		"a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\na=rtcp-mux\r\n" +
		"a=fingerprint:sha-256 89:C7:C8:43:35:32:53:84:06:79:E7:1F:BF:DF:A0:10:95:58:97:41:40:6F:F9:3A:24:21:D7:48:06:9C:9C:ED\r\n"
	fmtp := "a=fmtp:111 x=" + strings.Repeat("1", 500) + "\r\n"
	data, err := json.Marshal(map[string]any{
		"type": "description", "pair": pair,
		"description": map[string]string{"type": "offer", "sdp": head + strings.Repeat(fmtp, 56)},
	})
	if err != nil {
		panic(err)
	}
	return string(data)
}

// A partner cannot end the session of one who reads, with few and large messages.
func TestW4DescriptionsDoNotEndThePartner(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("video")
		for i := range 20 {
			a.send(bulky(pair))
			if i < 8 {
				b.expect("description")
			} else if m := a.expect("error"); m.Code != "rate_limited" || m.Re != "description" {
				t.Errorf("error = %+v", m)
			}
		}
		synctest.Wait()
		if n := b.pings.Load(); n != 2 {
			t.Errorf("%d pings for 8 descriptions of 30 KB, want one for every 64 KiB", n)
		}
		time.Sleep(2 * time.Second)
		a.send(bulky(pair))
		b.expect("description")
		b.send(`{"type":"text","pair":"` + pair + `","id":"1","body":"still here"}`)
		a.expect("text")

		// What is left of the limit is the pair's, not the visitor's.
		a.send(`{"type":"leave"}`)
		b.expect("sent")
		b.expect("left")
		b.send(`{"type":"find","mode":"video"}`)
		b.expect("waiting")
		c := f.visit("192.0.2.3")
		c.send(`{"type":"find","mode":"video"}`)
		pair = b.expect("matched").Pair
		c.expect("matched")
		for range 8 {
			b.send(bulky(pair))
			c.expect("description")
		}
	})
}

// RFC 6455, 5.5.3: a pong may stand for the pings before it too.
func TestPong(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("video")
		b.deaf.Store(1)
		for range 8 { // two pings
			a.send(bulky(pair))
			b.expect("description")
		}
		time.Sleep(time.Minute)
		a.quiet()
		b.deaf.Store(100)
		start := time.Now()
		if m := a.expect("left"); m.Reason != "lost" {
			t.Errorf("left = %+v", m)
		}
		if got := time.Since(start); got < 30*time.Second || got > 50*time.Second {
			t.Errorf("told after %v, want the ping's interval and timeout, and the grace", got)
		}
	})
}

// Nor that of one who is away for a while: the partner is refused instead.
func TestW4FloodDoesNotEndThePartner(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("video")
		b.conn.CloseNow()
		synctest.Wait()
		for range 8 {
			a.send(bulky(pair))
		}
		for range 2 {
			for i := range 100 {
				a.send(`{"type":"typing","pair":"` + pair + `","on":` + []string{"true", "false"}[i%2] + `}`)
			}
			time.Sleep(5 * time.Second)
		}
		for range 10 {
			a.send(`{"type":"text","pair":"` + pair + `","id":"1","body":"` + strings.Repeat("<", 2000) + `"}`)
		}
		synctest.Wait()
		counts := map[string]int{}
		for len(a.messages) > 0 {
			m := <-a.messages
			a.seen = m.Seq
			counts[m.Type+" "+m.Code]++
		}
		if counts["left "] != 0 || counts["rejected rate_limited"] == 0 || counts["error rate_limited"] == 0 {
			t.Errorf("the flood was answered with %v", counts)
		}

		again := f.mustConnect("192.0.2.2")
		again.seen = b.seen
		again.send(`{"type":"hello","resume":"` + b.welcome.Resume + `","ack":` + jsonNumber(b.seen) + `}`)
		for {
			m, open := <-again.messages
			if !open {
				t.Fatalf("the session was lost: %v", again.err)
			}
			if m.Seq != again.seen+1 {
				t.Fatalf("seq %d after %d", m.Seq, again.seen)
			}
			again.seen = m.Seq
			if m.Type == "welcome" {
				if m.Session != b.welcome.Session {
					t.Error("the session was lost")
				}
				break
			}
		}
		// With that taken, there is room again.
		time.Sleep(time.Second)
		a.send(`{"type":"text","pair":"` + pair + `","id":"2","body":"x"}`)
		a.expect("sent")
		again.expect("text")
	})
}

func TestTextChatRefusesDescriptions(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		a.send(`{"type":"description","pair":"` + pair + `","description":{"type":"offer","sdp":"v=0"}}`)
		if m := a.expect("error"); m.Code != "bad_message" {
			t.Errorf("error = %+v", m)
		}
		b.quiet()
	})
}

func TestReport(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		report := func(c *client, reason, kind string) message {
			c.send(`{"type":"report","pair":"` + pair + `","reason":"` + reason + `","block":true}`)
			return c.expect(kind)
		}
		report(a, "spam", "reported")
		report(a, "spam", "reported") // counted once
		if m := report(a, "boring", "error"); m.Code != "bad_message" {
			t.Errorf("error = %+v", m)
		}
		b.send(`{"type":"leave"}`)
		a.expect("left")
		time.Sleep(59 * time.Second)
		report(b, "nudity", "reported")
		time.Sleep(2 * time.Second)
		if m := report(b, "other", "error"); m.Code != "stale_pair" {
			t.Errorf("error = %+v", m)
		}
		if got := f.Stats().Reports; got["spam"] != 1 || got["nudity"] != 1 || len(got) != 2 {
			t.Errorf("Reports = %v", got)
		}
		// Both blocked each other: they never meet again.
		a.send(`{"type":"find","mode":"text"}`)
		b.send(`{"type":"find","mode":"text"}`)
		a.expect("waiting")
		b.expect("waiting")
		time.Sleep(time.Minute)
		a.quiet()
		b.quiet()
	})
}

// A report comes when the chat is over, and the reporter often waits by then.
func TestBlockWhileWaiting(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		a.send(`{"type":"find","mode":"text"}`)
		a.expect("waiting")
		b.expect("left")
		a.send(`{"type":"report","pair":"` + pair + `","reason":"spam","block":true}`)
		a.expect("reported")
		b.send(`{"type":"find","mode":"text"}`)
		b.expect("waiting")
		time.Sleep(time.Minute)
		a.quiet()
		b.quiet()
	})
}

func TestResumeLosesAndDoublesNothing(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		a.conn.CloseNow()
		synctest.Wait()
		time.Sleep(10 * time.Second)
		b.send(`{"type":"text","pair":"` + pair + `","id":"1","body":"while you were away"}`)
		b.expect("sent")

		again := f.mustConnect("192.0.2.99")
		again.seen = a.seen
		again.send(`{"type":"hello","resume":"` + a.welcome.Resume + `","ack":` + jsonNumber(a.seen) + `}`)
		if m := again.expect("text"); m.Body != "while you were away" {
			t.Errorf("text = %+v", m)
		}
		w := again.expect("welcome")
		if w.Session != a.welcome.Session || w.Resume == a.welcome.Resume {
			t.Errorf("welcome = %+v", w)
		}
		again.send(`{"type":"text","pair":"` + pair + `","id":"2","body":"back"}`)
		if m := b.expect("text"); m.Body != "back" {
			t.Errorf("text = %+v", m)
		}
		// The old token worked once.
		third := f.mustConnect("192.0.2.1")
		third.send(`{"type":"hello","resume":"` + a.welcome.Resume + `"}`)
		if m := third.expect("error"); m.Code != "consent_required" {
			t.Errorf("a used token: %+v", m)
		}
		if got := f.Addresses(mustSession(t, w.Session)); len(got) != 2 {
			t.Errorf("Addresses = %v, want both", got)
		}
	})
}

func TestNewerSocketSupersedes(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		again := f.mustConnect("192.0.2.1")
		again.seen = a.seen
		again.send(`{"type":"hello","resume":"` + a.welcome.Resume + `","ack":` + jsonNumber(a.seen) + `}`)
		again.expect("welcome")
		for m := range a.messages {
			t.Errorf("the old socket got the new one's %s", m.Type)
		}
		a.expectClose(4501)
		b.send(`{"type":"text","pair":"` + pair + `","id":"1","body":"x"}`)
		again.expect("text")
	})
}

// What is on its way to the old socket when the new one says hello is said again
// there, and must not count twice.
func TestSupersededSocketIsNotHeard(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		old, b := f.mustConnectRaw("192.0.2.1"), f.visit("192.0.2.2")
		old.Write(t.Context(), websocket.MessageText, []byte(hello))
		_, data, err := old.Read(t.Context())
		var welcome message
		if err != nil || json.Unmarshal(data, &welcome) != nil {
			t.Fatalf("read %s, %v", data, err)
		}
		b.send(`{"type":"find","mode":"text"}`)
		b.expect("waiting")
		old.Write(t.Context(), websocket.MessageText, []byte(`{"type":"find","mode":"text"}`))
		pair := b.expect("matched").Pair

		again := f.mustConnect("192.0.2.1")
		again.seen = welcome.Seq
		again.send(`{"type":"hello","resume":"` + welcome.Resume + `","ack":1}`)
		again.expect("matched")
		again.expect("welcome")
		text := `{"type":"text","pair":"` + pair + `","id":"1","body":"once"}`
		old.Write(t.Context(), websocket.MessageText, []byte(text))
		old.Write(t.Context(), websocket.MessageText, []byte(`{`))
		again.send(text)
		again.expect("sent")
		b.expect("text")
		b.quiet()
		again.quiet()
	})
}

func TestResumeWithAGapEndsTheSession(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, _ := f.pair("text")
		again := f.mustConnect("192.0.2.1")
		again.send(`{"type":"hello","resume":"` + a.welcome.Resume + `","ack":999,"consent":{"policy":"v1","adult":true}}`)
		if w := again.expect("welcome"); w.Session == a.welcome.Session {
			t.Error("resumed from a place that does not exist")
		}
		if m := b.expect("left"); m.Reason != "lost" {
			t.Errorf("left = %+v", m)
		}
	})
}

// A part of trial W7: the socket is lost in every state of a chat.
func TestW7LossInEveryState(t *testing.T) {
	t.Run("chatting", func(t *testing.T) {
		run(t, func(t *testing.T, f *fixture) {
			a, b, _ := f.pair("text")
			start := time.Now()
			a.conn.CloseNow()
			if m := b.expect("left"); m.Reason != "lost" {
				t.Errorf("left = %+v", m)
			}
			if got := time.Since(start); got != 15*time.Second {
				t.Errorf("told after %v", got)
			}
			b.send(`{"type":"find","mode":"text"}`)
			b.expect("waiting")
		})
	})
	t.Run("waiting", func(t *testing.T) {
		run(t, func(t *testing.T, f *fixture) {
			a := f.visit("192.0.2.1")
			a.send(`{"type":"find","mode":"text"}`)
			a.expect("waiting")
			a.conn.CloseNow()
			synctest.Wait()
			b := f.visit("192.0.2.2")
			b.send(`{"type":"find","mode":"text"}`)
			b.expect("waiting") // nobody is paired with the absent
			again := f.mustConnect("192.0.2.1")
			again.seen = a.seen
			again.send(`{"type":"hello","resume":"` + a.welcome.Resume + `","ack":` + jsonNumber(a.seen) + `}`)
			again.expect("welcome")
			again.expect("matched")
			b.expect("matched")
		})
	})
	for _, code := range []websocket.StatusCode{
		websocket.StatusNormalClosure, websocket.StatusGoingAway, websocket.StatusNoStatusRcvd,
	} {
		t.Run("goodbye/"+code.String(), func(t *testing.T) {
			run(t, func(t *testing.T, f *fixture) {
				a, b, _ := f.pair("text")
				a.conn.Close(code, "") // 1005: an empty close frame
				if m := b.expect("left"); m.Reason != "left" {
					t.Errorf("left = %+v", m)
				}
			})
		})
	}
}

// A part of trial W7: one whose outbox is full costs nobody else the place in
// the line, whoever of the two looked for the other.
func TestW7FullOutbox(t *testing.T) {
	// full returns a socket that reads nothing, of a session whose outbox holds
	// all it can. It takes 2 s.
	full := func(f *fixture, find string) *websocket.Conn {
		slow := f.mustConnectRaw("192.0.2.1")
		write := func(text string) { slow.Write(f.t.Context(), websocket.MessageText, []byte(text)) }
		write(hello)
		queued := 1 // the welcome
		if find != "" {
			write(find)
			queued++ // waiting
		}
		for range 180 {
			write(`{}`)
		}
		time.Sleep(2 * time.Second)
		for range 256 - 180 - queued {
			write(`{}`)
		}
		synctest.Wait()
		return slow
	}
	// met checks that c is in the line, and the only one.
	met := func(f *fixture, c *client) {
		f.t.Helper()
		c.quiet()
		if stats := f.Stats(); stats.Online != 1 || stats.Waiting != 1 {
			f.t.Errorf("%+v, want one who waits", stats)
		}
		third := f.visit("192.0.2.3")
		third.send(`{"type":"find","mode":"text","interests":["y"]}`)
		if m := third.expect("matched"); m.Role != "polite" {
			f.t.Errorf("matched = %+v", m)
		}
		c.expect("matched")
	}
	t.Run("newcomer", func(t *testing.T) {
		run(t, func(t *testing.T, f *fixture) {
			c := f.visit("192.0.2.2")
			c.send(`{"type":"find","mode":"text"}`)
			c.expect("waiting")
			full(f, "").Write(t.Context(), websocket.MessageText, []byte(`{"type":"find","mode":"text"}`))
			met(f, c)
		})
	})
	t.Run("waiting", func(t *testing.T) {
		run(t, func(t *testing.T, f *fixture) {
			full(f, `{"type":"find","mode":"text"}`)
			c := f.visit("192.0.2.2")
			c.send(`{"type":"find","mode":"text"}`)
			c.expect("waiting")
			met(f, c)
		})
	})
	t.Run("patience", func(t *testing.T) {
		run(t, func(t *testing.T, f *fixture) {
			full(f, `{"type":"find","mode":"text","interests":["x"]}`)
			c := f.visit("192.0.2.2")
			c.send(`{"type":"find","mode":"text","interests":["y"]}`)
			c.expect("waiting")
			time.Sleep(2 * time.Second)
			met(f, c)
		})
	})
	t.Run("both", func(t *testing.T) {
		run(t, func(t *testing.T, f *fixture) {
			full(f, `{"type":"find","mode":"text"}`)
			full(f, "").Write(t.Context(), websocket.MessageText, []byte(`{"type":"find","mode":"text"}`))
			synctest.Wait()
			if n := f.Online(); n != 0 {
				t.Errorf("%d online", n)
			}
		})
	})
}

func TestBanEndsTheSession(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, _ := f.pair("text")
		until := time.Now().Add(time.Hour)
		f.mu.Lock()
		f.banned[netip.MustParseAddr("192.0.2.1")] = match.Ban{Reason: "nudity", Until: until}
		f.mu.Unlock()
		if n := f.EnforceBans(); n != 1 {
			t.Errorf("EnforceBans = %d", n)
		}
		if sessions, pairs := f.relay.counts(); sessions != 1 || pairs != 0 {
			t.Errorf("the relay still knows %d sessions and %d pairs", sessions, pairs)
		}
		m := a.expect("banned")
		if m.Reason != "nudity" || m.Until == nil || !m.Until.Equal(until.Truncate(time.Second)) || m.Appeal != "/appeal" {
			t.Errorf("banned = %+v", m)
		}
		a.expectClose(4503)
		if m := b.expect("left"); m.Reason != "banned" {
			t.Errorf("left = %+v", m)
		}
		_, response, err := f.connect("192.0.2.1", nil)
		if err == nil || response.StatusCode != http.StatusForbidden {
			t.Fatalf("a banned address connected: %v, %v", response, err)
		}
		body, _ := io.ReadAll(response.Body)
		var refusal struct{ Code, Reason, Until string }
		if err := json.Unmarshal(body, &refusal); err != nil || refusal.Code != "banned" || refusal.Reason != "nudity" || refusal.Until == "" {
			t.Errorf("403 says %s", body)
		}
	})
}

// ban bans an address without telling the hub.
func (f *fixture) ban(addr string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.banned[netip.MustParseAddr(addr)] = match.Ban{Reason: "spam"}
}

// A part of trial W6: a socket that was open before the ban gets no session after.
func TestW6BanMeetsSocketsWithoutASession(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		silent, reading := f.mustConnect("192.0.2.1"), f.mustConnect("192.0.2.1")
		reading.send(`{"type":"hello"}`)
		reading.expect("error")
		other := f.visit("192.0.2.2")
		f.ban("192.0.2.1")
		if n := f.EnforceBans(); n != 0 {
			t.Errorf("EnforceBans = %d, want no session", n)
		}
		silent.expectClose(4503)
		reading.expectClose(4503)
		other.quiet()
	})
}

func TestW6HelloOfABannedAddress(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a := f.visit("192.0.2.1")
		for _, hello := range []string{hello, `{"type":"hello","resume":"` + a.welcome.Resume + `","ack":1}`} {
			c := f.mustConnect("192.0.2.9")
			f.ban("192.0.2.9")
			c.send(hello)
			if m := c.expect("banned"); m.Seq != 0 || m.Reason != "spam" || m.Until != nil || m.Appeal != "/appeal" {
				t.Errorf("banned = %+v", m)
			}
			c.expectClose(4503)
			f.mu.Lock()
			clear(f.banned)
			f.mu.Unlock()
		}
		if n := f.Online(); n != 1 {
			t.Errorf("%d online, want the one before the ban", n)
		}
		a.quiet()
	})
}

// What comes after the message that closed the socket makes no session.
func TestHelloOnASocketBeingShut(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		c := f.mustConnectRaw("192.0.2.1")
		c.Write(t.Context(), websocket.MessageText, []byte(`{"type":"find","mode":"text"}`))
		c.Write(t.Context(), websocket.MessageText, []byte(hello))
		synctest.Wait()
		if n := f.Online(); n != 0 {
			t.Errorf("%d online", n)
		}
	})
}

// A reader that takes one message in nine seconds does not keep a socket that is
// being shut.
func TestW4ShutSocketIsCut(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		c := f.mustConnectRaw("192.0.2.1")
		c.Write(t.Context(), websocket.MessageText, []byte(hello))
		for range 50 {
			c.Write(t.Context(), websocket.MessageText, []byte(`{}`))
		}
		synctest.Wait()
		f.ban("192.0.2.1")
		f.EnforceBans()
		start := time.Now()
		for {
			time.Sleep(9 * time.Second)
			if _, _, err := c.Read(t.Context()); err != nil {
				break
			}
		}
		if got := time.Since(start); got > 30*time.Second {
			t.Errorf("cut after %v", got)
		}
	})
}

func TestBanByRelayAddress(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a := f.visit("192.0.2.1")
		f.relay.mu.Lock()
		f.relay.addrs[mustSession(t, a.welcome.Session)] = []netip.Addr{netip.MustParseAddr("2001:db8::1")}
		f.relay.mu.Unlock()
		f.mu.Lock()
		f.banned[netip.MustParseAddr("2001:db8::1")] = match.Ban{Reason: "spam"}
		f.mu.Unlock()
		if n := f.Affected(func(a netip.Addr) bool { return a == netip.MustParseAddr("2001:db8::1") }); n != 1 {
			t.Errorf("Affected = %d", n)
		}
		f.EnforceBans()
		if m := a.expect("banned"); m.Until != nil {
			t.Errorf("banned = %+v, want permanent", m)
		}
		a.expectClose(4503)
	})
}

func TestKick(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, _ := f.pair("text")
		id := mustSession(t, a.welcome.Session)
		if !f.Kick(id) || f.Kick(id) {
			t.Error("Kick is wrong about who is there")
		}
		a.expectClose(4504)
		if m := b.expect("left"); m.Reason != "moderated" {
			t.Errorf("left = %+v", m)
		}
	})
}

// Trial W3: origins.
func TestW3Origin(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		for origin, want := range map[string]bool{
			"http://site.test": true, "https://SITE.test": true, "https://other.test": true,
			"": false, "null": false, "http://evil.test": false, "http://site.test.evil.test": false,
			"http://site.test:81": false, "http://evil.test/site.test": false, "http://site.test@evil.test": false,
			"http://evilsite.test": false, "http://site.test/": false, "site.test": false, "file://site.test": false,
			"https://other.test:444": false, "https://other.test.evil": false,
		} {
			header := http.Header{}
			if origin != "" {
				header.Set("Origin", origin)
			}
			c, response, err := f.connect("192.0.2.1", header)
			if want != (err == nil) {
				t.Errorf("Origin %q: %v", origin, err)
			}
			if err != nil && response.StatusCode != http.StatusForbidden {
				t.Errorf("Origin %q: status %d", origin, response.StatusCode)
			}
			if c != nil {
				c.conn.CloseNow()
			}
		}
	})
}

func TestBadInputLeavesTheSessionAlone(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		c := f.visit("192.0.2.1")
		for bad, want := range map[string]string{
			`{`: "bad_message", `[]`: "bad_message", `{}`: "bad_message", `{"type":5}`: "bad_message",
			`{"type":"warp"}`: "unknown_type", `{"type":"hello"}`: "bad_message",
			`{"type":"find"}`: "bad_message", `{"type":"find","mode":"smell"}`: "bad_message",
			`{"type":"find","mode":"text","interests":[""]}`:                                "bad_message",
			`{"type":"find","mode":"text","interests":"x"}`:                                 "bad_message",
			`{"type":"text","id":"1","body":"x"}`:                                           "not_paired",
			`{"type":"text","id":"","body":"x"}`:                                            "bad_message",
			`{"type":"text","id":"1","pair":"` + ident.NewPair().String() + `","body":"x"}`: "stale_pair",
			`{"type":"typing","pair":"short","on":true}`:                                    "bad_message",
			strings.Repeat(`[`, 20000):                                                      "bad_message",
		} {
			c.send(bad)
			if m := c.expect("error"); m.Code != want || m.Detail == "" {
				t.Errorf("%.60s: %+v, want %s", bad, m, want)
			}
		}
		c.send(`{"type":"find","mode":"text"}`)
		c.expect("waiting")
	})
}

func TestFramesThatEndTheSocket(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		for _, test := range []struct {
			kind websocket.MessageType
			data string
			code websocket.StatusCode
		}{
			{websocket.MessageBinary, "{}", websocket.StatusUnsupportedData},
			{websocket.MessageText, "\xff", websocket.StatusInvalidFramePayloadData},
			{websocket.MessageText, strings.Repeat("x", 32<<10+1), websocket.StatusMessageTooBig},
		} {
			c := f.mustConnect("192.0.2.1")
			c.conn.Write(t.Context(), test.kind, []byte(test.data))
			c.expectClose(test.code)
		}
	})
}

func TestSubprotocolIsRequired(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		conn, _, err := websocket.Dial(t.Context(), "ws://site.test/ws", &websocket.DialOptions{
			HTTPClient: &http.Client{Transport: &http.Transport{DialContext: f.pipes.dial, DisableKeepAlives: true}},
			HTTPHeader: http.Header{"Origin": {"http://site.test"}, "Test-Addr": {"192.0.2.1"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.CloseNow()
		if _, _, err := conn.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestRates(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, _, pair := f.pair("text")
		limited := 0
		for i := range 15 {
			a.send(`{"type":"text","pair":"` + pair + `","id":"` + jsonNumber(uint64(i)) + `","body":"x"}`)
			m := <-a.messages
			a.seen = m.Seq
			if m.Type == "rejected" && m.Code == "rate_limited" {
				limited++
			}
		}
		if limited != 5 {
			t.Errorf("%d of 15 texts at once were limited, want 5", limited)
		}
	})
}

func TestSessionsPerAddress(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		for _, addr := range []string{"2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3"} {
			f.visit(addr)
		}
		c := f.mustConnect("2001:db8::4")
		c.send(hello)
		c.expectClose(4429)
		f.visit("2001:db8:0:1::1")
	})
}

// A part of trial W5: sockets that never say hello count too.
func TestW5SocketsPerAddress(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		var sockets []*client
		for range 6 {
			c := f.mustConnect("2001:db8::1")
			c.send(`{"type":"hello"}`)
			c.expect("error")
			sockets = append(sockets, c)
		}
		_, response, err := f.connect("2001:db8::2", nil)
		if err == nil || response.StatusCode != http.StatusTooManyRequests || response.Header.Get("Retry-After") != "60" {
			t.Fatalf("a seventh socket: %v, %v", response, err)
		}
		f.visit("2001:db8:0:1::1")
		sockets[0].conn.CloseNow()
		synctest.Wait()
		f.visit("2001:db8::2")
	})
}

func TestW5FloodIsReadSlowly(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		c, start := f.visit("192.0.2.1"), time.Now()
		limited := 0
		for range 1200 {
			c.send(`{}`)
			if c.expect("error").Code == "rate_limited" {
				limited++
			}
		}
		// 200 at once, and then one within the rate for each that is not.
		if got := time.Since(start); got < 12*time.Second || got > 13*time.Second || limited < 400 {
			t.Errorf("1,200 messages in %v, %d of them limited", got, limited)
		}
	})
}

func TestW5ChatterBeforeTheHello(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		c := f.mustConnect("192.0.2.1")
		for range 20 {
			c.send(`{}`)
			c.expect("error")
		}
		c.send(hello)
		for m := range c.messages {
			t.Fatalf("got %+v", m)
		}
		c.expectClose(4429)
		var closed websocket.CloseError
		if !errors.As(c.err, &closed) || closed.Reason != "60" {
			t.Errorf("closed with %v", c.err)
		}
		if n := f.Stats().Refused["bad_message"]; n != 20 {
			t.Errorf("%d messages refused", n)
		}
	})
}

// Trial W4: a reader that never reads loses its own session only.
func TestW4SlowReader(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		slow, fast := f.mustConnectRaw("192.0.2.1"), f.visit("192.0.2.2")
		slow.Write(t.Context(), websocket.MessageText, []byte(hello))
		slow.Write(t.Context(), websocket.MessageText, []byte(`{"type":"find","mode":"text"}`))
		synctest.Wait()
		fast.send(`{"type":"find","mode":"text"}`)
		pair := fast.expect("matched").Pair
		start := time.Now()
		fast.send(`{"type":"text","pair":"` + pair + `","id":"1","body":"x"}`)
		fast.expect("sent")
		if m := fast.expect("left"); m.Reason != "lost" {
			t.Errorf("left = %+v", m)
		}
		if got := time.Since(start); got > time.Minute {
			t.Errorf("told after %v", got)
		}
	})
}

// mustConnectRaw connects without a reader.
func (f *fixture) mustConnectRaw(addr string) *websocket.Conn {
	f.t.Helper()
	conn, _, err := websocket.Dial(f.t.Context(), "ws://site.test/ws", &websocket.DialOptions{
		HTTPClient:   &http.Client{Transport: &http.Transport{DialContext: f.pipes.dial, DisableKeepAlives: true}},
		HTTPHeader:   http.Header{"Origin": {"http://site.test"}, "Test-Addr": {addr}},
		Subprotocols: []string{match.Subprotocol},
	})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { conn.CloseNow() })
	return conn
}

func TestOnlineAndFreshCredentials(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a := f.visit("192.0.2.1")
		f.visit("192.0.2.2")
		a.expect("online")
		start := time.Now()
		m := a.expect("ice")
		if m.ICE.Expires.Sub(start) < time.Hour {
			t.Errorf("ice = %+v", m.ICE)
		}
		if waited := time.Since(start); waited < 49*time.Minute || waited > 55*time.Minute {
			t.Errorf("fresh credentials after %v", waited)
		}
	})
}

// The count told with the welcome counts: it may be stale while everybody else
// knows the right one, and the other way round.
func TestOnlineIsToldToWhoKnowsAnother(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a := f.visit("192.0.2.1")
		time.Sleep(15 * time.Second)
		b := f.visit("192.0.2.2")
		if b.welcome.Online != 2 {
			t.Errorf("welcome = %+v", b.welcome)
		}
		a.conn.Close(websocket.StatusNormalClosure, "")
		if m := b.expect("online"); m.Count != 1 {
			t.Errorf("online = %+v", m)
		}
		c := f.visit("192.0.2.3")
		if m := b.expect("online"); m.Count != 2 {
			t.Errorf("online = %+v", m)
		}
		time.Sleep(time.Minute)
		if len(c.messages) != 0 {
			t.Errorf("told %+v, which it knew", <-c.messages)
		}
	})
}

func TestCloseTellsEverybody(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, _ := f.pair("text")
		if err := f.Close(t.Context()); err != nil {
			t.Error(err)
		}
		a.expectClose(1001)
		b.expectClose(1001)
		if _, response, err := f.connect("192.0.2.3", nil); err == nil || response.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("connected to a closed hub: %v", err)
		}
	})
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
