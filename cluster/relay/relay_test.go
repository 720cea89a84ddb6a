package relay_test

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/cluster/relay"
	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/match"
	"github.com/joingyd/joingyd/turn"
)

var (
	_ match.Relay = (*relay.Home)(nil)
	_ relay.Local = (*relay.Host)(nil)
)

// one is a cluster of a hub without a relay and a relay.
func one(w *world) (hub, far *node) {
	w.list(relay.Relay{Name: "far"})
	return w.start("hub", false, 0), w.start("far", true, 0)
}

func TestFarRelay(t *testing.T) {
	cluster(t, func(w *world) {
		hub, far := one(w)
		far.server.media = true
		ids := hub.admit(3)
		if urls := hub.URLs(ids[0], "chat.test"); !slices.Equal(urls, []string{"turn:far"}) {
			t.Errorf("URLs: %q", urls)
		}
		p := hub.join(t, ids[0], ids[1])
		if err := hub.Join(ident.NewPair(), ids[0], ids[2]); !errors.Is(err, relay.ErrPaired) {
			t.Errorf("Join of one in a pair: %v", err)
		}
		if err := hub.Join(ident.NewPair(), ids[2], ident.NewSession()); !errors.Is(err, relay.ErrUnknownSession) {
			t.Errorf("Join with nobody: %v", err)
		}
		w.soon()
		w.has("at first", far, 3, 1)
		w.pass(time.Minute)
		w.has("a minute later", far, 3, 1)
		if s := far.host.Stats(); s.Homes != 1 || s.Sessions != 3 || s.Pairs != 1 || s.Asked != 1 || s.Gone+s.Refused+s.Invalid != 0 {
			t.Errorf("Stats: %+v", s)
		}
		hub.Part(p)
		hub.Part(p)
		w.soon()
		w.has("after Part", far, 3, 0)
		if hub.connected != 1 {
			t.Errorf("%d pairs were connected, want 1", hub.connected)
		}
		hub.join(t, ids[0], ids[2])
		hub.Dismiss(ids[0])
		hub.Dismiss(ids[0])
		w.soon()
		w.has("after Dismiss", far, 2, 0)
		if s := hub.Stats(); s.Sessions["far"] != 2 || len(s.Pairs) != 0 {
			t.Errorf("Stats: %+v", s)
		}
	})
}

// What a Home said is done in the end, whatever was lost of it.
func TestLost(t *testing.T) {
	for name, do := range map[string]func(n *node, ids []ident.Session, p ident.Pair) (sessions, pairs int){
		"admit":   func(n *node, _ []ident.Session, _ ident.Pair) (int, int) { n.admit(1); return 5, 1 },
		"dismiss": func(n *node, ids []ident.Session, _ ident.Pair) (int, int) { n.Dismiss(ids[3]); return 3, 1 },
		"join": func(n *node, ids []ident.Session, _ ident.Pair) (int, int) {
			n.Join(ident.NewPair(), ids[2], ids[3])
			return 4, 2
		},
		"part": func(n *node, _ []ident.Session, p ident.Pair) (int, int) { n.Part(p); return 4, 0 },
	} {
		for _, silently := range []bool{false, true} {
			cluster(t, func(w *world) {
				hub, far := one(w)
				ids := hub.admit(4)
				p := hub.join(t, ids[0], ids[1])
				w.soon()
				w.air.lose("hub", "far", 1, silently)
				sessions, pairs := do(hub, ids, p)
				w.pass(2 * time.Second)
				w.has(name+" was lost", far, sessions, pairs)
			})
		}
	}
}

// A pair whose part was lost stands in nobody's way.
func TestJoinAfterLostPart(t *testing.T) {
	cluster(t, func(w *world) {
		hub, far := one(w)
		ids := hub.admit(3)
		p := hub.join(t, ids[0], ids[1])
		w.soon()
		w.air.lose("hub", "far", 1, false)
		hub.Part(p)
		hub.join(t, ids[2], ids[0])
		w.soon()
		w.has("at once", far, 3, 1)
		w.pass(2 * time.Second)
		w.has("later", far, 3, 1)
	})
}

