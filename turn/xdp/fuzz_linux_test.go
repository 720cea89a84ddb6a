package xdp_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/joingyd/joingyd/turn/xdp"
)

// FuzzFrame runs frames through the program in the kernel: whatever the model does
// not forward is passed unchanged, the rest comes out as the model's, or is dropped
// if its flow has no rate to speak of. Mutations would seldom get past the
// checksums, so half of them are mended.
func FuzzFrame(f *testing.F) {
	w := newWorld(f, xdp.Options{})
	for _, v6 := range []bool{false, true} {
		for _, n := range []byte{1, 7, 2} {
			from, target := flow(v6, n, 8-n)
			if n == 2 {
				target.Client = client(v6, 2)
				target.Rate = 1
			}
			w.put(f, from, target)
			for _, size := range []int{0, 2, 3, 4, 63, 160, 1000, 1596} {
				p := good(v6, n, size)
				f.Add(p.frame(), true)
				p.padding = make([]byte, (4-size%4)%4)
				p.trailer = make([]byte, size%5)
				f.Add(p.frame(), false)
			}
		}
		valid := good(v6, 1, 100).frame()
		f.Add(valid[:14], true)
		f.Add(valid[:40], true)
		f.Add(valid[:len(valid)-1], true)
		f.Add(change(valid, 20, 0x20, 0), true)                                                     // IPv4 fragment, IPv6 header
		f.Add(change(valid, 14, 0x46), true)                                                        // IPv4 options
		f.Add(append(change(valid[:12], 0), append([]byte{0x81, 0, 0, 5}, valid[12:]...)...), true) // VLAN
		f.Add(change(valid, 16, 0xff, 0xff), true)                                                  // lengths
		f.Add(change(valid, 18, 0xff, 0xff), true)
		f.Add(change(valid, 38, 0, 8), true)
		f.Add(change(valid, 44, 0, 99), true)
		f.Add(good(v6, 1, 0).wrap(nil), true)
	}
	f.Fuzz(func(t *testing.T, frame []byte, mend bool) {
		if len(frame) < 14 || len(frame) > 3000 { // what the kernel lets in
			return
		}
		if frame = bytes.Clone(frame); mend {
			mendChecksums(frame)
		}
		want, via, ok := w.model.forward(frame)
		verdict, got := w.run(t, frame)
		expected := uint32(pass)
		if !ok {
			want = frame
		} else {
			expected = transmit
			if via.device != "near" {
				expected = redirect
			}
			if p, _ := parse(frame); p.channel == 0x4002 && len(p.data) > 0 { // 1 byte a second
				expected, want = drop, frame
				if len(p.data) == 1 {
					return
				}
			}
		}
		if verdict != expected || !bytes.Equal(got, want) {
			t.Errorf("verdict %d, want %d\nin   %x\ngot  %x\nwant %x", verdict, expected, frame, got, want)
		}
	})
}

// mendChecksums makes checksums right where a valid frame has them, as far as the
// lengths allow.
func mendChecksums(frame []byte) {
	be := binary.BigEndian
	var pseudo, udp []byte
	switch {
	case len(frame) >= 42 && be.Uint16(frame[12:]) == 0x0800:
		be.PutUint16(frame[24:], 0)
		be.PutUint16(frame[24:], checksum(frame[14:34]))
		pseudo = bytes.Clone(frame[26:34])
		udp = frame[34:min(len(frame), max(42, 14+int(be.Uint16(frame[16:]))))]
	case len(frame) >= 62 && be.Uint16(frame[12:]) == 0x86dd:
		pseudo = bytes.Clone(frame[22:54])
		udp = frame[54:min(len(frame), max(62, 54+int(be.Uint16(frame[18:]))))]
	default:
		return
	}
	pseudo = be.AppendUint32(pseudo, uint32(len(udp)))
	pseudo = be.AppendUint32(pseudo, 17)
	be.PutUint16(udp[6:], 0)
	sum := checksum(append(pseudo, udp...))
	if sum == 0 {
		sum = 0xffff
	}
	be.PutUint16(udp[6:], sum)
}
