package xdp_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/joingyd/joingyd/turn/xdp"
)

// good is a packet of client n's flow.
func good(v6 bool, n byte, size int) packet {
	p := packet{
		source: client(v6, n), destination: server(v6, n), channel: 0x4000 + uint16(n),
		data: make([]byte, size), ttl: 57, tos: 0xb9, flow: 0x54321,
		sourceMAC: [6]byte{2, 9, 9, 9, 9, 9}, toMAC: [6]byte{2, 1, 0, 0, 0, n},
	}
	for i := range p.data {
		p.data[i] = byte(i*7 + size)
	}
	return p
}

func families(t *testing.T, test func(t *testing.T, v6 bool)) {
	t.Run("IPv4", func(t *testing.T) { test(t, false) })
	t.Run("IPv6", func(t *testing.T) { test(t, true) })
}

func TestGoodPacketsAreForwarded(t *testing.T) {
	w := newWorld(t, xdp.Options{})
	families(t, func(t *testing.T, v6 bool) {
		for _, to := range []byte{7, 2} { // out of the same interface, and another
			f, target := flow(v6, 1, to)
			w.put(t, f, target)
			var sizes []int
			for size := range 300 {
				sizes = append(sizes, size)
			}
			for _, size := range append(sizes, 511, 512, 513, 1000, 1023, 1024, 1025, 1200, 1595, 1596) {
				p := good(v6, 1, size)
				w.forwards(t, fmt.Sprintf("%d bytes", size), p.frame(), to)
				p.padding = []byte{1, 2, 3}[:(4-size%4)%4]
				w.forwards(t, fmt.Sprintf("%d bytes, padded", size), p.frame(), to)
			}
			p := good(v6, 1, 160)
			p.trailer = make([]byte, 7)
			w.forwards(t, "with trailing bytes", p.frame(), to)
			p = good(v6, 1, 160)
			p.ttl, p.tos, p.flow = 2, 0, 0
			w.forwards(t, "hop limit 2", p.frame(), to)
			if !v6 {
				p.noChecksum = true
				w.forwards(t, "without checksum", p.frame(), to)
			}
			// Every value that the checksum may have, so 0 and 0xffff too.
			p = good(v6, 1, 20)
			for i := range 0x10000 {
				p.data[0], p.data[1] = byte(i>>8), byte(i)
				frame := p.frame()
				out, _, _ := w.model.forward(frame)
				if i%11 == 0 || atEdge(frame) || atEdge(out) {
					w.forwards(t, fmt.Sprintf("payload %#x", i), frame, to)
				}
			}
		}
	})
}

// atEdge reports whether a frame's UDP checksum is about 0 or 0xffff.
func atEdge(frame []byte) bool {
	at := 40
	if frame[12] == 0x86 {
		at = 60
	}
	sum := binary.BigEndian.Uint16(frame[at:])
	return sum < 4 || sum > 0xfffb
}

func (w *world) forwards(t *testing.T, name string, frame []byte, to byte) {
	t.Helper()
	want, _, ok := w.model.forward(frame)
	if !ok {
		t.Fatalf("%s: the model refuses it", name)
	}
	verdict, got := w.run(t, frame)
	wantVerdict := uint32(transmit)
	if to == 2 {
		wantVerdict = redirect
	}
	if verdict != wantVerdict || !bytes.Equal(got, want) {
		t.Errorf("%s: verdict %d, want %d\n in  %.80x\ngot  %.80x\nwant %.80x", name, verdict, wantVerdict, frame, got, want)
	}
}

// refuses checks that a frame is passed on as it came, and what it is counted as.
func (w *world) refuses(t *testing.T, name string, frame []byte, counted func(*xdp.Passed) *uint64) {
	t.Helper()
	before := w.Stats()
	verdict, got := w.run(t, frame)
	if verdict != pass || !bytes.Equal(got, frame) {
		t.Errorf("%s: verdict %d, want it passed unchanged\nin  %.80x\nout %.80x", name, verdict, frame, got)
	}
	if counted != nil {
		*counted(&before.Passed)++
	}
	if after := w.Stats(); after.Passed != before.Passed || after.Forwarded != before.Forwarded || after.Dropped != before.Dropped {
		t.Errorf("%s: counted as\n     %+v\nwant %+v", name, after, before)
	}
}

func wrongSum(p *xdp.Passed) *uint64 { return &p.Checksum }

// change returns the frame with its bytes from at on replaced.
func change(frame []byte, at int, with ...byte) []byte {
	frame = bytes.Clone(frame)
	copy(frame[at:], with)
	return frame
}

