package web

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"github.com/joingyd/joingyd/recent"
)

// pace bounds how often a household network (IPv4: an address; IPv6: its /64) does
// something: a token bucket each, of the networks that did it last. It holds no address,
// but a hash under a seed of this process.
type pace struct {
	every time.Duration // one token
	burst float64       // tokens at most
	seed  maphash.Seed

	mu    sync.Mutex // guards known
	known *recent.Map[uint64, bucket]
}

type bucket struct {
	tokens float64
	at     time.Time // when that was true
}

// paceNetworks is how many networks are remembered: 100 bytes each. Past them the one
// that was quiet for longest is forgotten.
const paceNetworks = 20_000

func newPace(every time.Duration, burst float64) *pace {
	return &pace{every: every, burst: burst, seed: maphash.MakeSeed(), known: recent.New[uint64, bucket](paceNetworks)}
}

// take takes a token. Where there is none, it returns how long until there is.
func (p *pace) take(addr netip.Addr) (wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.known.Forget(100, func(b *bucket) bool { return p.tokens(b, now) >= p.burst })
	b, fresh := p.known.Use(p.key(addr))
	if fresh {
		b.tokens, b.at = p.burst, now
	}
	b.tokens, b.at = p.tokens(b, now), now
	if missing := 1 - b.tokens; missing > 0 {
		return max(1, time.Duration(missing*float64(p.every)))
	}
	b.tokens--
	return 0
}

// untake gives a token back: nothing came of it.
func (p *pace) untake(addr netip.Addr) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if b := p.known.Get(p.key(addr)); b != nil {
		b.tokens = min(p.burst, b.tokens+1)
	}
}

func (p *pace) tokens(b *bucket, now time.Time) float64 {
	return min(p.burst, b.tokens+max(0, float64(now.Sub(b.at))/float64(p.every)))
}

func (p *pace) key(addr netip.Addr) uint64 {
	addr = addr.Unmap().WithZone("")
	if addr.Is6() {
		prefix, _ := addr.Prefix(64) // of an IPv6 address there always is one
		addr = prefix.Addr()
	}
	return maphash.Comparable(p.seed, addr)
}
