package match

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/match/filter"
	"github.com/joingyd/joingyd/match/pool"
)

// Relay is the TURN server as the hub sees it. Its methods may be called with the
// hub's lock held: they must not block and not call the hub.
type Relay interface {
	// Admit makes a session known, whose visitor is at source, and returns fresh
	// credentials for it.
	Admit(session ident.Session, source netip.Addr) (username, password string, expires time.Time)
	// Dismiss closes the session's allocations before it returns.
	Dismiss(ident.Session)
	// CloseAllocations closes the session's allocations before it returns. The
	// session stays known.
	CloseAllocations(ident.Session)
	// Join lets two sessions' allocations talk to each other.
	Join(pair ident.Pair, a, b ident.Session) error
	// Part ends that before it returns.
	Part(ident.Pair)
	// Owns reports whether addr is an allocation of the session.
	Owns(session ident.Session, addr netip.AddrPort) bool
	// ClientAddrs returns where the session's allocations are and were made from.
	// The hub does not change the list.
	ClientAddrs(ident.Session) []netip.Addr
}

// Options of a Hub. New copies them.
type Options struct {
	Relay Relay
	// Relays is Relay, where that is several; nil: it is one, and ICEURLs are its.
	Relays Relays
	// Banned returns the ban that refuses an address a use; nil: nobody is banned. It
	// is called with the hub's lock held, and must not block.
	Banned  func(netip.Addr, Use) (Ban, bool)
	ICEURLs func(host string) []string // STUN/TURN URLs for a visitor who asked for this Host; may be called with the hub's lock held
	// MaxBitrate is what the relay carries of one visitor's sound and picture, in
	// bits a second: more than that it drops. 0: there is no limit.
	MaxBitrate int
	Addr       func(*http.Request) netip.Addr // a request's client address, unmapped
	RequestID  func(*http.Request) string     // names a request in the log; nil: it has no name
	Policy     string                         // version that visitors must have accepted
	Appeal     string                         // where a ban can be appealed, in `banned`
	Origins    []string                       // further origins that may open the WebSocket
	Absent     bool                           // whether an absent Origin may

	Patience     time.Duration // before anybody will do
	AnyLanguage  bool          // whether that includes those of other languages
	ResumeGrace  time.Duration // a session outlives its socket by this
	Handover     []byte        // the Handover of the hub before, whose chats go on; nil: there is none
	HelloTimeout time.Duration // silence allowed to a new socket
	Logger       *slog.Logger  // nil: discarded

	// Pressure says how much is used of the memory that the process may have, from 0 to 1:
	// there are no new sessions from 0.8 on, and no new sockets from 0.9. It is called with
	// the hub's lock held. Nil: nothing bounds it.
	Pressure func() float64

	// Now is the clock; time.Now if nil. Its times have a monotonic reading, by which
	// everything is decided: nothing moves when the clock is set.
	Now func() time.Time

	Sessions              int // in all; 0: 100,000
	SessionsPerAddress    int // that one address may hold without work
	SessionsPerAddressMax int // with work, and twice as many sockets; 0: no more than without

	// Pseudonym returns what stands for an address in what is kept of reports once the
	// reported session is over, so that no address outlives it: a keyed hash, say. It is
	// called with the hub's lock held. Nil: nothing is kept then.
	Pseudonym func(netip.Addr) string

	// Reported takes a report, and keeps it: it may block. An error refuses it to the
	// reporter, who may try again. Nil: a report is counted, and known for a day.
	Reported func(Complaint) error

	// Risk says how much is held against a visitor with these addresses, of those that
	// count as one only one, from 0 to 1. It is called with the hub's lock held, at every
	// search. Nil: nothing is.
	Risk func([]netip.Addr) float64

	// Seen is told of each step of every visit. It is called with the hub's lock held, and
	// must not block. Nil: nobody is told.
	Seen func(Seen)

	// Receipt returns what a session's visitor can show later that it was theirs. It is
	// called with the hub locked, so it must not block. Nil: there is none.
	Receipt func(ident.Session) string

	Snapshots Snapshots // of video chats
	Age       Age       // proof of it, before a search
	Visits    Visits    // nil: nobody counts

	// Cluster is the site's other hubs; nil: there is only this one.
	Cluster Cluster

	// Accounts counts over all of the site's hubs what an address may do only so often, and who
	// shows a pass. Nil: this hub counts for itself.
	Accounts Accounts

	Filter    Filter   // of texts and interests; its key is FilterKey
	FilterKey [32]byte // of the fingerprints of lines, the same at all hubs of a site; zero: made by New
	// Ban bans the addresses of a spammer, of those that count as one only one, and ends
	// their sessions. Where lasts is 0, it is for Ban to say for how long. It may block;
	// it is called by Run, one at a time. Nil: nobody is banned.
	Ban func(addrs []netip.Addr, reason string, lasts time.Duration)
}

const (
	addressesInterval = 10 * time.Second // between looks for addresses and reports to forget,
	linesInterval     = time.Minute      // and for lines

	drainRate  = 1000 // sockets a second that may come back after Close
	drainMost  = 60   // seconds that Close spreads them over, at most
	drainBatch = 256  // sockets told at once
	drainPause = 5 * time.Millisecond
)

