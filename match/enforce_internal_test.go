package match

import (
	"crypto/sha256"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ident"
)

// crowdedRelay knows one address of each session, as a relay does that has an
// allocation of it.
type crowdedRelay struct {
	anyRelay
	mu      sync.RWMutex
	clients map[ident.Session][]netip.Addr
}

func (r *crowdedRelay) ClientAddrs(id ident.Session) []netip.Addr {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.clients[id]
}

// hashed bans nobody, at the cost of a look-up in a ban store: a keyed hash.
func hashed(addr netip.Addr, _ Use) (Ban, bool) {
	raw := addr.As16()
	var keyed [64]byte
	copy(keyed[48:], raw[:])
	sum := sha256.Sum256(keyed[:])
	return Ban{}, sum == [32]byte{}
}

func visitorAddr(n int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
}

// crowd returns a hub with n sessions, each at an address of its own and at another
// one of the relay's.
func crowd(n int) *Hub {
	relay := &crowdedRelay{clients: make(map[ident.Session][]netip.Addr)}
	h := New(Options{Relay: relay, ICEURLs: func(string) []string { return nil }, Banned: hashed})
	for i := range n {
		s := newSession(visitorAddr(i), nil)
		h.sessions[s.id] = s
		relay.clients[s.id] = []netip.Addr{visitorAddr(1<<20 + i)}
	}
	return h
}

// lockWait has somebody take the hub's lock again and again, and returns how long
// that took at the longest.
func lockWait(h *Hub, during func()) (longest time.Duration) {
	var over atomic.Bool
	var waiter sync.WaitGroup
	waiter.Go(func() {
		for !over.Load() {
			began := time.Now()
			h.mu.Lock()
			waited := time.Since(began)
			h.mu.Unlock()
			longest = max(longest, waited)
			time.Sleep(100 * time.Microsecond)
		}
	})
	during()
	over.Store(true)
	waiter.Wait()
	return longest
}

// reportWaits reports the median: now and then the system stops whoever has the lock.
func reportWaits(b *testing.B, waits []time.Duration) {
	slices.Sort(waits)
	b.ReportMetric(float64(waits[len(waits)/2].Microseconds())/1000, "ms-longest-wait")
}

// BenchmarkEnforceBans tells how long a ban takes among 100,000 sessions, and how
// long others wait for the lock meanwhile.
func BenchmarkEnforceBans(b *testing.B) {
	one := visitorAddr(17)
	for name, concerns := range map[string]func(netip.Addr) bool{
		"all": nil,
		"one": func(addr netip.Addr) bool { return addr == one },
	} {
		b.Run(name, func(b *testing.B) {
			h := crowd(100_000)
			var waits []time.Duration
			for b.Loop() {
				waits = append(waits, lockWait(h, func() { h.EnforceBans(concerns) }))
			}
			reportWaits(b, waits)
		})
	}
}

// BenchmarkEnforceBansOnAll ends all of 100,000 sessions.
func BenchmarkEnforceBansOnAll(b *testing.B) {
	var waits []time.Duration
	for b.Loop() {
		b.StopTimer()
		h := crowd(100_000)
		h.opts.Banned = func(netip.Addr, Use) (Ban, bool) { return Ban{Reason: "spam"}, true }
		b.StartTimer()
		waits = append(waits, lockWait(h, func() {
			if ended := h.EnforceBans(nil); ended != 100_000 {
				b.Fatalf("%d ended", ended)
			}
		}))
	}
	reportWaits(b, waits)
}
