package turn

import (
	"errors"
	"net"
	"net/netip"
	"time"
)

// retryPause is how long a socket that failed is left alone.
const retryPause = 50 * time.Millisecond

// datagram is what a packetReader has read.
type datagram struct {
	data    []byte     // good until the next read; may be changed
	segment int        // where the kernel has joined datagrams: the size of each but the last, else 0
	from    endpoint   //
	local   netip.Addr // that it was sent to; zero where the socket is bound to one address
}

// udpSocket is one of the sockets of a UDP listener. One goroutine reads from
// it, any may write. stop ends reads; close must come after the last read and
// write.
type udpSocket interface {
	reader() packetReader
	writer(*counters) packetWriter
	stop() error
	close() error
}

// packetReader reads as many datagrams as there are at once.
type packetReader interface {
	// read waits for datagrams and returns how many there are, or net.ErrClosed
	// once the socket is stopped.
	read() (int, error)
	datagram(i int) datagram
}

// packetWriter gathers datagrams and sends them together. It belongs to one
// goroutine, and what it is given to that, until flush. What cannot be sent is
// counted and lost, as UDP loses it.
type packetWriter interface {
	// add takes one datagram from local, or, where that is zero, from the address
	// that the socket is bound to.
	add(to endpoint, local netip.Addr, data []byte)
	flush()
}

// borrowWriter returns a writer for the first socket, which goes back to writers
// after its flush.
func (l *listener) borrowWriter() packetWriter {
	if w, ok := l.writers.Get().(packetWriter); ok {
		return w
	}
	return l.sockets[0].writer(l.counters)
}

// serveUDP reads from the sockets of one masked listener, each in a goroutine.
func (l *listener) serveUDP() {
	for i, socket := range l.sockets {
		go l.readDatagrams(i, socket)
	}
}

func (l *listener) readDatagrams(index int, socket udpSocket) {
	defer l.server.readers.Done()
	in, out := socket.reader(), newOutbox(l, index)
	for {
		n, err := in.read()
		if err != nil {
			return
		}
		out.begin()
		for i := range n {
			d := in.datagram(i)
			if d.segment == 0 {
				l.datagram(out, d, d.data)
				continue
			}
			for rest := d.data; len(rest) > 0; {
				size := min(d.segment, len(rest))
				l.datagram(out, d, rest[:size:size])
				rest = rest[size:]
			}
		}
		out.flush()
	}
}

// datagram handles one datagram; d says where it is from.
func (l *listener) datagram(out *outbox, d datagram, frame []byte) {
	if isChannelData(frame) {
		if reason := l.channelData(out, d.from, frame); reason != "" {
			l.counters.drop(reason)
		}
		return
	}
	c := caller{source: d.from, addr: d.from.addrPort(), local: d.local}
	if answer, _ := l.handle(out, c, frame); answer != nil {
		out.writer(l).add(d.from, d.local, answer)
	}
}

// portableSocket is a udpSocket on any net.PacketConn, a datagram at a time.
type portableSocket struct {
	conn net.PacketConn
	done chan struct{}
}

func newPortableSocket(conn net.PacketConn) *portableSocket {
	return &portableSocket{conn, make(chan struct{})}
}

func (s *portableSocket) reader() packetReader {
	return &portableReader{socket: s, buffer: make([]byte, maxDatagram)}
}

func (s *portableSocket) writer(c *counters) packetWriter { return &portableWriter{s.conn, c} }

// stop closes the socket at once: Go's own sockets may be written to after that.
func (s *portableSocket) stop() error {
	close(s.done)
	return s.conn.Close()
}

func (s *portableSocket) close() error { return nil }

type portableReader struct {
	socket *portableSocket
	buffer []byte
	size   int
	from   endpoint
}

func (r *portableReader) read() (int, error) {
	for {
		n, from, err := r.socket.conn.ReadFrom(r.buffer)
		switch {
		case err == nil:
			r.size, r.from = n, endpointOf(addrPort(from))
			return 1, nil
		case errors.Is(err, net.ErrClosed):
			return 0, net.ErrClosed
		}
		pause(retryPause, r.socket.done)
	}
}

func (r *portableReader) datagram(int) datagram {
	return datagram{data: r.buffer[:r.size], from: r.from}
}

type portableWriter struct {
	conn     net.PacketConn
	counters *counters
}

func (w *portableWriter) add(to endpoint, _ netip.Addr, data []byte) {
	if _, err := w.conn.WriteTo(data, net.UDPAddrFromAddrPort(to.addrPort())); err != nil {
		w.counters.drop(DropUnsent)
	}
}

func (w *portableWriter) flush() {}

// pause waits, or until done.
func pause(d time.Duration, done <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-done:
	}
}
