package match_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/match"
)

// floodFixture is a hub on a real port of loopback, where each visitor may have an
// address of 127.0.0.0/8.
type floodFixture struct {
	*match.Hub
	t    *testing.T
	host string
}

func newFloodFixture(t *testing.T) *floodFixture {
	hub := match.New(match.Options{
		Relay:   newRelay(),
		ICEURLs: func(host string) []string { return []string{"turn:" + host} },
		Addr:    func(r *http.Request) netip.Addr { return netip.MustParseAddrPort(r.RemoteAddr).Addr() },
		Policy:  "v1", Patience: time.Minute, ResumeGrace: time.Second, HelloTimeout: time.Minute,
		SessionsPerAddress: 32, SessionsPerAddressMax: 128,
	})
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan struct{})
	go func() { hub.Run(ctx); close(ran) }()
	server := httptest.NewServer(hub)
	t.Cleanup(func() {
		if err := hub.Close(context.Background()); err != nil {
			t.Error(err)
		}
		cancel()
		<-ran
		server.Close()
	})
	return &floodFixture{hub, t, server.Listener.Addr().String()}
}

// dial opens a socket from an address.
func (f *floodFixture) dial(ctx context.Context, from string) (*websocket.Conn, *http.Response, error) {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	transport := &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}
	return websocket.Dial(ctx, "ws://"+f.host+"/ws", &websocket.DialOptions{
		HTTPClient:   &http.Client{Transport: transport},
		HTTPHeader:   http.Header{"Origin": {"http://" + f.host}},
		Subprotocols: []string{match.Subprotocol},
	})
}

// honest is a visitor with an address of its own.
type honest struct {
	f    *floodFixture
	conn *websocket.Conn
}

func (f *floodFixture) visit(ctx context.Context, from string) *honest {
	f.t.Helper()
	conn, _, err := f.dial(ctx, from)
	if err != nil {
		f.t.Fatalf("an honest visitor from %s: %v", from, err)
	}
	v := &honest{f, conn}
	v.send(ctx, hello)
	v.expect(ctx, "welcome")
	return v
}

func (v *honest) send(ctx context.Context, text string) {
	v.f.t.Helper()
	if err := v.conn.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
		v.f.t.Fatal(err)
	}
}

// expect returns the next message but `online` ones, which must have the type.
func (v *honest) expect(ctx context.Context, kind string) (m message) {
	v.f.t.Helper()
	for {
		_, data, err := v.conn.Read(ctx)
		if err != nil {
			v.f.t.Fatalf("waiting for %s: %v", kind, err)
		}
		if err := json.Unmarshal(data, &m); err != nil {
			v.f.t.Fatal(err)
		}
		if m.Type == kind {
			return m
		}
		if m.Type != "online" {
			v.f.t.Fatalf("an honest visitor got %s, want %s", data, kind)
		}
	}
}

// meet lets two visitors come, find each other by an interest and go, and returns
// how long the second waited for the match.
func (f *floodFixture) meet(ctx context.Context, n int) time.Duration {
	f.t.Helper()
	a, b := f.visit(ctx, fmt.Sprintf("127.1.%d.1", n)), f.visit(ctx, fmt.Sprintf("127.1.%d.2", n))
	find := fmt.Sprintf(`{"type":"find","mode":"text","interests":["honest %d"]}`, n)
	a.send(ctx, find)
	a.expect(ctx, "waiting")
	began := time.Now()
	b.send(ctx, find)
	pair := b.expect(ctx, "matched").Pair
	waited := time.Since(began)
	if m := a.expect(ctx, "matched"); m.Pair != pair || len(m.Common) != 1 {
		f.t.Errorf("matched %+v", m)
	}
	b.send(ctx, `{"type":"text","pair":"`+pair+`","id":"1","body":"hello"}`)
	b.expect(ctx, "sent")
	a.expect(ctx, "text")
	for _, v := range []*honest{a, b} {
		v.conn.Close(websocket.StatusNormalClosure, "")
	}
	return waited
}

// attack is what one attacker does until ctx ends.
type attack struct {
	f       *floodFixture
	running sync.WaitGroup

	held    atomic.Int64 // sockets of the thousand that were opened
	refused atomic.Int64 // upgrades, by status 429
	came    atomic.Int64 // sessions of the join flood
}

