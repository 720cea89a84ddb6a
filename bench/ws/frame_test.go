package main

import (
	"bytes"
	"errors"
	"testing"
)

func TestCutFrame(t *testing.T) {
	long := bytes.Repeat([]byte("x"), 300)
	stream := append([]byte{0x81, 2, 'h', 'i', 0x89, 0, 0x81, 126, 300 >> 8, 300 & 0xff}, long...)
	for _, want := range []struct {
		op      byte
		payload []byte
	}{{opText, []byte("hi")}, {opPing, nil}, {opText, long}} {
		// Every part of the stream that ends within the frame is its start only.
		whole, _, rest, err := cutFrame(stream)
		for end := range len(stream) - len(rest) {
			if op, _, left, err := cutFrame(stream[:end]); op != 0 || len(left) != end || err != nil {
				t.Fatalf("cutFrame of %d bytes = %d, %d bytes left, %v", end, op, len(left), err)
			}
		}
		_, payload, _, _ := cutFrame(stream)
		if whole != want.op || !bytes.Equal(payload, want.payload) || err != nil {
			t.Fatalf("cutFrame = %d, %q, %v; want %d, %q", whole, payload, err, want.op, want.payload)
		}
		stream = rest
	}
	if len(stream) != 0 {
		t.Errorf("%d bytes are left", len(stream))
	}
	for _, bad := range [][]byte{{0x01, 2}, {0x80, 2}, {0xc1, 2}, {0x81, 127}, {0x81, 0x82}} {
		if _, _, _, err := cutFrame(bad); !errors.Is(err, errFrame) {
			t.Errorf("cutFrame(%#x) = %v", bad, err)
		}
	}
}

func TestAppendFrame(t *testing.T) {
	if got := appendFrame([]byte("a"), opPong, []byte("hi")); !bytes.Equal(got, []byte{'a', 0x8a, 0x82, 0, 0, 0, 0, 'h', 'i'}) {
		t.Errorf("short: %#x", got)
	}
	if got := appendFrame(nil, opText, make([]byte, 300)); !bytes.Equal(got[:4], []byte{0x81, 0xfe, 300 >> 8, 300 & 0xff}) || len(got) != 308 {
		t.Errorf("long: %#x…, %d bytes", got[:4], len(got))
	}
}
