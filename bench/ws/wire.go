package main

import (
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// wire is the server's end of a connection in memory. The other end is a
// function, called for each write, which may answer with deliver.
type wire struct {
	remote netip.AddrPort
	take   func([]byte)

	mu      sync.Mutex // guards what follows
	more    sync.Cond
	in      []byte // to be read by the server
	ended   bool   // nothing follows in
	closed  bool   // by the server
	expired bool   // the read deadline has passed
}

var _ net.Conn = (*wire)(nil)

// deliver gives the server more to read.
func (w *wire) deliver(data []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.in = append(w.in, data...)
	w.more.Broadcast()
}

// end tells the server that nothing more comes.
func (w *wire) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	w.more.Broadcast()
}

// Read implements net.Conn.
func (w *wire) Read(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		switch {
		case w.closed:
			return 0, net.ErrClosed
		case w.expired:
			return 0, os.ErrDeadlineExceeded
		case len(w.in) > 0:
			n := copy(p, w.in)
			if w.in = w.in[n:]; len(w.in) == 0 {
				w.in = nil // a connection at rest holds nothing
			}
			return n, nil
		case w.ended:
			return 0, io.EOF
		}
		w.more.Wait()
	}
}

// Write implements net.Conn.
func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	closed := w.closed
	w.mu.Unlock()
	if closed {
		return 0, net.ErrClosed
	}
	w.take(p)
	return len(p), nil
}

// Close implements net.Conn.
func (w *wire) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.more.Broadcast()
	return nil
}

// LocalAddr implements net.Conn.
func (w *wire) LocalAddr() net.Addr { return new(net.TCPAddr) }

// RemoteAddr implements net.Conn.
func (w *wire) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(w.remote) }

// SetDeadline implements net.Conn.
func (w *wire) SetDeadline(t time.Time) error { return w.SetReadDeadline(t) }

// SetWriteDeadline implements net.Conn: a write never waits.
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.Conn, but for deadlines to come, which do
// nothing: the clients of a crowd are never slow. One in the past ends a Read
// under way, as net/http wants before it hands a connection over.
func (w *wire) SetReadDeadline(t time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.expired = !t.IsZero() && !t.After(time.Now())
	w.more.Broadcast()
	return nil
}