func TestHomeDies(t *testing.T) {
	cluster(t, func(w *world) {
		hub, far := one(w)
		ids := hub.admit(2)
		hub.join(t, ids[0], ids[1])
		w.pass(10 * time.Second)
		hub.stop()
		w.pass(relay.Lease - time.Second - time.Millisecond)
		w.has("before the lease is over", far, 2, 1)
		w.pass(time.Second + 10*time.Millisecond)
		w.has("when it is over", far, 2, 0)
		w.pass(relay.Patience - relay.Lease + time.Second)
		w.has("when the home is gone", far, 0, 0)
		if s := far.host.Stats(); s.Homes != 0 || s.Gone != 1 {
			t.Errorf("Stats: %+v", s)
		}
	})
}

// A home that was only cut off has its pairs back, and after longer its sessions too.
func TestPartition(t *testing.T) {
	for _, cut := range []time.Duration{3 * time.Second, 8 * time.Second, time.Minute} {
		cluster(t, func(w *world) {
			hub, far := one(w)
			ids := hub.admit(2)
			hub.join(t, ids[0], ids[1])
			w.pass(time.Second)
			w.air.cut("hub", "far", true)
			w.pass(cut)
			switch {
			case cut < relay.Lease:
				w.has("in between", far, 2, 1)
			case cut < relay.Patience:
				w.has("in between", far, 2, 0)
			default:
				w.has("in between", far, 0, 0)
			}
			hub.admit(1)
			w.air.cut("hub", "far", false)
			w.pass(500 * time.Millisecond)
			w.has("when it is mended", far, 3, 1)
		})
	}
}

// While a relay hears nobody it ends nobody's calls, but for those that were over before.
func TestDeaf(t *testing.T) {
	cluster(t, func(w *world) {
		hub, far := one(w)
		dead := w.start("dead", false, 0)
		for _, n := range []*node{hub, dead} {
			ids := n.admit(2)
			n.join(t, ids[0], ids[1])
		}
		w.pass(2 * time.Second)
		w.has("at first", far, 4, 2)
		dead.stop()
		w.pass(relay.Lease + time.Second)
		w.has("one home is dead", far, 4, 1)
		w.air.cut("hub", "far", true)
		w.pass(2 * time.Second)
		far.deaf.Store(true)
		w.pass(time.Hour)
		w.has("deaf for an hour", far, 2, 1)
		w.air.cut("hub", "far", false)
		far.deaf.Store(false)
		w.pass(time.Minute)
		w.has("and not any more", far, 2, 1)
	})
}

func TestRelayRestarts(t *testing.T) {
	cluster(t, func(w *world) {
		hub, far := one(w)
		ids := hub.admit(2)
		addr := netip.MustParseAddrPort("198.18.0.1:1234")
		far.server.allocate(ids[0], "203.0.113.1", addr)
		hub.join(t, ids[0], ids[1])
		w.soon()
		far.stop()
		w.pass(time.Second)
		far = w.start("far", true, 0)
		w.pass(2 * time.Second)
		w.has("started anew", far, 2, 1)
		if hub.Owns(ids[0], addr) {
			t.Error("an allocation outlived its relay")
		}
		if addrs := hub.ClientAddrs(ids[0]); len(addrs) != 1 {
			t.Errorf("ClientAddrs: %v", addrs)
		}
		w.pass(time.Minute)
		w.has("a minute later", far, 2, 1)
	})
}

func TestHomeRestarts(t *testing.T) {
	cluster(t, func(w *world) {
		hub, far := one(w)
		ids := hub.admit(2)
		hub.join(t, ids[0], ids[1])
		w.soon()
		hub.stop()
		hub = w.start("hub", false, 0)
		hub.admit(1)
		w.soon()
		w.has("started anew", far, 1, 0)
	})
}

