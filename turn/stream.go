package turn

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	stunHeader       = 20
	channelHeader    = 4
	maxFrame         = 1599 // pion drops what fills its 1,600-byte buffer
	frameTimeout     = 10 * time.Second
	strangerTimeout  = 30 * time.Second // without an allocation
	allocatedTimeout = 15 * time.Minute // refreshes come every 10 minutes at least
	writeTimeout     = 10 * time.Second
	maxStranger      = 64 // answers on a connection without a good credential
)

var (
	errFrame       = errors.New("turn: not a STUN message or ChannelData of at most 1,599 bytes")
	errTooManyAsks = errors.New("turn: too many requests without a good credential")
)

// streamListener accepts connections for pion. It survives passing accept
// errors, and closing it closes what it accepted.
type streamListener struct {
	net.Listener
	listener *listener
	done     chan struct{}

	mu    sync.Mutex
	conns map[netip.AddrPort]*streamConn // by client address; nil once closed
}

// Accept implements net.Listener.
func (l *streamListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err == nil {
			if accepted := l.add(conn); accepted != nil {
				return accepted, nil
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
	l.listener.server.readers.Add(1)
	c := &streamConn{Conn: conn, owner: l, reader: bufio.NewReaderSize(conn, maxFrame+1), client: addrPort(conn.RemoteAddr())}
	l.conns[c.client] = c
	return c
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

// streamConn hands pion exactly one whole, checked frame a read. pion's own
// framing adds lengths in 16 bits: some lengths wrap and spin for ever. (It also
// holds back a ChannelData frame of up to 4 bytes of data until the next one;
// nothing that WebRTC sends is so short.)
type streamConn struct {
	net.Conn
	owner    *streamListener
	reader   *bufio.Reader
	client   netip.AddrPort
	requests requests
	greeted  bool // the handshake, if there is one, is done; the reader's own
	answers  int  // to a client that does not authenticate; the reader's own
	ended    sync.Once
}

// handshaker is a connection that must shake hands before it is read.
type handshaker interface {
	HandshakeContext(context.Context) error
}

// Read implements net.Conn: it returns the next frame that passes the gate. Only
// pion's goroutine of the connection calls it; after an error it does not call
// again.
func (c *streamConn) Read(into []byte) (int, error) {
	c.requests.next()
	for {
		n, err := c.readNext(into)
		if err != nil {
			c.ended.Do(c.owner.listener.server.readers.Done)
			return 0, err
		}
		v := c.owner.listener.judge(into[:n], c.client)
		if err := c.patience(v); err != nil {
			c.ended.Do(c.owner.listener.server.readers.Done)
			return 0, err
		}
		if v.answer != nil {
			c.send(v.answer) // a dead connection shows at the next read
		}
		if v.pass != nil {
			c.requests.begin(c.owner.listener, v)
			return copy(into, v.pass), nil
		}
	}
}

// patience ends a connection that asks and asks and does not authenticate, or
// guesses. Silence, as over UDP, would leave it waiting.
func (c *streamConn) patience(v verdict) error {
	switch {
	case v.key != nil:
		c.answers = 0
	case v.stranger:
		c.answers++
	}
	if v.drop == DropUnanswered || c.answers > maxStranger {
		return errTooManyAsks
	}
	return nil
}

func (c *streamConn) readNext(into []byte) (int, error) {
	if err := c.greet(); err != nil {
		return 0, err
	}
	if c.owner.listener.addr.Transport == "dtls" {
		return c.readMessage(into)
	}
	return c.readFrame(into)
}

// greet shakes hands, once, within a deadline.
func (c *streamConn) greet() error {
	conn, needed := c.Conn.(handshaker)
	if c.greeted || !needed {
		return nil
	}
	c.greeted = true
	ctx, cancel := context.WithTimeout(context.Background(), frameTimeout)
	defer cancel()
	return conn.HandshakeContext(ctx)
}

// await sets the deadline for a client that has nothing to say.
func (c *streamConn) await() error {
	idle := strangerTimeout
	if c.owner.listener.hasAllocation(c.client) {
		idle = allocatedTimeout
	}
	return c.SetReadDeadline(time.Now().Add(idle))
}

// readMessage reads a message of its own, which may lack the padding that pion
// expects of ChannelData on anything it takes for a stream.
func (c *streamConn) readMessage(into []byte) (int, error) {
	if err := c.await(); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(into[:maxFrame-3])
	if err != nil {
		return 0, err
	}
	padded := (n + 3) / 4 * 4
	clear(into[n:padded])
	return padded, nil
}

func (c *streamConn) readFrame(into []byte) (int, error) {
	if c.reader.Buffered() == 0 {
		if err := c.await(); err != nil {
			return 0, err
		}
		if _, err := c.reader.Peek(1); err != nil {
			return 0, err
		}
	}
	if err := c.SetReadDeadline(time.Now().Add(frameTimeout)); err != nil {
		return 0, err
	}
	head, err := c.reader.Peek(channelHeader)
	if err != nil {
		return 0, err
	}
	size, err := frameSize(head)
	if err != nil {
		return 0, err
	}
	if size > len(into) {
		return 0, io.ErrShortBuffer
	}
	return io.ReadFull(c.reader, into[:size])
}

// frameSize returns the length on the wire, padding included, of the frame that
// starts with these 4 bytes (RFC 8656 section 12.5, RFC 8489 section 5).
func frameSize(head []byte) (int, error) {
	length := int(binary.BigEndian.Uint16(head[2:]))
	var size int
	switch head[0] >> 6 {
	case 0:
		if length%4 != 0 {
			return 0, errFrame
		}
		size = stunHeader + length
	case 1:
		size = channelHeader + (length+3)/4*4
	default:
		return 0, errFrame
	}
	if size > maxFrame {
		return 0, errFrame
	}
	return size, nil
}

// Write implements net.Conn.
func (c *streamConn) Write(frame []byte) (int, error) {
	c.requests.outgoing(frame, func(granted time.Duration) { c.owner.listener.refreshed(c.client, granted) })
	return c.send(frame)
}

// send writes a frame. One that cannot be written in time ends the connection:
// half a frame would garble all that follow.
func (c *streamConn) send(frame []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, err
	}
	n, err := c.Conn.Write(frame)
	if err != nil {
		c.Conn.Close()
	}
	return n, err
}

// Close implements net.Conn.
func (c *streamConn) Close() error {
	c.owner.mu.Lock()
	if c.owner.conns[c.client] == c {
		delete(c.owner.conns, c.client)
	}
	c.owner.mu.Unlock()
	return c.Conn.Close()
}
