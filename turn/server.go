package turn

import (
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/stun/v2"

	"github.com/joingyd/joingyd/ident"
)

// Options of a Server. New copies them.
type Options struct {
	// Open makes it an ordinary TURN server. Nil: the masked relay.
	Open *Open
	// Secret signs the credentials until the first Rotate.
	Secret [32]byte
	// Realm of the long-term credential mechanism; "joingyd" if empty.
	Realm string
	// CredentialLifetime is how long credentials allow new allocations; an
	// hour if 0.
	CredentialLifetime time.Duration
	// AllocationsPerSession is how many live allocations a session may hold;
	// 32 if 0. One more is refused with 486 (Allocation Quota Reached).
	AllocationsPerSession int
	// AllocationsPerSource is how many one address (IPv6: /64) may hold; 1,024
	// if 0. One more is refused with 486.
	AllocationsPerSource int
	// Allocations is how many there may be in all; 100,000 if 0. One more is
	// refused with 508 (Insufficient Capacity).
	Allocations int
	// BandwidthPerAllocation and Bandwidth bound what one allocation and all of
	// them send, in bytes a second of application data, with bursts of a
	// second. What is over is dropped and counted. Unbounded if 0.
	BandwidthPerAllocation, Bandwidth int
	// Offload forwards what it can of masked pairs; nobody if nil. It outlives the
	// Server.
	Offload Offload
	// Refused tells whether an address has no use of the relay (a ban): a client
	// there may make no allocation, and in open mode it may be no peer. Nobody is
	// refused if nil. It is asked on every Allocate, CreatePermission and ChannelBind,
	// and must neither block nor call the Server.
	Refused func(netip.Addr) bool
	// Allocated is told of the first allocation that a session makes from each address. It
	// is called with the Server's lock held, and must neither block nor call it. Nil:
	// nobody is.
	Allocated func(session ident.Session, client netip.AddrPort)
	// Changed is told of a session one of whose allocations was made or closed: what there
	// is by now Held and ClientAddrs tell. A client hears of its allocation after that. It
	// is called like Allocated. Nil: nobody is told.
	Changed func(ident.Session)
	// Shared are keys by which others make credentials too, for sessions that Admit may not
	// have heard of yet. Nil: only Admit makes any.
	Shared *Shared
	// Logger gets the rare lines; discarded if nil.
	Logger *slog.Logger
	// Now is the clock; time.Now if nil. Credentials of other back ends (Open.Secrets)
	// end by its wall time. Nothing else does: what this server promises, a session's
	// credentials included, does not move when the clock is set.
	Now func() time.Time

	ungated bool // tests only: shows what the gate is for
}

// Server is the relay. Make one with New, give it sockets with ListenUDP,
// ServeUDP and ServeStream, end it with Close.
type Server struct {
	opts     Options
	open     *openRelay // nil: masked
	shared   *shared    // nil: only Admit makes credentials
	limits   atomic.Pointer[Limits]
	counters [len(transports)]counters // by client transport

	notOffloaded atomic.Uint64 // flows
	answers      *answers
	ready        readiness
	total        struct {
		mu     sync.Mutex
		bucket bucket // of Options.Bandwidth
	}
	nonces  *nonces
	started time.Time      // of instant
	epoch   time.Time      // of now
	readers sync.WaitGroup // goroutines: one a UDP socket, one or two a connection; pion's

	rotating sync.Mutex // held by Rotate

	mu        sync.RWMutex // guards what follows; pion may hold its own locks when it asks for this one
	closed    bool
	draining  bool          // no new allocations
	paused    bool          // the same, but for sessions in a pair
	emptied   chan struct{} // closed, and made anew, when the last allocation is gone
	listeners []*listener
	sessions  map[ident.Session]*session
	users     map[string]*session // by the random id in the TURN username
	accounts  map[string]*session // open mode: those without a session that hold allocations, by username
	pairs     map[ident.Pair]*pair
	leases    map[string]*lease         // by holder; those with pairs
	relays    map[netip.AddrPort]*relay // by relayed transport address
	bySource  map[netip.Prefix]int      // live allocations by client
	pool      addressPool
	secrets   []SecretUse // the current first, then the one before; replaced, never changed
	forget    *time.Timer // of the last one of them; nil: there was never more than one
}

