package xdp_test

import (
	"errors"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/joingyd/joingyd/turn/xdp"
)

func TestPutRefusesNonsense(t *testing.T) {
	w := newWorld(t, xdp.Options{})
	ap := netip.MustParseAddrPort
	good, target := flow(false, 1, 7)
	for _, test := range []struct {
		name string
		edit func(*xdp.Flow, *xdp.Target)
	}{
		{"no client", func(f *xdp.Flow, _ *xdp.Target) { f.Client = netip.AddrPort{} }},
		{"no target", func(_ *xdp.Flow, t *xdp.Target) { *t = xdp.Target{} }},
		{"port 0", func(f *xdp.Flow, _ *xdp.Target) { f.Client = ap("192.0.1.2:0") }},
		{"any server", func(f *xdp.Flow, _ *xdp.Target) { f.Server = ap("0.0.0.0:3478") }},
		{"multicast", func(_ *xdp.Flow, t *xdp.Target) { t.Client = ap("224.0.0.1:3478") }},
		{"zone", func(_ *xdp.Flow, t *xdp.Target) { t.Client, t.Server = ap("[fe80::1%eth0]:1"), ap("[fe80::2%eth0]:1") }},
		{"families of the flow", func(f *xdp.Flow, _ *xdp.Target) { f.Client = ap("[2001:db8::1]:1") }},
		{"families of the target", func(_ *xdp.Flow, t *xdp.Target) { t.Client = ap("[2001:db8::1]:1") }},
		{"families of both", func(_ *xdp.Flow, t *xdp.Target) { t.Client, t.Server = ap("[2001:db8::1]:1"), ap("[2001:db8::2]:1") }},
		{"channel below", func(f *xdp.Flow, _ *xdp.Target) { f.Channel = 0x3fff }},
		{"channel above", func(_ *xdp.Flow, t *xdp.Target) { t.Channel = 0x8000 }},
	} {
		f, to := good, target
		test.edit(&f, &to)
		if err := w.Put(f, to); !errors.Is(err, xdp.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", test.name, err)
		}
	}
	if w.Stats().Flows != 0 || w.InKernel(t) != 0 {
		t.Error("something was put all the same")
	}
}