func TestAllocationsAreTold(t *testing.T) {
	cluster(t, func(w *world) {
		hub, far := one(w)
		first, second := netip.MustParseAddrPort("198.18.0.1:1"), netip.MustParseAddrPort("198.18.0.1:2")
		owns := func(when string, id ident.Session, want ...bool) {
			t.Helper()
			if got := []bool{hub.Owns(id, first), hub.Owns(id, second)}; !slices.Equal(got, want) {
				t.Errorf("%s: Owns: %v, want %v", when, got, want)
			}
		}
		// Before it was admitted: its credentials were faster.
		w.air.delay = 100 * time.Millisecond
		ids := hub.admit(2)
		far.server.allocate(ids[0], "203.0.113.1", first)
		w.pass(150 * time.Millisecond)
		owns("not told yet", ids[0], false, false)
		w.pass(100 * time.Millisecond)
		owns("told", ids[0], true, false)
		owns("of another", ids[1], false, false)
		far.server.allocate(ids[0], "203.0.113.2", first, second)
		w.pass(101 * time.Millisecond)
		owns("one more", ids[0], true, true)
		if addrs := hub.ClientAddrs(ids[0]); len(addrs) != 2 {
			t.Errorf("ClientAddrs: %v", addrs)
		}
		far.server.allocate(ids[0], "", second)
		w.pass(101 * time.Millisecond)
		owns("one closed", ids[0], false, true)
		w.air.lose("far", "hub", 1, false)
		far.server.allocate(ids[0], "")
		w.pass(2 * time.Second)
		owns("all closed, and the word of it lost", ids[0], false, false)
		if addrs := hub.ClientAddrs(ids[0]); len(addrs) != 2 {
			t.Errorf("ClientAddrs: %v", addrs)
		}
		hub.CloseAllocations(ids[0])
		owns("closed", ids[0], false, false)
	})
}

func TestChoice(t *testing.T) {
	near := func(name string, load float64) relay.Relay { return relay.Relay{Name: name, Load: load, Region: ""} }
	there := func(name string, load float64) relay.Relay {
		return relay.Relay{Name: name, Load: load, Region: "there"}
	}
	drained := func(r relay.Relay) relay.Relay { r.Draining = true; return r }
	refusing := func(r relay.Relay) relay.Relay { r.Refuses = true; return drained(r) }
	for name, test := range map[string]struct {
		local  bool
		listed []relay.Relay
		want   string
	}{
		"own":                        {true, []relay.Relay{near("n", 0.8), near("a", 0)}, "n"},
		"own, not listed":            {true, nil, "n"},
		"own is full":                {true, []relay.Relay{near("n", 0.95), near("a", 0.5), near("b", 0.6)}, "a"},
		"own is draining":            {true, []relay.Relay{drained(near("n", 0)), near("a", 0.5), drained(near("b", 0))}, "a"},
		"less to do":                 {false, []relay.Relay{near("a", 0.5), near("b", 0.1)}, "b"},
		"this region":                {false, []relay.Relay{near("a", 0.5), there("b", 0.1)}, "a"},
		"this region is full":        {false, []relay.Relay{near("a", 0.9), there("b", 0.1)}, "b"},
		"all are full":               {false, []relay.Relay{near("a", 0.95), there("b", 0.94), drained(near("c", 0))}, "b"},
		"all are full, the own less": {true, []relay.Relay{near("n", 0.91), near("b", 0.94)}, "n"},
		"all are draining":           {false, []relay.Relay{drained(near("a", 0.5)), drained(near("b", 0.6))}, "a"},
		"one refuses":                {false, []relay.Relay{refusing(near("a", 0)), drained(near("b", 0.6))}, "b"},
		"all refuse":                 {true, []relay.Relay{refusing(near("n", 0)), refusing(near("a", 0))}, ""},
		"none":                       {false, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			cluster(t, func(w *world) {
				w.list(test.listed...)
				n := w.start("n", test.local, 0)
				id := n.admit(1)[0]
				if got := n.Stats().Sessions; got[test.want] != 1 {
					t.Errorf("it went to %v, want %q", got, test.want)
				}
				urls := n.URLs(id, "n")
				if want := "turn:" + test.want; test.want != "" && !slices.Equal(urls, []string{want}) || test.want == "" && len(urls) != 0 {
					t.Errorf("URLs: %q", urls)
				}
			})
		})
	}
}

