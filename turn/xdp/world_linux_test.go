package xdp_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/joingyd/joingyd/turn/xdp"
)

// world is a server with interfaces that frames are run through, without a network:
// near and far have the program natively, soft generically, bare has none, and
// narrow is near with an MTU of 1,280. Client 1 is behind near, 2 behind far, 3
// behind soft, 4 behind bare, 5 behind narrow, 6 (no neighbour) and 7 behind near.
type world struct {
	*namespace
	*xdp.Forwarder
	model model
	near  int
}

var devices = []string{"near", "far", "soft", "bare", "narrow", "near", "near"}

// client and server are addresses of client n's network.
func client(v6 bool, n byte) netip.AddrPort {
	addr := netip.AddrFrom4([4]byte{192, 0, n, 2})
	if v6 {
		addr = netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 0, n, 15: 2})
	}
	return netip.AddrPortFrom(addr, 50000+uint16(n))
}

func server(v6 bool, n byte) netip.AddrPort {
	addr := netip.AddrFrom4([4]byte{192, 0, n, 1})
	if v6 {
		addr = netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 0, n, 15: 1})
	}
	return netip.AddrPortFrom(addr, 3478)
}

func macs(n byte) (ours, theirs [6]byte) {
	return [6]byte{2, 1, 0, 0, 0, n}, [6]byte{2, 2, 0, 0, 0, n}
}

func newWorld(t testing.TB, options xdp.Options) *world {
	t.Helper()
	w := &world{namespace: newNamespace(t)}
	w.model = model{flows: map[xdp.Flow]xdp.Target{}, hops: map[netip.Addr]hop{}}
	var batch strings.Builder
	ip := func(commands string, args ...any) { fmt.Fprintf(&batch, commands+"\n", args...) }
	for i, device := range devices {
		n := byte(i + 1)
		first := bytes.IndexByte([]byte{1, 2, 3, 4, 5, 1, 1}, n) == i
		if first {
			ip(`link add %[1]s address 02:01:00:00:00:%02[2]x type veth peer name %[1]s-peer
link set %[1]s mtu 1700
link set %[1]s up
link set %[1]s-peer up`, device, n)
		}
		for _, v6 := range []bool{false, true} {
			c, s := client(v6, n).Addr(), server(v6, n).Addr()
			length, nodad := 24, ""
			if v6 {
				length, nodad = 48, "nodad"
			}
			ip("addr add %s/%d dev %s %s", s, length, device, nodad)
			if n == 6 {
				continue
			}
			ip("neigh add %s lladdr 02:02:00:00:00:%02x dev %s nud permanent", c, n, device)
			ours, theirs := macs(n)
			if !first {
				ours, _ = macs(1)
			}
			if device == "near" || device == "far" {
				w.model.hops[c] = hop{device, ours, theirs}
			}
		}
	}
	ip("link set narrow mtu 1280")
	w.ip(t, "%s", batch.String())
	options.Interfaces, options.Mode = []string{"near", "far"}, xdp.ModeNative
	w.Forwarder = w.open(t, options)
	w.near = w.index(t, "near")
	return w
}

// put puts a flow into the program and the model.
func (w *world) put(t testing.TB, f xdp.Flow, target xdp.Target) {
	t.Helper()
	if err := w.Put(f, target); err != nil {
		t.Fatalf("Put: %v", err)
	}
	w.model.flows[f] = target
}

// flow is client n's to client 1's on the same channel.
func flow(v6 bool, from, to byte) (xdp.Flow, xdp.Target) {
	return xdp.Flow{Client: client(v6, from), Server: server(v6, from), Channel: 0x4000 + uint16(from)},
		xdp.Target{Client: client(v6, to), Server: server(v6, to), Channel: 0x4abc + uint16(to), Until: time.Hour}
}

// run runs a frame through the program as if it came in at near.
func (w *world) run(t testing.TB, frame []byte) (verdict uint32, out []byte) {
	t.Helper()
	return w.runAt(t, w.near, frame)
}

func (w *world) runAt(t testing.TB, index int, frame []byte) (verdict uint32, out []byte) {
	t.Helper()
	options := ebpf.RunOptions{
		Data:    frame,
		DataOut: make([]byte, len(frame)+256),
		Context: struct{ Data, DataEnd, DataMeta, Ingress, Queue, Egress uint32 }{DataEnd: uint32(len(frame)), Ingress: uint32(index)},
	}
	var err error
	w.do(func() { verdict, err = w.Program().Run(&options) })
	if err != nil {
		t.Fatalf("running a frame of %d bytes: %v", len(frame), err)
	}
	return verdict, options.DataOut
}

const (
	drop     = 1
	pass     = 2
	transmit = 3
	redirect = 4
)