func TestOtherFramesArePassed(t *testing.T) {
	w := newWorld(t, xdp.Options{})
	families(t, func(t *testing.T, v6 bool) {
		f, target := flow(v6, 1, 7)
		w.put(t, f, target)
		valid := good(v6, 1, 161).frame()
		w.forwards(t, "the frame before it is changed", valid, 7)
		udp := 34
		if v6 {
			udp = 54
		}
		for n := 14; n < len(valid); n += 7 {
			w.refuses(t, fmt.Sprintf("cut at %d", n), valid[:n], nil)
		}
		w.refuses(t, "cut by one", valid[:len(valid)-1], nil)
		w.refuses(t, "VLAN", append(change(valid[:12], 0), append([]byte{0x81, 0, 0, 5}, valid[12:]...)...), nil)
		w.refuses(t, "ARP", change(valid, 12, 0x08, 0x06), nil)
		w.refuses(t, "UDP shorter than IP", change(valid, udp+4, 0, 160), nil)
		w.refuses(t, "UDP longer than IP", change(valid, udp+4, 0, 200), nil)
		w.refuses(t, "STUN", change(valid, udp+8, 0), nil)
		w.refuses(t, "above the channels", change(valid, udp+8, 0x80), nil)
		w.refuses(t, "message longer than UDP", change(valid, udp+10, 0, 162), nil)
		w.refuses(t, "message shorter than UDP", change(valid, udp+10, 0, 160), nil)
		w.refuses(t, "message much shorter than UDP", change(valid, udp+10, 0, 1), nil)
		w.refuses(t, "corrupt data", change(valid, len(valid)-1, 0xee), wrongSum)
		w.refuses(t, "corrupt checksum", change(valid, udp+6, 0x12, 0x34), wrongSum)

		p := good(v6, 1, 162)
		p.padding = []byte{0}
		w.refuses(t, "padded to an odd size", p.frame(), nil)
		p.padding = make([]byte, 6)
		w.refuses(t, "padded too much", p.frame(), nil)
		p = good(v6, 1, 1597)
		w.refuses(t, "over 1,600 bytes", p.frame(), nil)
		for ttl := range byte(2) {
			p = good(v6, 1, 160)
			p.ttl = ttl
			w.refuses(t, "hop limit", p.frame(), nil)
		}
		w.refuses(t, "no payload", good(v6, 1, 0).wrap(nil), nil)
		w.refuses(t, "short payload", good(v6, 1, 0).wrap([]byte{0x40, 1, 0}), nil)

		p = good(v6, 1, 160)
		p.source = netip.AddrPortFrom(p.source.Addr(), 1)
		w.refuses(t, "other port", p.frame(), nil)
		p = good(v6, 1, 160)
		p.source = netip.AddrPortFrom(p.source.Addr().Next(), p.source.Port())
		w.refuses(t, "other client", p.frame(), nil)
		p = good(v6, 1, 160)
		p.destination = netip.AddrPortFrom(p.destination.Addr().Prev(), p.destination.Port())
		w.refuses(t, "other server address", p.frame(), nil)
		p = good(v6, 1, 160)
		p.destination = netip.AddrPortFrom(p.destination.Addr(), 3479)
		w.refuses(t, "other server port", p.frame(), nil)
		p = good(v6, 1, 160)
		p.channel++
		w.refuses(t, "other channel", p.frame(), nil)
	})
}

func TestUnusualIPv4IsPassed(t *testing.T) {
	w := newWorld(t, xdp.Options{})
	f, target := flow(false, 1, 7)
	w.put(t, f, target)
	valid := good(false, 1, 160).frame()
	// sum makes the header's checksum right again.
	sum := func(frame []byte) []byte {
		copy(frame[24:], []byte{0, 0})
		binary.BigEndian.PutUint16(frame[24:], checksum(frame[14:14+4*int(frame[14]&15)]))
		return frame
	}
	w.refuses(t, "version 5", sum(change(valid, 14, 0x55)), nil)
	w.refuses(t, "header of 16 bytes", sum(change(valid, 14, 0x44)), nil)
	options := append(change(valid[:34], 14, 0x46, 0xb9, 0, byte(len(valid)-14+4)), append([]byte{1, 1, 1, 1}, valid[34:]...)...)
	w.refuses(t, "options", sum(options), nil)
	w.refuses(t, "first fragment", sum(change(valid, 20, 0x20, 0)), nil)
	w.refuses(t, "last fragment", sum(change(valid, 20, 0, 1)), nil)
	w.refuses(t, "far fragment", sum(change(valid, 20, 0x10, 0)), nil)
	w.refuses(t, "reserved flag", sum(change(valid, 20, 0x80, 0)), nil)
	w.refuses(t, "TCP", sum(change(valid, 23, 6)), nil)
	w.refuses(t, "longer than the frame", sum(change(valid, 16, 0, byte(len(valid)-14+1))), nil)
	w.refuses(t, "length 0", sum(change(valid, 16, 0, 0)), nil)
	w.refuses(t, "header checksum", change(valid, 24, 1, 2), wrongSum)
	w.forwards(t, "no flags", sum(change(valid, 20, 0, 0)), 7)
}