// The two of a pair are at one relay; who comes there is told.
func TestMeeting(t *testing.T) {
	cluster(t, func(w *world) {
		hub, a, b := w.start("hub", false, 0), w.start("a", true, 0), w.start("b", true, 0)
		w.list(relay.Relay{Name: "a"})
		one := hub.admit(1)[0]
		w.list(relay.Relay{Name: "b"})
		two := hub.admit(1)[0]
		w.list(relay.Relay{Name: "a", Load: 0.5}, relay.Relay{Name: "b", Load: 0.3})
		if hub.Stale(one) || hub.Stale(two) {
			t.Error("stale at once")
		}
		w.soon()
		w.has("before", a, 1, 0)
		w.has("before", b, 1, 0)
		p := hub.join(t, one, two)
		w.soon()
		w.has("joined", a, 0, 0)
		w.has("joined", b, 2, 1)
		if !hub.Stale(one) || hub.Stale(two) {
			t.Errorf("Stale: %v, %v", hub.Stale(one), hub.Stale(two))
		}
		hub.Admit(one, netip.Addr{})
		if hub.Stale(one) || !slices.Equal(hub.URLs(one, ""), []string{"turn:b"}) {
			t.Errorf("after Admit: stale is %v, URLs %q", hub.Stale(one), hub.URLs(one, ""))
		}

		// A relay that goes away takes nobody with it who is not in a pair there.
		w.list(relay.Relay{Name: "a"}, relay.Relay{Name: "b", Draining: true})
		hub.Admit(one, netip.Addr{})
		w.soon()
		w.has("draining, in a pair", b, 2, 1)
		hub.Part(p)
		w.list(relay.Relay{Name: "a"})
		hub.join(t, one, two)
		w.soon()
		w.has("gone", a, 2, 1)
		w.has("gone", b, 0, 0)
		if !hub.Stale(one) || !hub.Stale(two) {
			t.Errorf("Stale: %v, %v", hub.Stale(one), hub.Stale(two))
		}
	})
}

// Who is at a relay that goes away gets another, and who had none gets one, pairs as a whole.
func TestRehouse(t *testing.T) {
	cluster(t, func(w *world) {
		hub, a, b := w.start("hub", false, 0), w.start("a", true, 0), w.start("b", true, 0)
		none := hub.admit(1)[0]
		if at := hub.At(none); at != "" || len(hub.Rehouse()) != 0 {
			t.Errorf("without any relay it is at %q", at)
		}
		w.list(relay.Relay{Name: "a"})
		if got := hub.Rehouse(); !slices.Equal(got, []ident.Session{none}) || !hub.Stale(none) || hub.At(none) != "a" {
			t.Errorf("when there is one: moved %v to %q, stale is %v", got, hub.At(none), hub.Stale(none))
		}
		ids := append(hub.admit(400), none) // more than are moved at once
		p := hub.join(t, ids[0], ids[1])
		w.soon()
		w.has("before", a, 401, 1)
		if got := hub.Rehouse(); len(got) != 0 {
			t.Errorf("%d moved for nothing", len(got))
		}
		w.list()
		if got := hub.Rehouse(); len(got) != 0 || hub.At(ids[0]) != "" || hub.Stale(ids[0]) || hub.Stats().Sessions[""] != 401 {
			t.Errorf("%d moved to nowhere", len(got))
		}
		w.list(relay.Relay{Name: "b"})
		got := hub.Rehouse()
		slices.SortFunc(got, func(a, b ident.Session) int { return strings.Compare(a.String(), b.String()) })
		if got = slices.Compact(got); len(got) != 401 {
			t.Errorf("%d moved, want 401", len(got))
		}
		w.soon()
		w.has("after", a, 0, 0)
		w.has("after", b, 401, 1)
		if !hub.Stale(ids[0]) || !hub.Stale(ids[1]) || !slices.Equal(hub.URLs(ids[0], ""), []string{"turn:b"}) {
			t.Error("they are not told of it")
		}
		w.list(relay.Relay{Name: "a"}, relay.Relay{Name: "b", Draining: true, Refuses: true, Closed: true})
		if got := hub.Rehouse(); len(got) < 401 {
			t.Errorf("%d left a relay that closes", len(got))
		}
		w.soon()
		w.has("closed", b, 0, 0)
		w.has("closed", a, 401, 1)
		hub.Part(p)
		w.soon()
		w.has("parted", a, 401, 0)
	})
}

