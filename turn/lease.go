package turn

import (
	"time"

	"github.com/joingyd/joingyd/ident"
)

// A lease is how long the pairs of one holder last without a word from it: whoever joins
// pairs from elsewhere may be gone and never part them. All pairs of a holder have one
// timer. When it has run out nothing passes under them any more. They are suspended, not
// parted: if the holder was only cut off, and renews, they go on with what was granted
// under them, and no client notices but for the pause.
type lease struct {
	server *Server
	holder string
	timer  *time.Timer

	// Guarded by Server.mu:
	until  time.Duration // Server.instant at which it lapses
	lapsed bool
	pairs  map[*pair]struct{}
}

// JoinHeld is Join for a pair that lasts for so long after the last Renew of its holder.
// The first pair of a holder is as good as a Renew; one under a lapsed lease is suspended
// at once.
func (s *Server) JoinHeld(holder string, lasts time.Duration, id ident.Pair, a, b ident.Session) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.joinLocked(id, a, b)
	if err != nil {
		return err
	}
	l := s.leases[holder]
	if l == nil {
		l = &lease{server: s, holder: holder, until: s.instant() + lasts, pairs: make(map[*pair]struct{})}
		l.timer = time.AfterFunc(lasts, l.expire)
		s.leases[holder] = l
	}
	p.lease = l
	l.pairs[p] = struct{}{}
	if l.lapsed {
		s.suspendLocked(p)
	}
	return nil
}

// Renew makes the pairs of a holder last for so long from now on. Those that were
// suspended go on. A holder without pairs has nothing to renew.
func (s *Server) Renew(holder string, lasts time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.leases[holder]
	if l == nil {
		return
	}
	l.until = s.instant() + lasts
	l.timer.Reset(lasts)
	if !l.lapsed {
		return
	}
	l.lapsed = false
	for p := range l.pairs {
		p.setLocked(pairLive)
		for _, side := range [2]*session{p.a, p.b} {
			for r := range side.relays {
				r.grants.forgetRoutes() // so that what may be offloaded is again
			}
		}
	}
}

// expire suspends the pairs of a lease that was not renewed.
func (l *lease) expire() {
	l.server.mu.Lock()
	defer l.server.mu.Unlock()
	if l.lapsed || l.until > l.server.instant() { // else it was, just now
		return
	}
	l.lapsed = true
	for p := range l.pairs {
		l.server.suspendLocked(p)
	}
}

func (s *Server) suspendLocked(p *pair) {
	p.setLocked(pairSuspended)
	s.takeBackLocked(p, func(*offloaded) bool { return true })
}

// leaveLeaseLocked is for a pair that ends.
func (s *Server) leaveLeaseLocked(p *pair) {
	l := p.lease
	if l == nil {
		return
	}
	p.lease = nil
	delete(l.pairs, p)
	if len(l.pairs) == 0 {
		l.timer.Stop()
		delete(s.leases, l.holder)
	}
}

// suspendedLocked returns how many pairs are suspended.
func (s *Server) suspendedLocked() (n int) {
	for _, l := range s.leases {
		if l.lapsed {
			n += len(l.pairs)
		}
	}
	return n
}
