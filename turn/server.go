package turn

import (
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/joingyd/joingyd/ident"
)

// Options of a Server. New copies them.
type Options struct {
	// Secret signs the credentials.
	Secret [32]byte
	// Realm of the long-term credential mechanism; "joingyd" if empty.
	Realm string
	// CredentialLifetime is how long credentials allow new allocations; an
	// hour if 0.
	CredentialLifetime time.Duration
	// AllocationsPerSession is how many live allocations a session may hold;
	// 32 if 0. One more is refused with 486 (Allocation Quota Reached).
	AllocationsPerSession int
	// Refused tells whether a client address may make no allocation (a ban).
	// Nobody is refused if nil. It must be fast: it is asked on every Allocate.
	Refused func(netip.Addr) bool
	// Logger gets the rare lines; discarded if nil.
	Logger *slog.Logger
	// Now is the clock of credentials; time.Now if nil.
	Now func() time.Time
}

// Server is the relay. Make one with New, give it sockets with ServeUDP and
// ServeTCP, end it with Close.
type Server struct {
	opts     Options
	counters counters
	ready    readiness
	readers  sync.WaitGroup // pion's goroutines: one a socket, one an allocation

	mu        sync.RWMutex // guards what follows; pion may hold its own locks when it asks for this one
	closed    bool
	listeners []*listener
	sessions  map[ident.Session]*session
	users     map[string]*session // by the random id in the TURN username
	pairs     map[ident.Pair]*pair
	relays    map[netip.AddrPort]*relay // by relayed transport address
	pool      addressPool
}

// New makes a relay without sockets.
func New(opts Options) *Server {
	if opts.Realm == "" {
		opts.Realm = "joingyd"
	}
	if opts.CredentialLifetime == 0 {
		opts.CredentialLifetime = time.Hour
	}
	if opts.AllocationsPerSession == 0 {
		opts.AllocationsPerSession = 32
	}
	if opts.Refused == nil {
		opts.Refused = func(netip.Addr) bool { return false }
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	return &Server{
		opts:     opts,
		sessions: make(map[ident.Session]*session),
		users:    make(map[string]*session),
		pairs:    make(map[ident.Pair]*pair),
		relays:   make(map[netip.AddrPort]*relay),
	}
}

// Close closes every socket and allocation and waits for their goroutines.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	listeners := s.listeners
	s.listeners = nil
	for _, r := range s.relays {
		s.closeRelayLocked(r)
	}
	s.mu.Unlock()

	var errs []error
	for _, l := range listeners {
		errs = append(errs, l.socket.Close())
	}
	s.readers.Wait()
	return errors.Join(errs...)
}

// relayAt finds the allocation at a relayed transport address, or nil.
func (s *Server) relayAt(addr netip.AddrPort) *relay {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.relays[addr]
}

// newRelay makes a relayed transport address that belongs to nobody yet.
func (s *Server) newRelay(port int) (*relay, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, net.ErrClosed
	}
	addr, err := s.pool.draw(s.opts.Now(), port, func(a netip.AddrPort) bool { return s.relays[a] != nil })
	if err != nil {
		return nil, err
	}
	r := &relay{
		server: s,
		addr:   addr,
		udp:    net.UDPAddrFromAddrPort(addr),
		queue:  make(chan packet, queueSize),
		closed: make(chan struct{}),
	}
	s.relays[addr] = r
	return r, nil
}

// bind gives the relay to the session that allocated it. Where that session
// ended meanwhile, the relay is closed instead.
func (s *Server) bind(r *relay, l *listener, client netip.AddrPort, username string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readers.Add(1) // pion starts reading from the relay next
	r.requests = l.requestsOf(client)
	_, user, _ := splitUsername(username)
	owner := s.users[user]
	if owner == nil || s.closed || r.requests == nil {
		s.closeRelayLocked(r)
		return
	}
	r.listener, r.client, r.username = l, client, username
	r.owner.Store(owner)
	owner.relays[r] = struct{}{}
	l.clients[client] = r
}

// closeRelayLocked takes the relay out of every table and ends its reader.
func (s *Server) closeRelayLocked(r *relay) {
	r.closing.Do(func() {
		close(r.closed)
		if r.expiry != nil {
			r.expiry.Stop()
		}
		delete(s.relays, r.addr)
		s.pool.release(s.opts.Now(), r.addr)
		if owner := r.owner.Load(); owner != nil {
			delete(owner.relays, r)
			if r.listener.clients[r.client] == r {
				delete(r.listener.clients, r.client)
			}
		}
	})
}
