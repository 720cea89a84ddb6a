package client_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/joingyd/joingyd/client"
	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/match"
)

// relay stands for the TURN server.
type relay struct{}

func (relay) Admit(ident.Session, netip.Addr) (string, string, time.Time) {
	return "user", "password", time.Now().Add(time.Hour)
}
func (relay) Dismiss(ident.Session)                               {}
func (relay) CloseAllocations(ident.Session)                      {}
func (relay) Join(ident.Pair, ident.Session, ident.Session) error { return nil }
func (relay) Part(ident.Pair)                                     {}
func (relay) Owns(ident.Session, netip.AddrPort) bool             { return false }
func (relay) ClientAddrs(ident.Session) []netip.Addr              { return nil }

var until = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

// fixture is a real hub behind an HTTP server.
type fixture struct {
	*match.Hub
	t      *testing.T
	url    string
	banned atomic.Bool // whether 127.0.0.2 is
}

func newFixture(t *testing.T, grace time.Duration) *fixture {
	f := &fixture{t: t}
	f.Hub = match.New(match.Options{
		Relay: relay{},
		Banned: func(addr netip.Addr, _ match.Use) (match.Ban, bool) {
			return match.Ban{Reason: "testing", Until: until}, f.banned.Load() && addr == netip.MustParseAddr("127.0.0.2")
		},
		ICEURLs: func(host string) []string { return []string{"turn:" + host} },
		Addr:    func(r *http.Request) netip.Addr { return netip.MustParseAddrPort(r.RemoteAddr).Addr() },
		Policy:  "v1", Appeal: "/appeal",
		Patience: time.Second, ResumeGrace: grace, HelloTimeout: 30 * time.Second, SessionsPerAddress: 5, SessionsPerAddressMax: 10,
		Age: match.Age{Video: true, Challenge: challenge, Admit: admit},
	})
	mux := http.NewServeMux()
	mux.Handle("/ws", f.Hub)
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		if err := f.Close(context.Background()); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	f.url = server.URL
	return f
}

func (f *fixture) dial(opts client.Options) *client.Conn {
	f.t.Helper()
	opts.URL = f.url
	c, err := client.Dial(f.t.Context(), opts)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { c.CloseNow() })
	return c
}

func (f *fixture) send(c *client.Conn, message map[string]any) {
	f.t.Helper()
	if err := c.Send(f.t.Context(), message); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) expect(c *client.Conn, kind string) client.Message {
	f.t.Helper()
	m, err := c.Receive(f.t.Context())
	if err != nil || m.Type != kind {
		f.t.Fatalf("Receive = %+v, %v; want %s", m, err, kind)
	}
	return m
}

// online waits for a number of sessions.
func (f *fixture) online(n int) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for f.Online() != n {
		select {
		case <-tick.C:
		case <-ctx.Done():
			f.t.Fatalf("%d online, want %d", f.Online(), n)
		}
	}
}

func TestChat(t *testing.T) {
	f := newFixture(t, time.Minute)
	a, b := f.dial(client.Options{}), f.dial(client.Options{Policy: "v1"})
	w := a.Welcome()
	if w.Session == "" || w.Resume == "" || w.Policy != "v1" || w.ICE.TransportPolicy != "relay" || len(w.ICE.Servers) != 1 ||
		w.ICE.Servers[0].Username != "user" || w.ICE.Servers[0].Credential != "password" || w.ICE.Expires.IsZero() ||
		w.ICE.Servers[0].URLs[0] != "turn:"+strings.TrimPrefix(f.url, "http://") {
		t.Errorf("Welcome() = %+v", w)
	}
	find := map[string]any{"type": "find", "mode": "text", "interests": []string{"Chess"}}
	f.send(a, find)
	if m := f.expect(a, "waiting"); m.Mode != "text" || m.Since.IsZero() {
		t.Errorf("waiting = %+v", m)
	}
	f.send(b, find)
	pair := f.expect(a, "matched")
	if m := f.expect(b, "matched"); m.Pair != pair.Pair || m.Role == pair.Role || m.Common[0] != "Chess" {
		t.Errorf("matched = %+v and %+v", pair, m)
	}
	f.send(a, map[string]any{"type": "text", "pair": pair.Pair, "id": "1", "body": "hello"})
	if m := f.expect(b, "text"); m.Body != "hello" || m.Pair != pair.Pair {
		t.Errorf("text = %+v", m)
	}
	if m := f.expect(a, "sent"); m.ID != "1" || m.Seq != 4 {
		t.Errorf("sent = %+v", m)
	}
	f.send(a, map[string]any{"type": "typing", "pair": ident.NewPair().String(), "on": true})
	if m := f.expect(a, "error"); m.Code != "stale_pair" || m.Re != "typing" {
		t.Errorf("error = %+v", m)
	}
	if err := b.Close(); err != nil {
		t.Errorf("Close() = %v", err)
	}
	if m := f.expect(a, "left"); m.Reason != "left" && m.Reason != "lost" {
		t.Errorf("left = %+v", m)
	}
	f.online(1)
}