func TestUnusualIPv6IsPassed(t *testing.T) {
	w := newWorld(t, xdp.Options{})
	f, target := flow(true, 1, 7)
	w.put(t, f, target)
	valid := good(true, 1, 160).frame()
	w.refuses(t, "version 4", change(valid, 14, 0x4b), nil)
	w.refuses(t, "hop-by-hop options", change(valid, 20, 0), nil)
	w.refuses(t, "fragment", change(valid, 20, 44), nil)
	w.refuses(t, "longer than the frame", change(valid, 18, 0, byte(len(valid)-54+1)), nil)
	w.refuses(t, "length 0", change(valid, 18, 0, 0), nil)
	w.refuses(t, "without checksum", change(valid, 60, 0, 0), wrongSum)

	// An IPv4 flow is none of IPv6 with mapped addresses.
	f4, target4 := flow(false, 1, 7)
	w.put(t, f4, target4)
	p := good(false, 1, 160)
	mapped := func(a netip.Addr) []byte { b := a.As16(); return b[:] }
	frame := change(change(valid, 22, mapped(p.source.Addr())...), 38, mapped(p.destination.Addr())...)
	copy(frame[60:], []byte{0, 0})
	pseudo := append(bytes.Clone(frame[22:54]), 0, 0, 0, byte(len(frame)-54), 0, 0, 0, 17)
	binary.BigEndian.PutUint16(frame[60:], checksum(append(pseudo, frame[54:]...)))
	w.refuses(t, "mapped addresses", frame, nil)
}

func TestUnreachableTargetsArePassed(t *testing.T) {
	w := newWorld(t, xdp.Options{})
	// A second Forwarder has an interface that the first may not use.
	w.open(t, xdp.Options{Interfaces: []string{"soft"}, Mode: xdp.ModeGeneric})
	families(t, func(t *testing.T, v6 bool) {
		for _, test := range []struct {
			name    string
			to      byte
			counted func(*xdp.Passed) *uint64
		}{
			{"other program's interface", 3, func(p *xdp.Passed) *uint64 { return &p.Route }},
			{"bare interface", 4, func(p *xdp.Passed) *uint64 { return &p.Route }},
			{"no neighbour", 6, func(p *xdp.Passed) *uint64 { return &p.Neighbour }},
			{"no route", 99, func(p *xdp.Passed) *uint64 { return &p.Route }},
		} {
			f, target := flow(v6, 1, test.to)
			w.put(t, f, target)
			w.refuses(t, test.name, good(v6, 1, 1000).frame(), test.counted)
		}
		f, target := flow(v6, 1, 5)
		w.put(t, f, target)
		w.refuses(t, "too large", good(v6, 1, 1300).frame(), func(p *xdp.Passed) *uint64 { return &p.MTU })

		f, target = flow(v6, 1, 7)
		target.Client = netip.AddrPortFrom(server(v6, 2).Addr(), 9)
		w.put(t, f, target)
		w.refuses(t, "the server itself", good(v6, 1, 100).frame(), func(p *xdp.Passed) *uint64 { return &p.Route })

		f, target = flow(v6, 1, 7)
		target.Until = -time.Nanosecond
		w.put(t, f, target)
		w.refuses(t, "expired", good(v6, 1, 100).frame(), func(p *xdp.Passed) *uint64 { return &p.Expired })
		target.Until = 1<<63 - 1
		w.put(t, f, target)
		w.forwards(t, "for ever", good(v6, 1, 100).frame(), 7)

		setting := "net/ipv4/conf/lo/forwarding"
		if v6 {
			setting = "net/ipv6/conf/lo/forwarding"
		}
		w.set(t, setting, "0")
		w.refuses(t, "forwarding off", good(v6, 1, 100).frame(), func(p *xdp.Passed) *uint64 { return &p.Forwarding })
		w.set(t, setting, "1")
	})
}

// TestModesOfBothInterfaces: from one to another in XDP's own ways only.
func TestModesOfBothInterfaces(t *testing.T) {
	w := newWorld(t, xdp.Options{})
	far := w.index(t, "far")
	f, target := flow(false, 1, 2)
	w.put(t, f, target)
	frame := good(false, 1, 100).frame()
	w.forwards(t, "native to native", frame, 2)
	w.Reattached(t, far, xdp.ModeGeneric)
	w.refuses(t, "native to generic", frame, func(p *xdp.Passed) *uint64 { return &p.Route })
	w.Reattached(t, w.near, xdp.ModeGeneric)
	w.forwards(t, "generic to generic", frame, 2)
	w.Reattached(t, far, xdp.ModeNative)
	w.forwards(t, "generic to native", frame, 2)
}