func TestFlowsComeAndGo(t *testing.T) {
	w := newWorld(t, xdp.Options{MaxFlows: 2})
	f, target := flow(false, 1, 7)
	if _, ok := w.Counters(f); ok {
		t.Error("counters of a flow that isn't")
	}
	if _, ok := w.Delete(f); ok {
		t.Error("deleted a flow that isn't")
	}
	w.put(t, f, target)
	if c, ok := w.Counters(f); !ok || c != (xdp.Counters{Last: -1}) {
		t.Errorf("counters %+v, %v at first", c, ok)
	}
	frame := good(false, 1, 100).frame()
	w.forwards(t, "the flow", frame, 7)
	mapped := f
	mapped.Client = netip.AddrPortFrom(netip.AddrFrom16(f.Client.Addr().As16()), f.Client.Port())
	c, ok := w.Counters(mapped)
	if !ok || c.Packets != 1 || c.Bytes != 100 || c.Dropped != 0 || c.Last < 0 || c.Last > time.Minute {
		t.Errorf("counters %+v, %v after a packet", c, ok)
	}
	target.Channel++
	w.put(t, f, target) // takes the second slot
	w.forwards(t, "the new target", frame, 7)
	other, _ := flow(true, 2, 1)
	_, otherTarget := flow(true, 1, 7)
	if err := w.Put(other, otherTarget); !errors.Is(err, xdp.ErrFull) {
		t.Errorf("Put: %v, want ErrFull", err)
	}
	if s := w.Stats(); s.Flows != 1 || s.Forwarded != 2 || w.InKernel(t) != 1 {
		t.Errorf("stats %+v, %d in the kernel, want 1 flow, 2 forwarded", s, w.InKernel(t))
	}
	c, ok = w.Delete(f)
	if !ok || c.Packets != 2 || c.Bytes != 200 {
		t.Errorf("last counters %+v, %v", c, ok)
	}
	w.refuses(t, "the deleted flow", frame, nil)
	if s := w.Stats(); s.Flows != 0 || w.InKernel(t) != 0 {
		t.Errorf("stats %+v, %d in the kernel, want none", s, w.InKernel(t))
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if err := w.Put(f, target); !errors.Is(err, xdp.ErrClosed) {
		t.Errorf("Put: %v, want ErrClosed", err)
	}
}

// TestSlotOfAnotherFlow: what the kernel's map leads to may have changed hands just
// now, and the program must see it.
func TestSlotOfAnotherFlow(t *testing.T) {
	w := newWorld(t, xdp.Options{})
	f, target := flow(false, 1, 7)
	w.put(t, f, target)
	other, target := flow(false, 2, 7)
	w.put(t, other, target)
	frame := good(false, 1, 100).frame()
	w.forwards(t, "the flow", frame, 7)
	w.Mislead(t, f, other)
	w.refuses(t, "the misled flow", frame, nil)
}

func TestRefreshAllocatesNothing(t *testing.T) {
	w := newWorld(t, xdp.Options{})
	f, target := flow(true, 1, 7)
	w.put(t, f, target)
	if n := testing.AllocsPerRun(100, func() { w.Put(f, target) }); n != 0 {
		t.Errorf("Put allocates %v times", n)
	}
	if n := testing.AllocsPerRun(100, func() { w.Counters(f) }); n != 0 {
		t.Errorf("Counters allocates %v times", n)
	}
}

func TestOpenChoosesInterfaces(t *testing.T) {
	n := newNamespace(t)
	n.ip(t, `link add one type veth peer name other
link set one up
link set other up
link add idle type veth peer name below`)
	open := func(o xdp.Options) (f *xdp.Forwarder, err error) {
		n.do(func() { f, err = xdp.Open(o) })
		return f, err
	}
	for _, test := range []struct {
		options xdp.Options
		want    error
	}{
		{xdp.Options{Interfaces: []string{"none"}}, xdp.ErrInvalid},
		{xdp.Options{Interfaces: []string{"other", "one", "none"}}, xdp.ErrInvalid},
		{xdp.Options{Interfaces: []string{"one"}, Mode: "fast"}, xdp.ErrInvalid},
		{xdp.Options{MaxFlows: -1}, xdp.ErrInvalid},
	} {
		f, err := open(test.options)
		if test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%+v: %v, want %v", test.options, err, test.want)
		}
		if err == nil {
			f.Close()
		}
	}
	first, err := open(xdp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	got := map[xdp.Interface]bool{}
	for _, i := range first.Stats().Interfaces {
		got[i] = true
	}
	if len(got) != 2 || !got[xdp.Interface{Name: "one", Mode: xdp.ModeGeneric}] || !got[xdp.Interface{Name: "other", Mode: xdp.ModeGeneric}] {
		t.Errorf("interfaces %v, want the two that are up, generic since they are veth", got)
	}
	// Whoever is there already stays, whatever the mode.
	for _, mode := range []xdp.Mode{xdp.ModeAuto, xdp.ModeNative, xdp.ModeGeneric} {
		if _, err := open(xdp.Options{Interfaces: []string{"one"}, Mode: mode}); !errors.Is(err, xdp.ErrBusy) {
			t.Errorf("%s: %v, want ErrBusy", mode, err)
		}
	}
	// Without names, the rest is taken and the note says what was not.
	n.ip(t, "link set idle up\nlink set below up")
	second, err := open(xdp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if s := second.Stats(); len(s.Interfaces) != 2 || len(s.Notes) != 2 {
		t.Errorf("stats %+v, want 2 interfaces and 2 notes", s)
	}
	// Close leaves the place to others.
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	again, err := open(xdp.Options{Interfaces: []string{"one"}, Mode: xdp.ModeNative})
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}

// TestAdvertisedRoutesStay: turning on IPv6 forwarding anywhere makes the kernel drop
// what it has learnt from router advertisements, so that waits for the next boot.
func TestAdvertisedRoutesStay(t *testing.T) {
	n, router := newNamespace(t), newNamespace(t)
	n.ip(t, `link add one type veth peer name wire netns %d
link set one addrgenmode none
addr add fe80::8/64 dev one nodad
link set one up`, router.tid)
	router.ip(t, `link set wire addrgenmode none
addr add fe80::9/64 dev wire nodad
link set wire up`)
	hasRoute := func() bool {
		return strings.Contains(n.get(t, "../thread-self/net/ipv6_route"), "fe800000000000000000000000000009")
	}
	learn := func() {
		for deadline := time.Now().Add(patience); !hasRoute(); {
			if time.Now().After(deadline) {
				t.Fatal("the kernel takes no route from a router advertisement")
			}
			router.advertise(t, "wire")
		}
	}
	learn()
	first := n.open(t, xdp.Options{})
	if notes := first.Stats().Notes; len(notes) != 1 || !strings.Contains(notes[0], "one has from router advertisements") {
		t.Errorf("notes %q, want one on the route", notes)
	}
	if n.get(t, "net/ipv6/conf/lo/forwarding") != "0" || n.get(t, "net/ipv4/conf/lo/forwarding") != "1" {
		t.Error("want forwarding on for IPv4 only")
	}
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	n.set(t, "net/ipv6/conf/one/accept_ra", "2") // "even if forwarding"
	second := n.open(t, xdp.Options{})
	if notes := second.Stats().Notes; len(notes) != 0 || n.get(t, "net/ipv6/conf/lo/forwarding") != "1" {
		t.Errorf("notes %q, want none and forwarding on", notes)
	}
	if !hasRoute() {
		t.Error("the route is gone")
	}
	for _, all := range []string{"net/ipv4/conf/all/forwarding", "net/ipv6/conf/all/forwarding", "net/ipv4/conf/one/forwarding"} {
		if n.get(t, all) != "0" {
			t.Errorf("%s is on: the machine has become a router", all)
		}
	}
	// The caution is not for nothing.
	n.ip(t, "route del default via fe80::9 dev one")
	n.set(t, "net/ipv6/conf/one/accept_ra", "1")
	n.set(t, "net/ipv6/conf/lo/forwarding", "0")
	learn()
	n.set(t, "net/ipv6/conf/lo/forwarding", "1")
	if hasRoute() {
		t.Error("the route is still there")
	}
}

// TestConcurrentUse is for the race detector, and for packets in the meantime.
func TestConcurrentUse(t *testing.T) {
	w := newWorld(t, xdp.Options{MaxFlows: 64})
	var users sync.WaitGroup
	stop := make(chan struct{})
	use := func(call func()) {
		users.Add(1)
		go func() {
			defer users.Done()
			for {
				select {
				case <-stop:
					return
				default:
					call()
				}
			}
		}()
	}
	f, target := flow(false, 1, 7)
	use(func() { w.Put(f, target) })
	use(func() { changed := target; changed.Channel++; w.Put(f, changed) })
	use(func() { w.Delete(f) })
	use(func() { w.Counters(f) })
	use(func() { w.Stats() })
	frame := good(false, 1, 100).frame()
	for range 3000 {
		verdict, out := w.run(t, frame)
		switch verdict {
		case pass:
			if string(out) != string(frame) {
				t.Fatal("a passed frame was changed")
			}
		case transmit:
			p, ok := parse(out)
			if !ok || p.destination != target.Client || p.channel != target.Channel && p.channel != target.Channel+1 {
				t.Fatalf("sent %x", out)
			}
		default:
			t.Fatalf("verdict %d", verdict)
		}
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	close(stop)
	users.Wait()
}
