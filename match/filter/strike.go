package filter

import (
	"net/netip"
	"sync"
	"time"

	"github.com/joingyd/joingyd/recent"
)

// StrikeLife is how long a strike counts.
const StrikeLife = time.Hour

const maxSources = 1 << 17 // about 30 MB when full

// source is what an address did lately.
type source struct {
	strikes    []time.Time // the youngest last
	mutedUntil time.Time
	touched    time.Time
}

// strikes counts each address's spam, and says what follows. It is bounded: who
// did something least recently is forgotten first.
type strikes struct {
	muteAfter, banAfter int // strikes; 0: never
	muteFor             time.Duration
	*struck
}

// struck are the addresses that have strikes.
type struck struct {
	mu      sync.Mutex // guards what follows
	sources *recent.Map[netip.Prefix, source]
}

func newStrikes(muteAfter, banAfter int, muteFor time.Duration) *strikes {
	return &strikes{muteAfter, banAfter, muteFor, &struck{sources: recent.New[netip.Prefix, source](maxSources)}}
}

// muted returns until when the address is muted; zero if it is not.
func (s *strikes) muted(addr netip.Prefix, now time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if src := s.sources.Get(addr); src != nil && now.Before(src.mutedUntil) {
		return src.mutedUntil
	}
	return time.Time{}
}

// strike notes one more strike of an address. It returns until when it is muted
// for that, zero if it is not, and whether it shall be banned.
func (s *strikes) strike(addr netip.Prefix, now time.Time) (mutedUntil time.Time, ban bool) {
	if s.muteAfter == 0 && s.banAfter == 0 {
		return time.Time{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	src, _ := s.sources.Use(addr)
	src.touched = now
	src.strikes = append(unexpired(src.strikes, now), now)
	n := len(src.strikes)
	if s.muteAfter > 0 && n%s.muteAfter == 0 {
		src.mutedUntil = now.Add(s.muteFor)
		mutedUntil = src.mutedUntil
	}
	if s.banAfter > 0 && n >= s.banAfter {
		src.strikes, ban = nil, true
	}
	if most := mostStrikes(s.muteAfter, s.banAfter); len(src.strikes) >= most {
		src.strikes = append(src.strikes[:0], src.strikes[most/2:]...) // without bans: by whole rounds
	}
	return mutedUntil, ban
}

// mostStrikes is how many strikes of an address matter: two rounds.
func mostStrikes(muteAfter, banAfter int) int { return 2 * max(muteAfter, banAfter) }

// learn is Filter.Learn.
func (s *strikes) learn(addr netip.Prefix, ago []time.Duration, beside int, now time.Time) {
	if len(ago) >= mostStrikes(s.muteAfter, s.banAfter) {
		return // of so many it is not known how many there were before: those here go on in their rounds
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	src, _ := s.sources.Use(addr)
	src.touched = now
	had := unexpired(src.strikes, now)
	list := make([]time.Time, 0, len(ago)+beside)
	for _, d := range ago {
		list = append(list, now.Add(-d))
	}
	list = append(list, had[len(had)-min(beside, len(had)):]...)
	if len(list) <= len(had) {
		return // a strike of here is not told yet, or was lost
	}
	for i := len(had); s.muteAfter > 0 && i < len(list); i++ {
		if until := list[i].Add(s.muteFor); (i+1)%s.muteAfter == 0 && until.After(src.mutedUntil) {
			src.mutedUntil = until
		}
	}
	src.strikes = list
}

func unexpired(times []time.Time, now time.Time) []time.Time {
	for len(times) > 0 && now.Sub(times[0]) >= StrikeLife {
		times = times[1:]
	}
	return times
}

// forget forgets the addresses that did nothing for longer than strikes and mutes
// last.
func (s *strikes) forget(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sources.Forget(s.sources.Len(), func(src *source) bool { return now.Sub(src.touched) >= max(StrikeLife, s.muteFor) })
}
