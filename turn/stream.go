package turn

import (
	"bufio"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// streamListener accepts connections, for itself or, in open mode, for pion. It
// survives passing accept errors, and closing it closes what it accepted.
type streamListener struct {
	net.Listener
	listener *listener
	done     chan struct{}

	mu       sync.Mutex
	conns    map[netip.AddrPort]*streamConn // by client address; nil once closed
	bySource map[netip.Prefix]int           // connections
}

// spareConnections is how many connections one source may have beyond the
// allocations that it may have, one each.
const spareConnections = 64

func newStreamListener(l *listener, accept net.Listener) *streamListener {
	return &streamListener{
		Listener: accept, listener: l, done: make(chan struct{}),
		conns: make(map[netip.AddrPort]*streamConn), bySource: make(map[netip.Prefix]int),
	}
}

// serve answers clients until Close.
func (l *streamListener) serve() {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go conn.(*streamConn).serve()
	}
}

// Accept implements net.Listener.
func (l *streamListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err == nil {
			if accepted := l.add(conn); accepted != nil {
				return accepted, nil
			}
			if !l.closed() {
				continue // its source has too many
			}
		}
		if l.closed() || errors.Is(err, net.ErrClosed) { // pion/dtls has an error of its own for it
			l.listener.server.readers.Done()
			return nil, net.ErrClosed
		}
		l.listener.server.opts.Logger.Warn("turn accept failed", "error", err)
		pause(retryPause, l.done)
	}
}

func (l *streamListener) closed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.conns == nil
}

func (l *streamListener) add(conn net.Conn) *streamConn {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conns == nil {
		conn.Close()
		return nil
	}
	client := addrPort(conn.RemoteAddr())
	source := sourceKey(client.Addr())
	if l.bySource[source] >= l.listener.server.limits.Load().AllocationsPerSource+spareConnections {
		conn.Close()
		l.listener.counters.drop(DropConnection)
		return nil
	}
	l.bySource[source]++
	l.listener.server.readers.Add(1)
	c := &streamConn{Conn: conn, owner: l, reader: bufio.NewReaderSize(conn, readAhead), client: client, trusted: time.Now().Add(strangerTimeout)}
	c.queue.conn = c
	l.conns[c.client] = c
	return c
}

// remove forgets a connection that is closed.
func (l *streamListener) remove(c *streamConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conns[c.client] != c {
		return
	}
	delete(l.conns, c.client)
	source := sourceKey(c.client.Addr())
	if l.bySource[source]--; l.bySource[source] == 0 {
		delete(l.bySource, source)
	}
}

// requestsOf returns the lock of the client's connection, or nil if it is gone.
func (l *streamListener) requestsOf(client netip.AddrPort) *requests {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.conns[client]; c != nil {
		return &c.requests
	}
	return nil
}

// Close implements net.Listener.
func (l *streamListener) Close() error {
	l.mu.Lock()
	conns := l.conns
	l.conns = nil
	if conns != nil {
		close(l.done)
	}
	l.mu.Unlock()
	if conns == nil {
		return nil
	}
	err := l.Listener.Close()
	for _, c := range conns {
		c.Conn.Close()
	}
	return err
}

// begin counts one more goroutine of a connection, unless the listener is closed
// and may be past waiting for more.
func (l *streamListener) begin() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conns == nil {
		return false
	}
	l.listener.server.readers.Add(1)
	return true
}
