package check

import (
	"bytes"
	"net"
	"testing"
)

// bytesConn is a connection on which everything has come.
type bytesConn struct {
	net.Conn
	*bytes.Reader
}

func (c bytesConn) Read(into []byte) (int, error) { return c.Reader.Read(into) }

func frames(stream []byte) (got [][]byte) {
	w := newWire(bytesConn{Reader: bytes.NewReader(stream)}, true)
	buffer := make([]byte, maxFrame)
	for {
		n, err := w.next(buffer)
		if err != nil {
			return got
		}
		got = append(got, bytes.Clone(buffer[:n]))
	}
}

func TestFrames(t *testing.T) {
	binding := append([]byte{1, 1, 0, 4}, make([]byte, 20)...)
	channel := []byte{0x40, 0, 0, 2, 'h', 'i', 0, 0}
	got := frames(bytes.Join([][]byte{binding, channel, binding, {0xff, 0, 0, 0}}, nil))
	if len(got) != 3 || !bytes.Equal(got[0], binding) || !bytes.Equal(got[1], channel) || !bytes.Equal(got[2], binding) {
		t.Errorf("frames = %x", got)
	}
	// Lengths that wrap a uint16 around.
	for _, head := range [][]byte{{1, 1, 0xff, 0xec}, {0x40, 0, 0xff, 0xfc}} {
		if got := frames(append(head, make([]byte, 1<<17)...)); len(got) != 0 {
			t.Errorf("%x: frames = %d", head, len(got))
		}
	}
}

// Frames are the stream's bytes in order, and never empty.
func FuzzFrames(f *testing.F) {
	f.Add(append([]byte{1, 1, 0, 0}, make([]byte, 16)...))
	f.Add([]byte{0x40, 0, 0, 2, 'h', 'i', 0, 0})
	f.Add([]byte{0x40, 0, 0xff, 0xfc, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, stream []byte) {
		got := frames(stream)
		if !bytes.HasPrefix(stream, bytes.Join(got, nil)) {
			t.Errorf("frames %x of %x", got, stream)
		}
		for _, frame := range got {
			if len(frame) < 4 {
				t.Errorf("frame %x", frame)
			}
		}
	})
}

func TestExcerpt(t *testing.T) {
	if got := excerpt("a\x1b[2J\r\n  b\u202e\x00\xff"); got != "a[2J b\ufffd" {
		t.Errorf("excerpt = %q", got)
	}
	if got := []rune(excerpt(string(bytes.Repeat([]byte("é"), 1000)))); len(got) != maxExcerpt+1 {
		t.Errorf("excerpt has %d characters", len(got))
	}
}
