package turn

import (
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"sync/atomic"

	"github.com/joingyd/joingyd/ident"
)

// Refusals of Join.
var (
	ErrUnknownSession = errors.New("turn: no such session")
	ErrPaired         = errors.New("turn: session is in another pair")
)

// session is what the relay knows of a visitor.
type session struct {
	id      ident.Session        // zero for an account without one
	user    string               // random or sealed, in the TURN username; an account's whole username
	pair    atomic.Pointer[pair] // nil while alone; read on every packet
	self    *pair                // under which its own allocations talk; never changed
	relays  map[*relay]struct{}  // live allocations; guarded by Server.mu
	clients []netip.Addr         // that they are and were made from: see cameFrom; guarded by Server.mu
	sources []netip.Addr         // with an answer budget for it; guarded by Server.mu

	provisional bool // nobody has admitted it yet; guarded by Server.mu
}

// holds reports whether one of the session's allocations has this address.
// Server.mu is held.
func (s *session) holds(addr netip.Addr) bool {
	for r := range s.relays {
		if r.addr.Addr() == addr {
			return true
		}
	}
	return false
}

// maxClients is how many client addresses are remembered of one session.
const maxClients = 16

// cameFrom remembers where an allocation was made from: of what counts as one source
// the newest address; of all sources the first ones, and the newest. The list is
// replaced, never changed: it was given out. It reports whether the address is a new one.
// Server.mu is held.
func (s *session) cameFrom(addr netip.Addr) bool {
	if slices.Contains(s.clients, addr) {
		return false
	}
	key := sourceKey(addr)
	clients := slices.DeleteFunc(slices.Clone(s.clients), func(a netip.Addr) bool { return sourceKey(a) == key })
	s.clients = append(clients[:min(len(clients), maxClients-1)], addr)
	return true
}

// pair is one chat. Its pointer is its identity: two sessions that meet again
// get another, so what was granted under the old one does not match.
type pair struct {
	id    ident.Pair
	a, b  *session
	state atomic.Int32 // a pairState: set under Server.mu; read on every packet
	lease *lease       // that it lasts by; nil: until it is parted. Guarded by Server.mu
	flows []*offloaded // guarded by Server.mu

	// carried is what a, b sent under the pair: the allocations that were closed, less what
	// those that live had sent before. Guarded by Server.mu.
	carried [2]uint64 // bytes, modulo 2^64
}

// pairState is how it stands with a pair.
type pairState int32

const (
	pairLive      pairState = iota
	pairSuspended           // its lease has lapsed: nothing passes, but what was granted under it is kept
	pairOver
)

// passes reports whether packets may pass under the pair.
func (p *pair) passes() bool { return pairState(p.state.Load()) == pairLive }

// over reports whether the pair has ended for good, and with it what was granted under it.
func (p *pair) over() bool { return pairState(p.state.Load()) == pairOver }

func (p *pair) setLocked(state pairState) { p.state.Store(int32(state)) }

// mediaBytes is more than what sets up a call (ICE, DTLS) comes to: a side that sent as much
// under a pair sent sound or picture, a second of it or a few.
const mediaBytes = 16 << 10

// side returns 0 for a and 1 for b.
func (p *pair) side(s *session) int {
	if p.a == s {
		return 0
	}
	return 1
}

// sent returns what the live allocations of a session have sent, in bytes.
func (s *session) sent() (bytes uint64) {
	for r := range s.relays {
		bytes += r.sent.bytes.Load()
	}
	return bytes
}

// other returns the partner of s.
func (p *pair) other(s *session) *session {
	if p.a == s {
		return p.b
	}
	return p.a
}

// maxSources is how many addresses of one session get an answer budget.
const maxSources = 8

// Admit makes the session known, if it is not, and returns fresh credentials
// for it. Credentials given before stay valid until they expire. The relay
// answers source, where the visitor is expected from, even while it is silent to
// strangers.
func (s *Server) Admit(id ident.Session, source netip.Addr) Credentials {
	s.mu.Lock()
	defer s.mu.Unlock()
	admitted := s.sessions[id]
	if admitted == nil {
		admitted = s.newSessionLocked(id)
	}
	admitted.provisional = false
	s.shared.admitLocked(id)
	if source.IsValid() && !slices.Contains(admitted.sources, source) && len(admitted.sources) < maxSources {
		admitted.sources = append(admitted.sources, source)
		s.answers.meet(source)
	}
	expires := s.now().Add(s.opts.CredentialLifetime)
	username := strconv.FormatInt(expires.Unix(), 10) + ":" + admitted.user
	return Credentials{username, password(s.secrets[0].Secret[:], username), expires}
}

