package front

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// service is the listener of one service: a queue of connections that wait in
// their own goroutines, at most MaxPending of them, for HandshakeTimeout.
type service struct {
	splitter *Splitter
	queue    chan net.Conn
	slots    chan struct{} // one for each that waits
	accepted atomic.Uint64
	done     chan struct{}
	closing  sync.Once
}

func newService(s *Splitter) *service {
	return &service{
		splitter: s,
		queue:    make(chan net.Conn),
		slots:    make(chan struct{}, s.opts.MaxPending),
		done:     make(chan struct{}),
	}
}

// Accept implements net.Listener. It fails with net.ErrClosed alone.
func (l *service) Accept() (net.Conn, error) {
	select {
	case conn := <-l.queue:
		return conn, nil
	case <-l.done:
	case <-l.splitter.done:
	}
	return nil, net.ErrClosed
}

// Close implements net.Listener. The port and the other service go on.
func (l *service) Close() error {
	l.closing.Do(func() { close(l.done) })
	return nil
}

// Addr implements net.Listener: the shared port's.
func (l *service) Addr() net.Addr { return l.splitter.listener.Addr() }

// offer waits for the service to accept the connection, and reports whether it
// did.
func (l *service) offer(conn net.Conn) bool {
	select {
	case l.slots <- struct{}{}:
		defer func() { <-l.slots }()
	default:
		return false
	}
	timer := time.NewTimer(l.splitter.opts.HandshakeTimeout)
	defer timer.Stop()
	select {
	case l.queue <- conn:
		l.accepted.Add(1)
		return true
	case <-timer.C:
	case <-l.done:
	case <-l.splitter.done:
	}
	return false
}
