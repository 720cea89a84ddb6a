package match

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	writeTimeout = 10 * time.Second
	lingerTime   = time.Second // for the last bytes of a connection that is closed,
	lingerBytes  = 256 << 10   // and of its client's

	readBuffer  = 16  // bytes; a message's payload is read past it
	writeBuffer = 128 // bytes; a control frame fits
)

// wire is a socket's connection, as the library sees it. It keeps no buffer while
// nothing is under way, and what is written while it is held leaves at once.
type wire struct {
	net.Conn
	early []byte // what net/http had read; the reader's own

	mu      sync.Mutex // guards what follows
	written sync.Cond  // writing has become false
	held    bool       // nothing is written
	writing bool       // somebody writes, and will go on until out is empty
	closing bool
	out     *buffer // to be written; nil: nothing
	err     error   // the first of writing
}

// takeOver makes conn the wire's connection, of which net/http had read early.
func (w *wire) takeOver(conn net.Conn, early []byte) {
	w.Conn, w.early = conn, early
	w.written.L = &w.mu
}

// Read implements net.Conn.
func (w *wire) Read(into []byte) (int, error) {
	if len(w.early) > 0 {
		n := copy(into, w.early)
		if w.early = w.early[n:]; len(w.early) == 0 {
			w.early = nil
		}
		return n, nil
	}
	return w.Conn.Read(into)
}

// Write implements net.Conn. Bytes are written in the order they come in. Where
// another goroutine is writing already, that takes them along, and its own Write
// returns the error.
func (w *wire) Write(data []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return 0, w.err
	}
	if w.out == nil {
		w.out = newBuffer(len(data))
	}
	w.out = w.out.room(len(data))
	w.out.b = append(w.out.b, data...)
	w.flushLocked()
	return len(data), w.err
}

// hold keeps what is written from now on until release.
func (w *wire) hold() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held = true
}

func (w *wire) release() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held = false
	w.flushLocked()
}

// flushLocked writes out, without the lock, unless somebody does. Where that fails
// the connection is cut.
func (w *wire) flushLocked() {
	if w.held || w.writing {
		return
	}
	w.writing = true
	for w.out != nil && w.err == nil {
		out := w.out
		w.out = nil
		if !w.closing {
			w.Conn.SetWriteDeadline(time.Now().Add(writeTimeout)) //nolint:errcheck // Write fails as well
		}
		w.mu.Unlock()
		_, err := w.Conn.Write(out.b)
		out.free()
		if err != nil {
			w.cut()
		}
		w.mu.Lock()
		w.err = err
	}
	if w.out != nil {
		w.out.free()
		w.out = nil
	}
	w.writing = false
	w.written.Broadcast()
}

// Close implements net.Conn. What was written before still leaves, in lingerTime.
func (w *wire) Close() error {
	w.finish()
	return w.Conn.Close()
}

// finish writes what is left to write.
func (w *wire) finish() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closing, w.held = true, false
	w.Conn.SetWriteDeadline(time.Now().Add(lingerTime)) //nolint:errcheck // as above
	w.flushLocked()
	for w.writing {
		w.written.Wait()
	}
}

// drain ends the sending direction and throws away what the client still sends, for
// lingerTime and up to lingerBytes. A connection that is closed with bytes unread is
// reset, and the close frame that says why may be lost with it.
func (w *wire) drain() {
	w.finish()
	if half, ok := w.Conn.(interface{ CloseWrite() error }); ok {
		half.CloseWrite() //nolint:errcheck // it ends either way
	}
	w.Conn.SetReadDeadline(time.Now().Add(lingerTime)) //nolint:errcheck // as above
	io.CopyN(io.Discard, w.Conn, lingerBytes)          //nolint:errcheck // as above
}

// cut ends the connection at once, without TLS's goodbye: that may wait.
func (w *wire) cut() {
	conn := w.Conn
	if encrypted, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = encrypted.NetConn()
	}
	conn.Close()
}

// upgrade answers a request whose connection is to be a wire. It hands the library
// buffers no larger than need be: net/http's take 8 KiB.
type upgrade struct {
	http.ResponseWriter
	wire *wire
}

// Hijack implements http.Hijacker.
func (u *upgrade) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(u.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	early, _ := buffered.Reader.Peek(buffered.Reader.Buffered())
	u.wire.takeOver(conn, bytes.Clone(early))
	return u.wire, bufio.NewReadWriter(bufio.NewReaderSize(u.wire, readBuffer), bufio.NewWriterSize(u.wire, writeBuffer)), nil
}
