package check

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
)

// maxFrame is more than any STUN message or ChannelData that a relay has reason
// to send, in bytes.
const maxFrame = 16 << 10

var errFrame = errors.New("what came is neither STUN nor ChannelData")

// wire is a connection to one TURN server, datagrams or a stream. To pion it is
// a net.PacketConn, whose addresses do not matter. pion's own framing of streams
// lets a length wrap around and reads nothing for ever, so frames are cut here.
type wire struct {
	net.Conn
	stream *bufio.Reader // nil for datagrams
}

func newWire(conn net.Conn, stream bool) *wire {
	w := &wire{Conn: conn}
	if stream {
		w.stream = bufio.NewReader(conn)
	}
	return w
}

// next reads one message.
func (w *wire) next(into []byte) (int, error) {
	if w.stream == nil {
		return w.Conn.Read(into)
	}
	head, err := w.stream.Peek(4)
	if err != nil {
		return 0, err
	}
	size := int(binary.BigEndian.Uint16(head[2:]))
	switch head[0] >> 6 {
	case 0: // STUN (RFC 8489 section 5)
		size += 20
	case 1: // ChannelData, padded on streams (RFC 8656 section 12.5)
		size = 4 + (size+3)/4*4
	default:
		return 0, errFrame
	}
	if size > len(into) {
		return 0, errFrame
	}
	return io.ReadFull(w.stream, into[:size])
}

// WriteTo sends to the server, wherever pion means to.
func (w *wire) WriteTo(message []byte, _ net.Addr) (int, error) { return w.Conn.Write(message) }

// ReadFrom implements net.PacketConn. Nobody calls it: turnClient gives pion what
// came.
func (w *wire) ReadFrom(into []byte) (int, net.Addr, error) {
	n, err := w.next(into)
	return n, somewhere, err
}
