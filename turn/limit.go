package turn

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"
)

// bucket is a token bucket. It starts full. It is not safe for concurrent use.
type bucket struct {
	tokens float64
	at     time.Time
}

// take takes cost tokens of a bucket that gains rate tokens a second up to
// burst, if they are there.
func (b *bucket) take(now time.Time, cost, rate, burst float64) bool {
	if b.at.IsZero() {
		b.tokens = burst
	} else {
		b.tokens = min(burst, b.tokens+now.Sub(b.at).Seconds()*rate)
	}
	b.at = now
	if b.tokens < cost {
		return false
	}
	b.tokens -= cost
	return true
}

const (
	strangerSlots = 1 << 13
	strangerRate  = 5  // unauthenticated answers a second, for one source
	strangerBurst = 10 //
	knownRate     = 20 // the same for each session of a known source
	knownBurst    = 100
)

// answers bounds the answers to those who have not authenticated, by source
// address (IPv6: /64): past it the server is silent. Sources of live sessions
// have a budget of their own, which nobody who spoofs other sources can use up;
// the others share a table of constant size.
type answers struct {
	mu        sync.Mutex
	seed      maphash.Seed
	strangers [strangerSlots]bucket
	known     map[netip.Prefix]*knownSource
}

type knownSource struct {
	sessions int
	bucket   bucket
}

func newAnswers() *answers {
	return &answers{seed: maphash.MakeSeed(), known: make(map[netip.Prefix]*knownSource)}
}

// allow reports whether source may get one more answer.
func (a *answers) allow(now time.Time, source netip.Addr) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := sourceKey(source)
	if k := a.known[key]; k != nil {
		n := float64(k.sessions)
		return k.bucket.take(now, 1, knownRate*n, knownBurst*n)
	}
	slot := maphash.Comparable(a.seed, key) % strangerSlots
	return a.strangers[slot].take(now, 1, strangerRate, strangerBurst)
}

// meet gives source a budget for one more session; part takes it away.
func (a *answers) meet(source netip.Addr) {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := sourceKey(source)
	if a.known[key] == nil {
		a.known[key] = new(knownSource)
	}
	a.known[key].sessions++
}

func (a *answers) part(source netip.Addr) {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := sourceKey(source)
	if k := a.known[key]; k != nil {
		if k.sessions--; k.sessions == 0 {
			delete(a.known, key)
		}
	}
}

// sourceKey is what counts as one source: an IPv4 address or an IPv6 /64.
func sourceKey(addr netip.Addr) netip.Prefix {
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	prefix, _ := addr.Prefix(bits)
	return prefix
}

// MediaBitrate returns how many bits a second of sound and picture, as WebRTC counts
// them (the TIAS of RFC 3890: from the RTP header up), an allocation carries that may
// send so many bytes a second; 0 for 0, which is no limit. A fifth is left for what
// comes on top: the tags of SRTP, RTCP, what is sent again, and the checks of ICE.
func MediaBitrate(bandwidthPerAllocation int) int {
	return bandwidthPerAllocation * 8 * 8 / 10
}

// withinBandwidth reports whether the relay may send size bytes now.
func (s *Server) withinBandwidth(r *relay, at time.Duration, size int) bool {
	now := s.started.Add(at)
	if rate := float64(s.opts.BandwidthPerAllocation); rate > 0 && !r.allowance.take(now, float64(size), rate, rate) {
		return false
	}
	rate := float64(s.opts.Bandwidth)
	if rate == 0 {
		return true
	}
	s.total.mu.Lock()
	defer s.total.mu.Unlock()
	return s.total.bucket.take(now, float64(size), rate, rate)
}
