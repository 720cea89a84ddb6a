package match

import (
	"context"
	"net/netip"
	"testing"
)

// yes has nobody do anything at other hubs.
type yes struct{}

func (yes) Ready() bool { return true }

func (yes) Settle(_ context.Context, tallies []Tally) []Standing {
	standings := make([]Standing, len(tallies))
	for i, t := range tallies {
		standings[i] = Standing{Known: true, Missing: make([]float64, len(t.Buckets))}
	}
	return standings
}

// BenchmarkVisitCounted is what a visit costs a hub that asks others before and tells them after, but
// for what that takes elsewhere.
func BenchmarkVisitCounted(b *testing.B) {
	h := New(Options{Accounts: yes{}, SessionsPerAddress: 32})
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		s := newSession(netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), nil)
		h.mu.Lock()
		answer := h.wantLocked(ofAddress(s.key))
		h.mu.Unlock()
		h.settleSome(b.Context())
		<-answer
		h.mu.Lock()
		if wait := h.admitSessionLocked(s); wait > 0 {
			b.Fatal(wait)
		}
		h.wantedLocked(ofAddress(s.key))
		h.uncountSessionLocked(s)
		h.mu.Unlock()
		h.turnAccounts()
		h.settleSome(b.Context())
	}
	if n := len(h.accounts.known); n != 0 {
		b.Errorf("%d accounts are left", n)
	}
}

// BenchmarkVisitAlone is the same for a hub that is alone.
func BenchmarkVisitAlone(b *testing.B) {
	h := New(Options{SessionsPerAddress: 32})
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		s := newSession(netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), nil)
		h.mu.Lock()
		if wait := h.admitSessionLocked(s); wait > 0 {
			b.Fatal(wait)
		}
		h.uncountSessionLocked(s)
		h.mu.Unlock()
	}
}
