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
	maxFrame         = 1599 // bytes; pion drops what fills its 1,600-byte buffer
	maxDatagram      = 2048 // bytes read of one datagram; longer ones are malformed
	readAhead        = 4096 // bytes of a stream
	frameTimeout     = 10 * time.Second
	strangerTimeout  = 30 * time.Second // without an allocation
	allocatedTimeout = 15 * time.Minute // refreshes come every 10 minutes at least
	maxStranger      = 64               // answers on a connection without a good credential
)

var (
	errFrame       = errors.New("turn: not a STUN message or ChannelData of at most 1,599 bytes")
	errTooManyAsks = errors.New("turn: too many requests without a good credential")
)

// streamConn is a client's connection. Its frames come out whole and checked:
// pion's own framing adds lengths in 16 bits, and some wrap and spin for ever.
type streamConn struct {
	net.Conn
	owner  *streamListener
	reader *bufio.Reader
	client netip.AddrPort
	queue  streamQueue

	requests requests  // open mode
	ended    sync.Once // open mode: the reader

	greeted bool      // the handshake, if there is one, is done; the reader's own
	answers int       // to a client that does not authenticate; the reader's own
	trusted time.Time // until when a client without an allocation may stay; the reader's own
}

// handshaker is a connection that must shake hands before it is read.
type handshaker interface {
	HandshakeContext(context.Context) error
}

// serve answers the client until its connection ends, and ends its allocation
// then.
func (c *streamConn) serve() {
	l := c.owner.listener
	defer l.server.readers.Done()
	defer c.finish()
	out := newBriefOutbox(l)
	from := caller{source: endpointOf(c.client), addr: c.client, conn: c}
	frame := make([]byte, maxFrame)
	for {
		frame, err := c.next(frame)
		if err != nil {
			return
		}
		out.begin()
		if isChannelData(frame) {
			if reason := l.channelData(out, from.source, frame); reason != "" {
				l.counters.drop(reason)
			}
		} else {
			answer, v := l.handle(out, from, frame)
			if c.patience(v) != nil {
				return
			}
			if answer != nil {
				c.answer(answer)
			}
		}
		out.flush()
	}
}

// finish closes the connection and the allocation that came over it.
func (c *streamConn) finish() {
	s := c.owner.listener.server
	c.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := c.owner.listener.allocation(c.client); r != nil && r.conn == c {
		s.closeRelayLocked(r)
	}
}

// Read implements net.Conn for pion: it returns the next frame that passes the
// gate. Only pion's goroutine of the connection calls it; after an error it does
// not call again.
func (c *streamConn) Read(into []byte) (int, error) {
	c.requests.next()
	n, err := c.readPassed(into)
	if err != nil {
		c.ended.Do(c.owner.listener.server.readers.Done)
	}
	return n, err
}

func (c *streamConn) readPassed(into []byte) (int, error) {
	for {
		frame, err := c.next(into)
		if err != nil {
			return 0, err
		}
		v := c.owner.listener.judge(frame, c.client)
		if err := c.patience(v); err != nil {
			return 0, err
		}
		if v.answer != nil {
			c.answer(v.answer)
		}
		if v.pass != nil {
			c.requests.begin(c.owner.listener.pion, v)
			return copy(into, v.pass), nil
		}
	}
}

// patience ends a connection that asks and asks and does not authenticate, or
// guesses. Silence, as over UDP, would leave it waiting.
func (c *streamConn) patience(v verdict) error {
	switch {
	case v.key != nil:
		c.answers, c.trusted = 0, time.Now().Add(strangerTimeout)
	case v.stranger:
		c.answers++
	}
	if v.drop == DropUnanswered || c.answers > maxStranger {
		return errTooManyAsks
	}
	return nil
}

// next reads the next frame into memory of the caller's.
func (c *streamConn) next(into []byte) ([]byte, error) {
	if err := c.greet(); err != nil {
		return nil, err
	}
	read := c.readFrame
	if c.owner.listener.addr.Transport == "dtls" {
		read = c.readMessage
	}
	n, err := read(into[:min(len(into), maxFrame)])
	return into[:n], err
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

// await sets the deadline for a client that has nothing to say. Without an
// allocation only a good credential moves it: chatter does not.
func (c *streamConn) await() error {
	if c.owner.listener.hasAllocation(c.client) {
		return c.SetReadDeadline(time.Now().Add(allocatedTimeout))
	}
	return c.SetReadDeadline(c.trusted)
}

// readMessage reads a message of its own, which may lack the padding that pion
// expects of ChannelData on anything it takes for a stream.
func (c *streamConn) readMessage(into []byte) (int, error) {
	if err := c.await(); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(into[:len(into)-3])
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
	head, err := c.peek(channelHeader)
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
	if _, err := c.peek(size); err != nil {
		return 0, err
	}
	return io.ReadFull(c.reader, into[:size])
}

// peek waits for n bytes of a frame that has begun, within a deadline.
func (c *streamConn) peek(n int) ([]byte, error) {
	if c.reader.Buffered() < n {
		if err := c.SetReadDeadline(time.Now().Add(frameTimeout)); err != nil {
			return nil, err
		}
	}
	return c.reader.Peek(n)
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

// Write implements net.Conn for pion.
func (c *streamConn) Write(frame []byte) (int, error) {
	c.requests.outgoing(frame, func(granted time.Duration) { c.owner.listener.refreshed(c.client, granted) })
	c.answer(frame)
	return len(frame), nil
}

// answer is enqueue for what the server itself says.
func (c *streamConn) answer(frame []byte) {
	if reason := c.enqueue(frame); reason != "" {
		c.owner.listener.counters.drop(reason)
	}
}

// enqueue sends a frame when its turn comes. It never waits, and copies.
func (c *streamConn) enqueue(frame []byte) DropReason { return c.queue.add(frame) }

// Close implements net.Conn.
func (c *streamConn) Close() error {
	c.owner.remove(c)
	return c.Conn.Close()
}