// Errors of Kick.
var ErrUnknownSession = errors.New("match: no such session")

// Hub is the matchmaker. Make one with New, mount it at /ws, give it a goroutine
// with Run, end it with Close. Its methods are safe for concurrent use.
type Hub struct {
	opts    Options
	start   time.Time
	sockets sync.WaitGroup // sockets, and goroutines that write to them
	wake    chan struct{}  // tells Run that its next deadline may have moved
	live    atomic.Pointer[Live]
	filter  atomic.Pointer[filter.Filter]
	prover  *prover
	earlier []*prover // of hubs before, of which sessions have come back. Guarded by mu

	spamBans spamBans
	passing  chan struct{} // stills for other hubs
	draining atomic.Bool   // see Drain

	mu         sync.Mutex // guards what follows
	closed     bool
	away       string    // seconds to spread over, once closed
	handover   *handover // of the hub before; nil: none, or none any more
	left       *handover // for the next, once closed
	others     *others   // nil: there are none
	accounts   *accounts // nil: this hub counts alone
	rounds     rounds
	open       map[*socket]struct{}
	openFrom   map[netip.Prefix]int // sockets open, by address
	sessions   map[ident.Session]*session
	resumable  map[resumeHash]*session
	perAddress map[netip.Prefix]int // sessions
	pool       *pool.Pool
	pairs      map[pool.Mode]int
	paired     map[pool.Mode]uint64 // that began
	slow       uint64               // sessions that ended for not reading
	addresses  *addresses
	reports    map[string]uint64 // by reason
	ledger     ledger            // of reports
	snapshots  snapshots
	passes     passes
	noVideo    time.Time            // until when no video chat begins; zero: they do
	refused    map[errorCode]uint64 // messages
	denied     map[denial]uint64    // upgrades, sessions and searches
	challenges map[challengeOutcome]uint64
	verdicts   map[filter.Outcome]map[filter.Reason]uint64
	mutes      uint64
}

