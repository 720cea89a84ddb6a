package turn

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// retryPause is how long a socket that failed is left alone.
const retryPause = 50 * time.Millisecond

// datagramConn is a UDP socket that outlives passing errors: pion ends its read
// loop on any.
type datagramConn struct {
	net.PacketConn
	readers  *sync.WaitGroup // told when the read loop ends
	lifetime func(client netip.AddrPort, granted time.Duration)
	requests requests
	closing  sync.Once
	done     chan struct{}
}

// ReadFrom implements net.PacketConn.
func (c *datagramConn) ReadFrom(into []byte) (int, net.Addr, error) {
	c.requests.next()
	for {
		n, from, err := c.PacketConn.ReadFrom(into)
		if err == nil {
			c.requests.begin()
			return n, from, nil
		}
		if errors.Is(err, net.ErrClosed) {
			c.readers.Done()
			return 0, nil, err
		}
		pause(retryPause, c.done)
	}
}

// WriteTo implements net.PacketConn.
func (c *datagramConn) WriteTo(message []byte, to net.Addr) (int, error) {
	if granted, ok := grantedLifetime(message); ok {
		c.lifetime(addrPort(to), granted)
	}
	return c.PacketConn.WriteTo(message, to)
}

// Close implements net.PacketConn.
func (c *datagramConn) Close() error {
	c.closing.Do(func() { close(c.done) })
	return c.PacketConn.Close()
}

// pause waits, or until done.
func pause(d time.Duration, done <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-done:
	}
}
