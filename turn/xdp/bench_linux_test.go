package xdp_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/joingyd/joingyd/turn/xdp"
)

// BenchmarkForward prints the program's time a packet in the kernel, without the
// driver's: parsing, look-ups, checksum, route, both quotas, rewriting.
func BenchmarkForward(b *testing.B) {
	w := newWorld(b, xdp.Options{TotalRate: 1 << 60})
	for _, v6 := range []bool{false, true} {
		// The kernel runs the program on its own output, so that has to be the input.
		f := xdp.Flow{Client: client(v6, 1), Server: client(v6, 7), Channel: 0x4001}
		target := xdp.Target{Client: f.Server, Server: f.Client, Channel: f.Channel, Rate: 1 << 60, Until: time.Hour}
		w.put(b, f, target)
		for _, size := range []int{160, 1000} {
			p := good(v6, 1, size)
			p.destination = client(v6, 7)
			w.measure(b, fmt.Sprintf("v6=%v/%d", v6, size), p.frame(), transmit)
		}
		p := good(v6, 1, 160)
		p.channel++
		w.measure(b, fmt.Sprintf("v6=%v/stranger", v6), p.frame(), pass)
	}
}

func (w *world) measure(b *testing.B, name string, frame []byte, want uint32) {
	b.Run(name, func(b *testing.B) {
		options := ebpf.RunOptions{
			Data:    frame,
			Repeat:  uint32(b.N),
			Context: struct{ Data, DataEnd, DataMeta, Ingress, Queue, Egress uint32 }{DataEnd: uint32(len(frame)), Ingress: uint32(w.near)},
		}
		b.ResetTimer()
		var verdict uint32
		var err error
		w.do(func() { verdict, err = w.Program().Run(&options) })
		if err != nil || verdict != want {
			b.Fatalf("verdict %d, want %d: %v", verdict, want, err)
		}
	})
}

// BenchmarkPut is the cost of refreshing a flow, and of replacing one.
func BenchmarkPut(b *testing.B) {
	w := newWorld(b, xdp.Options{MaxFlows: 1 << 22})
	f, target := flow(true, 1, 7)
	b.Run("refresh", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := w.Put(f, target); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("put and delete", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			w.Delete(f)
			if err := w.Put(f, target); err != nil {
				b.Fatal(err)
			}
		}
	})
}