// Who is at this node's relay leaves it too, if it closes and there is another.
func TestOwnCloses(t *testing.T) {
	cluster(t, func(w *world) {
		own, other := w.start("own", true, 0), w.start("other", true, 0)
		ids := own.admit(2)
		own.join(t, ids[0], ids[1])
		closed := relay.Relay{Name: "own", Draining: true, Refuses: true, Closed: true}
		w.list(closed)
		if got := own.Rehouse(); len(got) != 0 {
			t.Errorf("%d moved to nowhere", len(got))
		}
		w.has("where else", own, 2, 1)
		w.list(closed, relay.Relay{Name: "other"})
		if got := own.Rehouse(); len(got) != 2 {
			t.Errorf("%d moved, want 2", len(got))
		}
		w.soon()
		w.has("closed", own, 0, 0)
		w.has("closed", other, 2, 1)
		if id := own.admit(1)[0]; own.At(id) != "other" {
			t.Errorf("a newcomer is at %q", own.At(id))
		}
	})
}

// A session that comes from another home stays at the relay that its client knows, with its
// allocations, if that is alive.
func TestAdopt(t *testing.T) {
	cluster(t, func(w *world) {
		before, after, far := w.start("before", true, 0), w.start("after", true, 0), w.start("far", true, 0)
		w.list(relay.Relay{Name: "before"}, relay.Relay{Name: "after"})
		addr := netip.MustParseAddrPort("198.18.0.1:1")
		id := before.admit(1)[0]
		before.server.allocate(id, "203.0.113.1", addr)
		after.Adopt(id, netip.Addr{}, before.At(id))
		w.soon()
		before.Dismiss(id)
		w.soon()
		w.has("adopted", before, 1, 0)
		if at := after.At(id); at != "before" || after.Stale(id) || !after.Owns(id, addr) {
			t.Errorf("it is at %q, stale is %v, owns its allocation: %v", at, after.Stale(id), after.Owns(id, addr))
		}
		before.Adopt(id, netip.Addr{}, after.At(id))
		after.Dismiss(id)
		w.soon()
		w.has("and back", before, 1, 0)
		if at := before.At(id); at != "before" || before.Stale(id) {
			t.Errorf("back it is at %q, stale is %v", at, before.Stale(id))
		}
		after.Adopt(id, netip.Addr{}, "far")
		if at := after.At(id); at != "after" || !after.Stale(id) {
			t.Errorf("from a relay that is gone it came to %q, stale is %v", at, after.Stale(id))
		}
		w.list(relay.Relay{Name: "far"})
		after.Adopt(id, netip.Addr{}, "far")
		w.soon()
		w.has("and then to that", far, 1, 0)
		if after.Stale(id) {
			t.Error("its client is told what it knows")
		}
	})
}

// Text chats need no relay.
func TestNoRelay(t *testing.T) {
	cluster(t, func(w *world) {
		hub := w.start("hub", false, 0)
		ids := hub.admit(2)
		hub.Part(hub.join(t, ids[0], ids[1]))
		w.list(relay.Relay{Name: "far"})
		far := w.start("far", true, 0)
		hub.join(t, ids[0], ids[1])
		w.soon()
		w.has("when there is one", far, 2, 1)
		if !hub.Stale(ids[0]) || !hub.Stale(ids[1]) {
			t.Error("they are not told of it")
		}
	})
}

