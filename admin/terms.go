package admin

import (
	"cmp"
	"net/netip"
	"time"
)

// Terms are how long bans last. They mean what Options says of them.
type Terms struct {
	DefaultFor time.Duration
	Steps      []time.Duration
	SharedFor  time.Duration
	Shared     []netip.Prefix
}

// Terms are those that hold.
func (s *Service) Terms() Terms { return *s.terms.Load() }

// SetTerms has other terms hold for the bans to come. The Service keeps the lists.
func (s *Service) SetTerms(t Terms) {
	t.DefaultFor = cmp.Or(t.DefaultFor, 24*time.Hour)
	t.SharedFor = cmp.Or(t.SharedFor, time.Hour)
	if len(t.Steps) == 0 {
		t.Steps = []time.Duration{time.Hour, 24 * time.Hour, 30 * 24 * time.Hour}
	}
	s.terms.Store(&t)
}
