package bans

import (
	"context"
	"net/netip"
	"slices"
	"sync"
)

// mostStrict is how many batches are looked for together; of more, every session is
// looked at.
const mostStrict = 32

// strict is where what was applied keeps more out than before.
type strict struct {
	some chan struct{} // has room for one: there is something

	mu  sync.Mutex
	all []func(netip.Addr) bool // guarded by mu; mostStrict and one more: everywhere
}

func (s *strict) add(concerns func(netip.Addr) bool) {
	s.mu.Lock()
	if len(s.all) <= mostStrict {
		s.all = append(s.all, concerns)
	}
	s.mu.Unlock()
	nudge(s.some)
}

// take returns what picks the addresses that are concerned; nil: all.
func (s *strict) take() (concerns func(netip.Addr) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.all
	if s.all = nil; len(all) > mostStrict {
		return nil
	}
	return func(addr netip.Addr) bool {
		return slices.ContainsFunc(all, func(one func(netip.Addr) bool) bool { return one(addr) })
	}
}

// enforce ends the sessions of who is banned by what was applied. What comes while the
// sessions are looked at waits for the next look.
func (f *Feed) enforce(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.strict.some:
		}
		if f.opts.Enforce != nil {
			f.counts.ended.Add(uint64(f.opts.Enforce(f.strict.take())))
		}
	}
}
