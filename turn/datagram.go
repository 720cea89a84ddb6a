package turn

import (
	"errors"
	"net"
	"sync"
	"time"
)

// datagramConn is pion's UDP socket in open mode. It outlives passing errors:
// pion ends its read loop on any.
type datagramConn struct {
	net.PacketConn
	listener *listener
	requests requests
	closing  sync.Once
	done     chan struct{}
}

// ReadFrom implements net.PacketConn: it returns the next datagram that passes
// the gate.
func (c *datagramConn) ReadFrom(into []byte) (int, net.Addr, error) {
	c.requests.next()
	for {
		n, from, err := c.PacketConn.ReadFrom(into)
		if errors.Is(err, net.ErrClosed) {
			c.listener.server.readers.Done()
			return 0, nil, err
		}
		if err != nil {
			pause(retryPause, c.done)
			continue
		}
		v := c.listener.judge(into[:n], addrPort(from))
		if v.answer != nil {
			c.PacketConn.WriteTo(v.answer, from) // UDP
		}
		if v.pass != nil {
			c.requests.begin(c.listener.pion, v)
			return copy(into, v.pass), from, nil
		}
	}
}

// WriteTo implements net.PacketConn.
func (c *datagramConn) WriteTo(message []byte, to net.Addr) (int, error) {
	c.requests.outgoing(message, func(granted time.Duration) { c.listener.refreshed(addrPort(to), granted) })
	return c.PacketConn.WriteTo(message, to)
}

// Close implements net.PacketConn.
func (c *datagramConn) Close() error {
	c.closing.Do(func() { close(c.done) })
	return c.PacketConn.Close()
}
