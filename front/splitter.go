// Package front lets HTTP, WebSocket and TURN share one TCP port, so that people
// behind a firewall that passes only 443 can both open the site and call.
//
//	         ┌ accept ┐   ┌ handshake, then ALPN, else first byte ┐   ┌ HTTP() ─▶ net/http
//	clients ─┤  Run   ├──▶┤ a goroutine a connection, bounded,    ├──▶┤
//	         └────────┘   │ under one deadline                    │   └ TURN() ─▶ the relay
//	                      └───────────────────────────────────────┘
//
// A connection costs the services nothing before it has proved what it speaks:
// the silent and the slow are closed here. What is handed over has its first
// byte put back, no deadline, and the client's real address.
//
// ClientAddr tells where an HTTP request comes from, behind proxies too.
//
// A client of either service must speak first, as HTTP and STUN clients do. HTTP/2
// is for those who ask for it by ALPN: it loads a page over one connection. Browsers
// open another, with HTTP/1.1, for a WebSocket.
package front

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	defaultHandshakeTimeout = 10 * time.Second
	defaultMaxPending       = 1024
	pendingShare            = 8 // of MaxPending is the most for one address
	minPause                = 5 * time.Millisecond
	maxPause                = 250 * time.Millisecond // between failing accepts
	lastWords               = time.Second            // at the end, to show what one speaks
)

// Options tune a Splitter. The zero value works, without TLS.
type Options struct {
	// TLS encrypts the port; nil is plain TCP. It is copied. Its NextProtos are
	// offered after stun.turn, stun.nat-discovery, h2 and http/1.1; one that is
	// neither service's, such as acme-tls/1 (RFC 8737), is served a handshake and
	// closed. A GetConfigForClient must offer them itself.
	TLS *tls.Config

	// HandshakeTimeout is what a client has from being accepted to its first byte
	// of content, TLS included, and what a service then has to accept it; 10 s.
	HandshakeTimeout time.Duration

	// MaxPending bounds the connections that have not shown yet what they speak,
	// and for each service those that it has not accepted yet; 1,024. Newcomers
	// beyond are closed.
	MaxPending int

	// MaxPendingPerAddr is the same bound for one address (an IPv6 /64), so that
	// one client cannot lock out all; an eighth of MaxPending. Loopback and private
	// addresses are not bound by it: a reverse proxy may stand there.
	MaxPendingPerAddr int

	Logger *slog.Logger // nil: none
}

func (o Options) withDefaults() Options {
	o.HandshakeTimeout = cmp.Or(o.HandshakeTimeout, defaultHandshakeTimeout)
	o.MaxPending = cmp.Or(o.MaxPending, defaultMaxPending)
	o.MaxPendingPerAddr = cmp.Or(o.MaxPendingPerAddr, max(1, o.MaxPending/pendingShare))
	o.Logger = cmp.Or(o.Logger, slog.New(slog.DiscardHandler))
	if o.TLS != nil {
		o.TLS = o.TLS.Clone()
		o.TLS.NextProtos = protocols(o.TLS.NextProtos)
	}
	return o
}

// Splitter shares one listening socket between two services. Its methods may be
// called at the same time.
type Splitter struct {
	listener net.Listener
	opts     Options
	http     *service
	turn     *service
	counters counters
	done     chan struct{}  // closed at the end
	running  sync.WaitGroup // Run and every connection's goroutine

	mu      sync.Mutex
	closed  bool                      // guarded by mu; nothing joins running after
	pending map[net.Conn]netip.Prefix // guarded by mu; who has not shown what they speak
	perAddr map[netip.Prefix]int      // guarded by mu; how many of pending
}

// New returns a Splitter that owns the listener. It accepts once Run is called;
// until then the kernel keeps clients waiting.
func New(listener net.Listener, opts Options) *Splitter {
	s := &Splitter{
		listener: listener,
		opts:     opts.withDefaults(),
		done:     make(chan struct{}),
		pending:  make(map[net.Conn]netip.Prefix),
		perAddr:  make(map[netip.Prefix]int),
	}
	s.http = newService(s)
	s.turn = newService(s)
	return s
}

// HTTP returns the listener of connections that speak HTTP/1.1, or by
// ALPN HTTP/2, for http.Server.Serve. With TLS they are encrypted already, and
// Request.TLS is set.
// Closing it refuses those connections only.
func (s *Splitter) HTTP() net.Listener { return s.http }

// TURN returns the listener of connections that speak STUN and TURN. Closing it
// refuses those connections only.
func (s *Splitter) TURN() net.Listener { return s.turn }

// Run accepts until ctx ends or Close is called, and then returns nil once all
// its goroutines have ended. After ctx, clients that were accepted have a second
// to show what they speak: whoever comes later may wait in the listening socket for
// the next process, where others hold it too. Failing accepts, as when descriptors run out, are
// tried again; only a listener that others closed ends it with an error. It may
// be called once.
func (s *Splitter) Run(ctx context.Context) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.running.Add(1)
	s.mu.Unlock()

	stop := context.AfterFunc(ctx, func() { s.listener.Close() })
	err := s.accept(ctx)
	s.running.Done()
	stop()
	sorted := make(chan struct{})
	go func() {
		s.running.Wait()
		close(sorted)
	}()
	if err == nil {
		timer := time.NewTimer(lastWords)
		defer timer.Stop()
		select {
		case <-sorted:
		case <-timer.C:
		case <-s.done: // by Close
		}
	}
	err = errors.Join(err, s.Close())
	<-sorted
	return err
}

// Close closes the listener and what has not been handed over, and waits for all
// goroutines. Connections that a service accepted are that service's.
func (s *Splitter) Close() error {
	s.shut()
	s.running.Wait()
	return nil
}

// shut makes everything end, and does not wait.
func (s *Splitter) shut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	close(s.done)
	s.listener.Close()
	for conn := range s.pending {
		conn.Close()
	}
}

func (s *Splitter) accept(ctx context.Context) error {
	for failures, pause := 0, minPause; ; {
		conn, err := s.listener.Accept()
		if err == nil {
			if failures > 0 {
				s.opts.Logger.Info("accepting again", "address", s.listener.Addr().String(), "failures", failures)
				failures, pause = 0, minPause
			}
			s.admit(conn)
			continue
		}
		select {
		case <-s.done:
			return nil
		case <-ctx.Done():
			return nil
		default:
		}
		if errors.Is(err, net.ErrClosed) {
			return err
		}
		s.counters.acceptErrors.Add(1)
		if failures++; failures == 1 {
			s.opts.Logger.Error("accept failed, trying again; raise LimitNOFILE if descriptors ran out",
				"address", s.listener.Addr().String(), "error", err)
		}
		select {
		case <-s.done:
			return nil
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		pause = min(2*pause, maxPause)
	}
}
