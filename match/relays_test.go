package match_test

import (
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ident"
)

// relays are the relays of a cluster as one hub has them: a session begins at its own, stays
// where it was if it comes from another hub, and is at its own once it is paired.
type relays struct {
	*relay
	node string

	mu    sync.Mutex // guards what follows
	at    map[ident.Session]string
	stale map[ident.Session]bool
	none  bool // newcomers get no relay
}

func (r *relays) Admit(s ident.Session, source netip.Addr) (string, string, time.Time) {
	r.mu.Lock()
	if _, known := r.at[s]; !known && !r.none {
		r.at[s] = r.node
	}
	r.stale[s] = false
	r.mu.Unlock()
	return r.relay.Admit(s, source)
}

func (r *relays) Adopt(s ident.Session, source netip.Addr, relay string) {
	r.relay.Admit(s, source)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at[s], r.stale[s] = relay, false
}

func (r *relays) Dismiss(s ident.Session) {
	r.relay.Dismiss(s)
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.at, s)
	delete(r.stale, s)
}

func (r *relays) Join(p ident.Pair, a, b ident.Session) error {
	r.mu.Lock()
	for _, s := range [2]ident.Session{a, b} {
		r.moveLocked(s, r.node)
	}
	r.mu.Unlock()
	return r.relay.Join(p, a, b)
}

// moveLocked has a session be at another relay.
func (r *relays) moveLocked(s ident.Session, to string) {
	r.stale[s] = r.stale[s] || r.at[s] != to
	r.at[s] = to
}

func (r *relays) At(s ident.Session) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at[s]
}

func (r *relays) Stale(s ident.Session) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stale[s]
}

func (r *relays) URLs(s ident.Session, _ string) []string {
	if at := r.At(s); at != "" {
		return []string{"turn:" + at}
	}
	return []string{}
}

// A session that moves to another hub is known to the relay throughout, and in the end as
// one of its new hub alone.
func TestRelayOfMove(t *testing.T) {
	runHubs(t, []string{"n1", "n2"}, nil, func(t *testing.T, c *hubs) {
		n1, n2 := c.nodes["n1"], c.nodes["n2"]
		a, b := n1.visit("192.0.2.1"), n2.visit("192.0.2.2")
		c.meet("video", a, b) // a moves to n2
		c.settle()
		if sessions, _ := n2.relays.counts(); sessions != 2 {
			t.Errorf("the new hub's relay has %d sessions, want 2", sessions)
		}
		c.settle()
		if sessions, _ := n1.relays.counts(); sessions != 0 {
			t.Errorf("the old hub's relay has %d sessions left", sessions)
		}
	})
}

// Who gets another relay is told, if they are there to be told; others when they come back.
func TestRehoused(t *testing.T) {
	runHubs(t, []string{"n1"}, nil, func(t *testing.T, c *hubs) {
		n := c.nodes["n1"]
		a, b := n.visit("192.0.2.1"), n.visit("192.0.2.2")
		ids := make([]ident.Session, 2)
		n.relays.mu.Lock()
		for i, one := range []*client{a, b} {
			ids[i], _ = ident.ParseSession(one.welcome.Session)
			n.relays.moveLocked(ids[i], "n7")
		}
		n.relays.mu.Unlock()
		b.conn.CloseNow()
		c.settle()
		n.Rehoused(append(ids, ident.NewSession()))
		if m := a.expect("ice"); len(m.ICE.Servers) != 1 || m.ICE.Servers[0].URLs[0] != "turn:n7" {
			t.Errorf("ice: %+v", m.ICE)
		}
		n.Rehoused(ids) // whoever knows is not told again
		again := n.mustConnect("192.0.2.2")
		again.seen = b.seen
		again.send(`{"type":"hello","resume":"` + b.welcome.Resume + `","ack":` + jsonNumber(b.seen) + `}`)
		again.welcome = again.expect("welcome")
		if urls := again.welcome.ICE.Servers[0].URLs; urls[0] != "turn:n7" {
			t.Errorf("who comes back is told of %q", urls)
		}
		a.send(`{"type":"find","mode":"text"}`)
		a.expect("waiting")
	})
}

// Without a relay there is no video chat, and a client may try again.
func TestNoRelay(t *testing.T) {
	runHubs(t, []string{"n1"}, nil, func(t *testing.T, c *hubs) {
		n := c.nodes["n1"]
		n.relays.none = true
		a, b := n.visit("192.0.2.1"), n.visit("192.0.2.2")
		if len(a.welcome.ICE.Servers) != 0 {
			t.Errorf("welcome has servers: %+v", a.welcome.ICE)
		}
		a.send(`{"type":"find","mode":"video"}`)
		if m := a.expect("error"); m.Code != "unavailable" || m.Re != "find" {
			t.Errorf("a search for video: %+v", m)
		}
		n.meet(a, b, "text")
	})
}