// New makes a relay without sockets. Only Open can be wrong.
func New(opts Options) (*Server, error) {
	var open *openRelay
	if opts.Open != nil {
		var err error
		if open, err = newOpenRelay(*opts.Open); err != nil {
			return nil, err
		}
	}
	if opts.Realm == "" {
		opts.Realm = "joingyd"
	}
	if opts.CredentialLifetime == 0 {
		opts.CredentialLifetime = time.Hour
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
	s := &Server{
		opts:     opts,
		open:     open,
		shared:   newShared(opts.Shared),
		answers:  newAnswers(),
		nonces:   newNonces(),
		started:  time.Now(),
		epoch:    opts.Now(),
		emptied:  make(chan struct{}),
		bySource: make(map[netip.Prefix]int),
		sessions: make(map[ident.Session]*session),
		users:    make(map[string]*session),
		accounts: make(map[string]*session),
		pairs:    make(map[ident.Pair]*pair),
		leases:   make(map[string]*lease),
		relays:   make(map[netip.AddrPort]*relay),
		secrets:  []SecretUse{{Secret: opts.Secret}},
	}
	s.Limit(Limits{opts.AllocationsPerSession, opts.AllocationsPerSource, opts.Allocations})
	return s, nil
}

// Close closes every socket and allocation and waits for their goroutines.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	if s.forget != nil {
		s.forget.Stop()
	}
	s.shared.stopLocked()
	for _, l := range s.leases {
		l.timer.Stop()
	}
	listeners := s.listeners
	s.listeners = nil
	for _, r := range s.relays {
		s.closeRelayLocked(r)
	}
	s.mu.Unlock()

	var errs []error
	for _, l := range listeners {
		errs = append(errs, l.stop())
	}
	s.readers.Wait()
	for _, l := range listeners {
		errs = append(errs, l.close())
	}
	return errors.Join(errs...)
}

// instant is the clock of what the relay itself grants: it never goes back.
func (s *Server) instant() time.Duration { return time.Since(s.started) }

// Clock is the time by which sessions' credentials end.
func (s *Server) Clock() time.Time { return s.now() }

// now is the wall time of the start and what has passed since: it goes on evenly when
// the clock is set.
func (s *Server) now() time.Time { return s.epoch.Add(s.opts.Now().Sub(s.epoch)) }

// relayAt finds the allocation at a relayed transport address, or nil.
func (s *Server) relayAt(addr netip.AddrPort) *relay {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.relays[addr]
}

// bindLocked gives the relay to the session that allocated it, with a request that
// was signed with key.
func (s *Server) bindLocked(r *relay, l *listener, c caller, username string, key []byte, owner *session) {
	r.listener, r.source, r.client, r.local, r.conn = l, c.source, c.addr, c.local, c.conn
	r.username, r.key, r.since = username, key, s.opts.Now()
	r.owner.Store(owner)
	owner.relays[r] = struct{}{}
	fresh := owner.cameFrom(c.addr.Addr())
	l.clients.put(r)
	s.bySource[sourceKey(c.addr.Addr())]++
	s.answers.meet(c.addr.Addr()) // whoever has got this far is no stranger
	if fresh && s.opts.Allocated != nil && owner.id != (ident.Session{}) {
		s.opts.Allocated(owner.id, c.addr)
	}
	s.changedLocked(owner)
}

// changedLocked tells that an allocation of the session was made or closed.
func (s *Server) changedLocked(of *session) {
	if s.opts.Changed != nil && of.id != (ident.Session{}) {
		s.opts.Changed(of.id)
	}
}

// closeRelayLocked takes the relay out of every table. When it returns, no packet
// that comes later passes.
func (s *Server) closeRelayLocked(r *relay) {
	if r.closed.Swap(true) {
		return
	}
	if r.socket != nil {
		r.socket.conn.Close() // nothing is left to be told
	}
	if r.expiry != nil {
		r.expiry.Stop()
	}
	delete(s.relays, r.addr)
	if len(s.relays) == 0 {
		close(s.emptied)
		s.emptied = make(chan struct{})
	}
	owner := r.owner.Load()
	if owner == nil {
		return // drawn to look at its port, or its session ended: nobody knew of it
	}
	if s.open == nil {
		s.pool.release(s.now(), r.addr)
	}
	p := owner.pair.Load()
	s.takeBackLocked(p, func(o *offloaded) bool { return o.from == r || o.to == r })
	if p != nil {
		p.carried[p.side(owner)] += r.sent.bytes.Load()
	}
	delete(owner.relays, r)
	s.forgetAccountLocked(owner)
	source := sourceKey(r.client.Addr())
	if s.bySource[source]--; s.bySource[source] == 0 {
		delete(s.bySource, source)
	}
	s.answers.part(r.client.Addr())
	r.listener.clients.remove(r)
	s.changedLocked(owner)
}

// hasFamily reports whether there are relayed transport addresses of the family.
func (s *Server) hasFamily(family byte) bool {
	if s.open != nil {
		return s.open.hasFamily(family)
	}
	return family == familyIPv4
}

// quota returns the error code for one more allocation of the user from source,
// or 0.
func (s *Server) quota(username string, source netip.Addr) stun.ErrorCode {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.quotaLocked(username, source)
}

func (s *Server) quotaLocked(username string, source netip.Addr) stun.ErrorCode {
	held, paired, limits := 0, false, s.limits.Load()
	if owner := s.holderLocked(username); owner != nil {
		held, paired = len(owner.relays), owner.pair.Load() != nil
	}
	switch {
	case s.draining, s.paused && !paired, len(s.relays) >= limits.Allocations:
		return stun.CodeInsufficientCapacity
	case held >= limits.AllocationsPerSession:
		return stun.CodeAllocQuotaReached
	case s.bySource[sourceKey(source)] >= limits.AllocationsPerSource:
		return stun.CodeAllocQuotaReached
	}
	return 0
}
