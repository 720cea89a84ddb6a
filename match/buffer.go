package match

import (
	"io"
	"math/bits"
	"sync"
)

// Buffers come in powers of two from 4 to 64 KiB.
const (
	smallShift  = 12
	smallBuffer = 1 << smallShift
	classes     = 5
)

var pools [classes]sync.Pool // of *buffer

// buffer is memory out of a pool, for what is being read or written: b is to be
// appended to.
type buffer struct{ b []byte }

// newBuffer returns an empty buffer with room for n bytes.
func newBuffer(n int) *buffer {
	class := classOf(n)
	if class >= classes {
		return &buffer{make([]byte, 0, n)}
	}
	if b, ok := pools[class].Get().(*buffer); ok {
		return b
	}
	return &buffer{make([]byte, 0, smallBuffer<<class)}
}

// readAll reads a message to its end.
func readAll(message io.Reader) (*buffer, error) {
	b := newBuffer(0)
	for {
		b = b.room(1)
		n, err := message.Read(b.b[len(b.b):cap(b.b)])
		b.b = b.b[:len(b.b)+n]
		switch {
		case err == io.EOF:
			return b, nil
		case err != nil:
			b.free()
			return nil, err
		}
	}
}

// room returns b, or a larger buffer in its place, with room for n bytes more.
func (b *buffer) room(n int) *buffer {
	if cap(b.b)-len(b.b) >= n {
		return b
	}
	larger := newBuffer(max(2*cap(b.b), len(b.b)+n))
	larger.b = append(larger.b, b.b...)
	b.free()
	return larger
}

// empty zeroes what b holds.
func (b *buffer) empty() {
	clear(b.b)
	b.b = b.b[:0]
}

// free empties b and gives it back.
func (b *buffer) free() {
	b.empty()
	if class := classOf(cap(b.b)); class < classes && cap(b.b) == smallBuffer<<class {
		pools[class].Put(b)
	}
}

// classOf returns the class whose buffers have room for n bytes; classes or more
// if none has.
func classOf(n int) int {
	if n <= smallBuffer {
		return 0
	}
	return bits.Len(uint(n-1)) - smallShift
}