// A session that moves from one home to another is the later one's.
func TestTwoHomes(t *testing.T) {
	cluster(t, func(w *world) {
		w.list(relay.Relay{Name: "far"})
		before, after, far := w.start("before", false, 0), w.start("after", false, 0), w.start("far", true, 0)
		ids := before.admit(2)
		old := before.join(t, ids[0], ids[1])
		w.soon()
		addr := netip.MustParseAddrPort("198.18.0.1:1")
		far.server.allocate(ids[0], "203.0.113.1", addr)
		w.soon()
		mine := after.admit(1)
		after.Admit(ids[0], netip.Addr{})
		after.join(t, ids[0], mine[0])
		w.soon()
		w.has("moved", far, 3, 1)
		if !after.Owns(ids[0], addr) {
			t.Error("the new home was not told of an allocation")
		}
		w.air.lose("before", "far", 1, false)
		w.pass(2 * time.Second)
		w.has("the first one told the whole", far, 3, 1)
		if !after.Owns(ids[0], addr) || before.Owns(ids[0], netip.AddrPort{}) {
			t.Error("that took the session back")
		}
		before.Part(old)
		before.Dismiss(ids[0])
		w.pass(time.Minute)
		w.has("the first one let go", far, 3, 1)

		// The other way: the later home dies, and the first still has it.
		before.Admit(ids[0], netip.Addr{})
		after.Admit(ids[0], netip.Addr{})
		w.soon()
		after.stop()
		w.pass(relay.Patience + 2*time.Second)
		w.has("the later one died", far, 2, 0)
		before.join(t, ids[0], ids[1])
		w.soon()
		w.has("and the first goes on", far, 2, 1)
	})
}

// A home that has a session again because another let it go has its pair again as well.
func TestLettingGo(t *testing.T) {
	cluster(t, func(w *world) {
		w.list(relay.Relay{Name: "far"})
		before, after, far := w.start("before", false, 0), w.start("after", false, 0), w.start("far", true, 0)
		ids := before.admit(2)
		before.join(t, ids[0], ids[1])
		w.soon()
		after.Admit(ids[0], netip.Addr{})
		w.soon()
		w.has("moved", far, 2, 0)
		after.Dismiss(ids[0])
		w.soon()
		w.pass(2 * time.Second)
		w.has("let go", far, 2, 1)
	})
}

// The relay's own node is a home like the others, without a bus in between.
func TestOwnHome(t *testing.T) {
	cluster(t, func(w *world) {
		w.list(relay.Relay{Name: "far"})
		hub, far := w.start("hub", false, 0), w.start("far", true, 0)
		far.server.media = true
		ids := far.admit(2)
		username, _, _ := far.Admit(ids[0], netip.Addr{})
		if username == "" || far.Stale(ids[0]) {
			t.Errorf("username %q, stale is %v", username, far.Stale(ids[0]))
		}
		p := far.join(t, ids[0], ids[1])
		w.has("at once", far, 2, 1)
		w.pass(time.Minute)
		w.has("without a lease", far, 2, 1)
		far.Part(p)
		if far.connected != 1 {
			t.Errorf("%d pairs were connected, want 1", far.connected)
		}
		hub.Admit(ids[0], netip.Addr{})
		w.soon()
		far.Dismiss(ids[0])
		far.Dismiss(ids[1])
		w.has("moved to the hub", far, 1, 0)
		far.Admit(ids[0], netip.Addr{})
		hub.Dismiss(ids[0])
		w.soon()
		w.has("and back", far, 1, 0)
		far.server.allocate(ids[0], "203.0.113.1", netip.MustParseAddrPort("198.18.0.1:1"))
		if !far.Owns(ids[0], netip.MustParseAddrPort("198.18.0.1:1")) || len(far.ClientAddrs(ids[0])) != 1 {
			t.Error("its own allocations are unknown")
		}
		far.CloseAllocations(ids[0])
		far.Dismiss(ids[0])
		w.has("in the end", far, 0, 0)
	})
}

// Credentials end by the relay's clock, wherever they are made.
func TestClocks(t *testing.T) {
	for _, ahead := range []time.Duration{-3 * time.Hour, 0, 3 * time.Hour} {
		cluster(t, func(w *world) {
			w.list(relay.Relay{Name: "far"})
			hub := w.start("hub", false, 0)
			w.start("far", true, ahead)
			w.pass(6 * time.Second)
			username, _, expires := hub.Admit(ident.NewSession(), netip.Addr{})
			digits, _, _ := strings.Cut(username, ":")
			seconds, _ := strconv.ParseInt(digits, 10, 64)
			lasts := time.Unix(seconds, 0).Sub(time.Now().Add(ahead))
			if (lasts - time.Hour).Abs() > 2*time.Second {
				t.Errorf("a relay %v ahead: credentials last %v there", ahead, lasts)
			}
			if got := time.Until(expires); got != time.Hour {
				t.Errorf("a relay %v ahead: they end in %v here", ahead, got)
			}
		})
	}
}