func (s *Server) newSessionLocked(id ident.Session) *session {
	added := &session{id: id, user: s.userOf(id), relays: make(map[*relay]struct{})}
	added.self = &pair{a: added, b: added}
	s.sessions[id] = added
	s.users[added.user] = added
	return added
}

// userOf is the user part of the session's usernames.
func (s *Server) userOf(id ident.Session) string {
	if s.shared != nil {
		return s.shared.seal(id)
	}
	return ident.NewSession().String()
}

// Dismiss forgets the session: its allocations are closed, its credentials are
// worthless and its pair is parted when Dismiss returns. Dismissing a session
// that is not known does nothing.
func (s *Server) Dismiss(id ident.Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if dismissed := s.sessions[id]; dismissed != nil {
		s.dismissLocked(dismissed)
	}
}

func (s *Server) dismissLocked(dismissed *session) {
	delete(s.sessions, dismissed.id)
	delete(s.users, dismissed.user)
	if p := dismissed.pair.Load(); p != nil {
		s.partLocked(p)
	}
	for _, source := range dismissed.sources {
		s.answers.part(source)
	}
	dismissed.self.setLocked(pairOver)
	s.shared.dismissLocked(dismissed.id)
	s.closeRelaysLocked(dismissed)
}

// CloseAllocations closes every allocation of the session before it returns. The
// session stays known, and its credentials good. Where there is no such session it
// does nothing.
func (s *Server) CloseAllocations(id ident.Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.sessions[id]; known != nil {
		s.closeRelaysLocked(known)
	}
}

func (s *Server) closeRelaysLocked(of *session) {
	for r := range of.relays {
		s.closeRelayLocked(r)
	}
}

// Join lets the allocations of a and b talk to each other, and to nobody else,
// until Part. It must come before either side is told of the pair.
func (s *Server) Join(id ident.Pair, a, b ident.Session) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.joinLocked(id, a, b)
	return err
}

func (s *Server) joinLocked(id ident.Pair, a, b ident.Session) (*pair, error) {
	one, two := s.sessions[a], s.sessions[b]
	if one == nil || two == nil || one == two {
		return nil, ErrUnknownSession
	}
	if one.pair.Load() != nil || two.pair.Load() != nil {
		return nil, ErrPaired
	}
	p := &pair{id: id, a: one, b: two, carried: [2]uint64{-one.sent(), -two.sent()}}
	s.pairs[id] = p
	one.pair.Store(p)
	two.pair.Store(p)
	return p, nil
}

// Part ends the pair, and reports whether media went both ways under it: that each of the
// two had sent more than it takes to set up a call. Parting a pair that has ended does
// nothing.
func (s *Server) Part(id ident.Pair) (connected bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pairs[id]
	if p == nil {
		return false
	}
	s.partLocked(p)
	return p.carried[0]+p.a.sent() >= mediaBytes && p.carried[1]+p.b.sent() >= mediaBytes
}

func (s *Server) partLocked(p *pair) {
	p.setLocked(pairOver)
	s.leaveLeaseLocked(p)
	s.takeBackLocked(p, func(*offloaded) bool { return true })
	delete(s.pairs, p.id)
	p.a.pair.Store(nil)
	p.b.pair.Store(nil)
}

// Owns reports whether addr is the relayed transport address of a live
// allocation of the session.
func (s *Server) Owns(id ident.Session, addr netip.AddrPort) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	owner := s.sessions[id]
	r := s.relays[addr]
	return owner != nil && r != nil && r.owner.Load() == owner
}

// Held returns the relayed transport addresses of the session's live allocations, in
// order.
func (s *Server) Held(id ident.Session) (relayed []netip.AddrPort) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if known := s.sessions[id]; known != nil {
		for r := range known.relays {
			relayed = append(relayed, r.addr)
		}
	}
	slices.SortFunc(relayed, netip.AddrPort.Compare)
	return relayed
}

// ClientAddrs returns the addresses, without ports and each once, that the session's
// allocations are and were made from: of an IPv4 address and an IPv6 /64 the newest,
// of more than 16 the first ones and the newest. The list must not be changed.
func (s *Server) ClientAddrs(id ident.Session) []netip.Addr {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if known := s.sessions[id]; known != nil {
		return slices.Clip(known.clients)
	}
	return nil
}