// sockets opens a thousand and holds what it gets.
func (a *attack) sockets(ctx context.Context, from string) {
	for range 1000 {
		conn, response, err := a.f.dial(ctx, from)
		switch {
		case err == nil:
			a.held.Add(1)
			a.running.Go(func() { drain(ctx, conn) })
		case response != nil && response.StatusCode == http.StatusTooManyRequests:
			a.refused.Add(1)
		}
	}
}

// joins comes and goes.
func (a *attack) joins(ctx context.Context, from string) {
	for ctx.Err() == nil {
		conn, response, err := a.f.dial(ctx, from)
		if err != nil {
			if response != nil && response.StatusCode == http.StatusTooManyRequests {
				a.refused.Add(1)
			}
			continue
		}
		if conn.Write(ctx, websocket.MessageText, []byte(hello)) == nil {
			if _, data, err := conn.Read(ctx); err == nil && len(data) > 0 {
				a.came.Add(1)
			}
		}
		conn.CloseNow()
	}
}

// floods sends one message over and over in a session.
func (a *attack) floods(ctx context.Context, from, text string) {
	conn, _, err := a.f.dial(ctx, from)
	if err != nil {
		return
	}
	a.running.Go(func() { drain(ctx, conn) })
	if conn.Write(ctx, websocket.MessageText, []byte(hello)) != nil {
		return
	}
	for conn.Write(ctx, websocket.MessageText, []byte(text)) == nil {
	}
}

// drain reads, so that pings are answered, and closes the socket.
func drain(ctx context.Context, conn *websocket.Conn) {
	defer conn.CloseNow()
	for {
		if _, _, err := conn.Read(ctx); err != nil {
			return
		}
	}
}

// Trial W5: floods of sockets, joins, searches and reports cost whoever is honest
// next to nothing. The attackers take part of the same two cores here.
func TestW5Floods(t *testing.T) {
	const pairs = 30
	f := newFloodFixture(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	measure := func(first int) (waits []time.Duration) {
		for n := range pairs {
			waits = append(waits, f.meet(ctx, first+n))
		}
		slices.Sort(waits)
		return waits
	}
	idle := measure(0)
	if stats := f.Stats(); len(stats.Denied) != 0 || len(stats.Refused) != 0 || len(stats.Challenges) != 0 {
		t.Errorf("without an attack: %+v", stats)
	}

	a := &attack{f: f}
	attacking, stop := context.WithCancel(ctx)
	var thousand sync.WaitGroup
	thousand.Go(func() { a.sockets(attacking, "127.0.0.66") })
	for range 2 {
		a.running.Go(func() { a.joins(attacking, "127.0.0.67") })
	}
	for range 8 {
		a.running.Go(func() { a.floods(attacking, "127.0.0.68", `{"type":"find","mode":"text","interests":["flood"]}`) })
		a.running.Go(func() {
			a.floods(attacking, "127.0.0.69", `{"type":"report","pair":"`+ident.NewPair().String()+`","reason":"spam"}`)
		})
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for stats := f.Stats(); stats.Denied["upgrade_rate"] == 0 || stats.Denied["session_rate"] == 0 || stats.Denied["work"] == 0; stats = f.Stats() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("the attackers are not held back: %+v", stats)
		}
	}
	attacked := measure(pairs)
	thousand.Wait()
	stop()
	a.running.Wait()

	stats := f.Stats()
	if held := a.held.Load(); held > 256 {
		t.Errorf("one address holds %d sockets, want 256 at most", held)
	}
	if a.refused.Load() == 0 || uint64(a.refused.Load()) > stats.Denied["upgrade_rate"]+stats.Denied["sockets"] {
		t.Errorf("%d upgrades refused, counted %v", a.refused.Load(), stats.Denied)
	}
	if stats.Refused["rate_limited"] == 0 || stats.Refused["challenge_required"] == 0 || stats.Reports["spam"] != 0 {
		t.Errorf("refused %v, reports %v", stats.Refused, stats.Reports)
	}
	p50, p99 := len(idle)/2, len(idle)*99/100
	t.Logf("figure: %d/%d honest pairs attacked, time to match p50 %v, p99 %v, ÷ idle %.1f, %.1f; %d of 1,000 sockets, %d upgrades refused, %d sessions in the join flood, %d messages refused",
		len(attacked), pairs, attacked[p50].Round(time.Microsecond), attacked[p99].Round(time.Microsecond),
		float64(attacked[p50])/float64(idle[p50]), float64(attacked[p99])/float64(idle[p99]),
		a.held.Load(), a.refused.Load(), a.came.Load(), stats.Refused["rate_limited"]+stats.Refused["challenge_required"]+stats.Refused["stale_pair"])
}