// Whatever happens, relays have in the end what the homes have there.
func TestStorm(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5) {
		cluster(t, func(w *world) { storm(w, rand.New(rand.NewPCG(seed, 0))) })
	}
}

func storm(w *world, random *rand.Rand) {
	names := []string{"a", "b", "c"}
	w.list(relay.Relay{Name: "b"}, relay.Relay{Name: "c"})
	a, b, c := w.start("a", false, 0), w.start("b", true, 0), w.start("c", true, 0)
	homes := []*node{a, b, c}
	sessions, pairs := make([][]ident.Session, 3), make([][]ident.Pair, 3)
	for range 300 {
		at := random.IntN(3)
		home := homes[at]
		switch random.IntN(10) {
		case 0, 1, 2:
			sessions[at] = append(sessions[at], home.admit(1)...)
		case 3, 4:
			if n := len(sessions[at]); n > 1 {
				p := ident.NewPair()
				if home.Join(p, sessions[at][random.IntN(n)], sessions[at][random.IntN(n)]) == nil {
					pairs[at] = append(pairs[at], p)
				}
			}
		case 5:
			if n := len(pairs[at]); n > 0 {
				home.Part(pairs[at][random.IntN(n)])
			}
		case 6:
			if n := len(sessions[at]); n > 3 {
				home.Dismiss(sessions[at][0])
				sessions[at] = sessions[at][1:]
			}
		case 7:
			w.air.lose(names[at], names[random.IntN(3)], 1+random.IntN(3), random.IntN(2) == 0)
		case 8:
			w.pass(time.Duration(random.IntN(3000)) * time.Millisecond)
		case 9:
			w.air.cut(names[0], names[1+random.IntN(2)], random.IntN(2) == 0)
		}
	}
	w.air.cut("a", "b", false)
	w.air.cut("a", "c", false)
	w.pass(5 * time.Second)
	for i, far := range []*node{b, c} {
		name := names[1+i]
		sessions, pairs := 0, 0
		for _, home := range homes {
			s := home.Stats()
			sessions += s.Sessions[name]
			pairs += s.Pairs[name]
		}
		w.has("after the storm", far, sessions, pairs)
	}
	for _, home := range homes {
		for _, id := range slices.Concat(sessions...) {
			home.Dismiss(id)
		}
	}
	w.pass(3 * time.Second)
	w.has("when all are gone", b, 0, 0)
	w.has("when all are gone", c, 0, 0)
}

// Where relays are masked, a client may be faster than the word of its allocation.
func TestMasked(t *testing.T) {
	listed := []relay.Relay{{Name: "far", URLs: []string{"turn:far"}}}
	home := relay.NewHome(relay.HomeOptions{
		Node: "hub", Bus: line{newAir(t.Context()), "hub"}, Relays: func() []relay.Relay { return listed },
		Keys:        func(of string) relay.Keys { return relay.KeysOf(clusterKey, of) },
		Credentials: func(relay.Keys, ident.Session, time.Time) (string, string) { return "", "" },
		Masked:      turn.RelayRange,
	})
	id := ident.NewSession()
	home.Admit(id, netip.Addr{})
	for addr, want := range map[string]bool{"198.18.3.4:50000": true, "192.0.2.1:50000": false} {
		if got := home.Owns(id, netip.MustParseAddrPort(addr)); got != want {
			t.Errorf("Owns(%s) is %v", addr, got)
		}
	}
	if home.Owns(ident.NewSession(), netip.MustParseAddrPort("198.18.3.4:50000")) {
		t.Error("a session that nobody knows owns an address")
	}
}

func TestKeysOf(t *testing.T) {
	one, again, two := relay.KeysOf(clusterKey, "a"), relay.KeysOf(clusterKey, "a"), relay.KeysOf(clusterKey, "b")
	if one != again || one.User == one.Secret || one.User == two.User || one.Secret == two.Secret || one == relay.KeysOf([32]byte{9}, "a") {
		t.Error("keys are not their own")
	}
}