// New makes a hub.
func New(opts Options) *Hub {
	if opts.Banned == nil {
		opts.Banned = func(netip.Addr, Use) (Ban, bool) { return Ban{}, false }
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Pressure == nil {
		opts.Pressure = func() float64 { return 0 }
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	live := opts.live()
	h := &Hub{
		opts:       opts,
		prover:     newProver(),
		spamBans:   spamBans{queue: make(chan spamBan, maxSpamBans), ban: opts.Ban},
		passing:    make(chan struct{}, mostPassed),
		verdicts:   make(map[filter.Outcome]map[filter.Reason]uint64),
		start:      opts.Now(),
		wake:       make(chan struct{}, 1),
		open:       make(map[*socket]struct{}),
		openFrom:   make(map[netip.Prefix]int),
		sessions:   make(map[ident.Session]*session),
		resumable:  make(map[resumeHash]*session),
		perAddress: make(map[netip.Prefix]int),
		pool:       pool.New(pool.Options{Patience: opts.Patience, AnyLanguage: opts.AnyLanguage, Seed: rand.Uint64()}),
		pairs:      make(map[pool.Mode]int),
		paired:     make(map[pool.Mode]uint64),
		reports:    make(map[string]uint64),
		snapshots:  snapshots{make(map[stillHash]Still), make(map[stillOutcome]uint64)},
		passes:     passes{make(map[passHash]int), make(map[passOutcome]uint64)},
		refused:    make(map[errorCode]uint64),
		addresses:  newAddresses(pacesFor(live.SessionsPerAddress), max(minAddresses, 2*live.Sessions)),
		denied:     make(map[denial]uint64),
		challenges: make(map[challengeOutcome]uint64),
		others:     newOthers(opts.Cluster),
		accounts:   newAccounts(opts.Accounts),
	}
	if err := h.inheritKept(opts.Handover); err != nil {
		opts.Logger.Warn("chats of before do not go on", "error", err)
	}
	h.live.Store(&live)
	h.filter.Store(newFilter(h.filterOptions(live.Filter)))
	for outcome := range filter.Outcomes() {
		h.verdicts[outcome] = make(map[filter.Reason]uint64)
	}
	return h
}

// Run does what is due by time: patience that ends, the sockets' turns, and what is
// to be forgotten of addresses, reports and lines. It makes the filter's bans. It returns
// when ctx ends.
func (h *Hub) Run(ctx context.Context) {
	defer h.spamBans.start(ctx).Wait()
	defer h.startSettling(ctx)()
	due := time.NewTimer(0)
	defer due.Stop()
	addresses := time.NewTicker(addressesInterval)
	defer addresses.Stop()
	lines := time.NewTicker(linesInterval)
	defer lines.Stop()
	var beats, drains <-chan time.Time
	if h.others != nil {
		ticker, drain := time.NewTicker(beatInterval), time.NewTicker(drainEvery)
		defer ticker.Stop()
		defer drain.Stop()
		beats, drains = ticker.C, drain.C
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.wake:
		case <-due.C:
		case <-addresses.C:
			h.forgetAddresses()
			h.forgetReports()
			h.forgetHandover()
			if h.others != nil {
				h.forgetLeft()
			}
		case <-beats:
			h.beat()
		case <-drains:
			h.empty()
		case <-lines.C:
			h.filter.Load().Forget(h.opts.Now())
		}
		due.Reset(min(h.expire(), h.takeTurns()))
	}
}

// wakeRun makes Run look again at what is due.
func (h *Hub) wakeRun() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// Close tells every socket to go away (1001) and waits for them, at most until
// ctx ends. New sockets are refused from now on, and messages are neither followed nor
// sent, but for those under way: a client says again what got no answer. Clients are asked
// to spread their return, so that the next daemon is not met by all at once.
func (h *Hub) Close(ctx context.Context) error {
	h.mu.Lock()
	h.closed = true
	spread := min(1+len(h.open)/drainRate, drainMost)
	h.away = strconv.Itoa(spread)
	told := 0
	for k := range h.open { // in batches, for the writers' memory; who leaves meanwhile is left out
		if told++; told%drainBatch == 0 {
			h.mu.Unlock()
			time.Sleep(drainPause)
			h.mu.Lock()
		}
		k.shut(closeGoingAway, h.away)
	}
	h.shutTunnelsLocked()
	h.mu.Unlock()
	gone := make(chan struct{})
	go func() {
		h.sockets.Wait()
		close(gone)
	}()
	var err error
	select {
	case <-gone:
	case <-ctx.Done():
		err = ctx.Err()
		h.mu.Lock()
		left := slices.Collect(maps.Keys(h.open))
		h.mu.Unlock()
		for _, k := range left {
			k.cut()
		}
		<-gone
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.handOverLocked(time.Duration(spread) * time.Second)
	for _, s := range h.sessions {
		h.endLocked(s, leftLost)
	}
	if h.others != nil {
		h.closeOthersLocked()
	}
	return err
}

// Online returns how many sessions the site has.
func (h *Hub) Online() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.onlineLocked()
}

// Stats are the counts of one moment; what is below Addresses counts since the
// start.
type Stats struct {
	Online     int // sessions of this hub
	Waiting    int
	Pairs      int
	VideoPairs int               // of Pairs
	Addresses  int               // remembered
	Forgotten  uint64            // addresses, for want of room
	Reports    map[string]uint64 // by reason
	Refused    map[string]uint64 // messages, by error code
	Denied     map[string]uint64 // upgrades, sessions and searches, by reason

	ReportsForgotten uint64 // before their time, for want of room

	Paired map[string]uint64 // chats that began, by mode
	Slow   uint64            // sessions that ended because their clients did not read
	Stills map[string]uint64 // that were asked for, by what became of them
	Passes map[string]uint64 // that were asked for, by what became of that

	Challenges map[string]uint64 // of work, by what became of them
	Filter     FilterStats
	Cluster    ClusterStats
	Accounts   AccountStats
}

// Stats returns the counts of this moment.
func (h *Hub) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	return Stats{
		Online:  len(h.sessions),
		Waiting: h.pool.Len(),
		Pairs:   h.pairs[pool.Video] + h.pairs[pool.Text],
		Reports: maps.Clone(h.reports),
		Refused: byName(h.refused),
		Denied:  byName(h.denied),

		VideoPairs:       h.pairs[pool.Video],
		Paired:           byName(h.paired),
		Slow:             h.slow,
		ReportsForgotten: h.ledger.forgotten,

		Stills:     byName(h.snapshots.counts),
		Passes:     byName(h.passes.counts),
		Challenges: byName(h.challenges),

		Addresses: h.addresses.known.Len(),
		Forgotten: h.addresses.known.Evicted(),

		Filter:   h.filterStatsLocked(),
		Cluster:  h.clusterStatsLocked(),
		Accounts: h.accountStatsLocked(),
	}
}

// byName copies counts.
func byName[K ~string](counts map[K]uint64) map[string]uint64 {
	named := make(map[string]uint64, len(counts))
	for what, n := range counts {
		named[string(what)] = n
	}
	return named
}

// expire pairs those whose time has come and returns the time until the next.
func (h *Hub) expire() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.opts.Now()
	for _, found := range h.pool.Expire(now) {
		h.pairLocked(found.A, found.B)
	}
	if at, ok := h.pool.Next(); ok {
		return max(at.Sub(now), 0)
	}
	return time.Hour
}

// iceLocked makes fresh credentials for s, which has a link.
func (h *Hub) iceLocked(s *session) ice {
	username, password, expires := h.opts.Relay.Admit(s.id, s.addr)
	now := h.opts.Now()
	s.iceExpires = now.Add(expires.Sub(now))
	servers := []iceServer{}
	if urls := h.iceURLsLocked(s); len(urls) > 0 { // browsers take no server without
		servers = append(servers, iceServer{urls, username, password})
	}
	return ice{
		Servers:         servers,
		TransportPolicy: "relay",
		Expires:         s.iceExpires.UTC(),
		MaxBitrate:      h.opts.MaxBitrate,
	}
}
