package turn

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/turn/xdp"
)

// kernel is an Offload that remembers.
type kernel struct {
	flows map[xdp.Flow]xdp.Target
	count map[xdp.Flow]xdp.Counters
	err   error
}

func newKernel() *kernel {
	return &kernel{flows: make(map[xdp.Flow]xdp.Target), count: make(map[xdp.Flow]xdp.Counters)}
}

func (k *kernel) Put(f xdp.Flow, t xdp.Target) error {
	if k.err == nil {
		k.flows[f] = t
	}
	return k.err
}

func (k *kernel) Delete(f xdp.Flow) (xdp.Counters, bool) {
	_, ok := k.flows[f]
	delete(k.flows, f)
	return k.count[f], ok
}

func (k *kernel) Counters(f xdp.Flow) (xdp.Counters, bool) {
	_, ok := k.flows[f]
	return k.count[f], ok
}

func newOffloaded(t *testing.T) (*exchange, *kernel) {
	t.Helper()
	k := newKernel()
	x := newExchange(t, Options{Offload: k, BandwidthPerAllocation: 1_000_000})
	x.listener.addr.AddrPort = netip.MustParseAddrPort("198.51.100.1:3478")
	if !x.passes(0) || !x.passes(1) {
		t.Fatal("the pair does not talk")
	}
	return x, k
}

func TestOffloadTakesBothWays(t *testing.T) {
	x, k := newOffloaded(t)
	server := netip.MustParseAddrPort("198.51.100.1:3478")
	if len(k.flows) != 2 {
		t.Fatalf("%d flows, want 2", len(k.flows))
	}
	for i := range 2 {
		flow := xdp.Flow{Client: x.relays[i].client, Server: server, Channel: uint16(0x4001 + i)}
		target, ok := k.flows[flow]
		if target.Until <= 0 || target.Until > permissionLifetime {
			t.Errorf("flow %d holds for %v", i, target.Until)
		}
		target.Until = 0
		if want := (xdp.Target{Client: x.relays[1-i].client, Server: server, Channel: uint16(0x4002 - i), Rate: 1_000_000}); !ok || target != want {
			t.Errorf("flow %d: %+v, want %+v", i, target, want)
		}
	}
}

// What ends a pair takes its flows back before it returns, counted.
func TestOffloadEndsWithThePair(t *testing.T) {
	for name, end := range map[string]func(*exchange){
		"Part":    func(x *exchange) { x.Part(x.pair) },
		"Dismiss": func(x *exchange) { x.Dismiss(x.sessions[1]) },
		"Kill":    func(x *exchange) { x.Kill(x.relays[0].addr) },
		"Close":   func(x *exchange) { x.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			x, k := newOffloaded(t)
			for flow := range k.flows {
				k.count[flow] = xdp.Counters{Packets: 10, Bytes: 1000, Dropped: 1}
			}
			if s := x.Stats(); s.Packets != 2+20 || s.Bytes != 10+2000 || s.Drops[DropBandwidth] != 2 {
				t.Errorf("Stats while it lasts = %+v", s)
			}
			if a := x.Allocations()[0]; a.SentPackets != 11 || a.ReceivedBytes != 1005 {
				t.Errorf("Allocations = %+v", a)
			}
			for flow := range k.flows {
				k.count[flow] = xdp.Counters{Packets: 15, Bytes: 1500, Dropped: 2}
			}
			end(x)
			if len(k.flows) != 0 {
				t.Errorf("%d flows are left", len(k.flows))
			}
			if s := x.Stats(); s.Packets != 2+30 || s.Bytes != 10+3000 || s.Drops[DropBandwidth] != 4 {
				t.Errorf("Stats after the end = %+v", s)
			}
		})
	}
}

// A flow that has run out is handed over again when its channel was refreshed,
// and counted on; one that is refused is forwarded here.
func TestOffloadIsExtendedOrRefused(t *testing.T) {
	x, k := newOffloaded(t)
	x.bind(0)
	x.bind(1)
	if !x.passes(0) || len(k.flows) != 2 || len(x.relays[0].owner.Load().pair.Load().flows) != 2 {
		t.Errorf("%d flows after a refresh", len(k.flows))
	}
	k.err = errors.New("full")
	x.bind(0)
	if !x.passes(0) {
		t.Error("what is not offloaded does not pass")
	}
	if n := x.Stats().NotOffloaded; n != 1 {
		t.Errorf("NotOffloaded = %d, want 1", n)
	}
}

// A pair of two address families, and a session's own allocations, stay here.
func TestOffloadLeavesTheRest(t *testing.T) {
	k := newKernel()
	x := newExchange(t, Options{Offload: k})
	six := x.allocate(x.sessions[1], netip.MustParseAddrPort("[2001:db8::1]:1000"))
	x.relays[1] = six
	x.relays[0].grants.channels.Store(nil)
	x.bind(0)
	x.bind(1)
	if !x.passes(0) || !x.passes(1) || len(k.flows) != 0 {
		t.Errorf("a pair of two families: %d flows", len(k.flows))
	}
	self := x.relays[0].owner.Load().self
	own := x.allocate(x.sessions[0], netip.MustParseAddrPort("192.0.2.9:1000"))
	now := x.instant()
	x.relays[0].grants.bind(now, 0x4005, own.addr, self)
	own.grants.bind(now, 0x4006, x.relays[0].addr, self)
	x.out.begin()
	reason := x.listener.channelData(x.out, x.relays[0].source, []byte{0x40, 5, 0, 1, 'x'})
	if reason != "" || len(k.flows) != 0 {
		t.Errorf("a session's own: dropped as %q, %d flows", reason, len(k.flows))
	}
}

// A pair that ends while its flow is handed over leaves none behind.
func TestOffloadOfAnEndedPair(t *testing.T) {
	x, k := newOffloaded(t)
	c := x.relays[0].grants.list()[0]
	rt := c.route.Load()
	x.Part(x.pair)
	x.offload(x.relays[0], c.number, rt)
	if len(k.flows) != 0 {
		t.Error("an ended pair was handed over")
	}
	if err := x.Join(ident.NewPair(), x.sessions[0], x.sessions[1]); err != nil {
		t.Fatal(err)
	}
	rt.until = time.Hour
	x.offload(x.relays[0], c.number, rt)
	if len(k.flows) != 0 {
		t.Error("an old route was handed over under a new pair")
	}
}

func TestUsageCountsWhatTheKernelForwards(t *testing.T) {
	x, k := newOffloaded(t)
	for flow := range k.flows {
		k.count[flow] = xdp.Counters{Packets: 10, Bytes: 1000}
	}
	want := Usage{Allocations: 1, SentPackets: 11, SentBytes: 1005, ReceivedPackets: 11, ReceivedBytes: 1005}
	for i := range 2 {
		if got := x.Usage(x.sessions[i]); got != want {
			t.Errorf("session %d: %+v, want %+v", i, got, want)
		}
	}
	x.Kill(x.relays[0].addr)
	if got := x.Usage(x.sessions[0]); got != (Usage{}) {
		t.Errorf("without an allocation: %+v", got)
	}
	if got := x.Usage(ident.NewSession()); got != (Usage{}) {
		t.Errorf("nobody's: %+v", got)
	}
}
