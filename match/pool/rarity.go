package pool

import (
	"math"
	"time"
)

// entry is an interest that somebody in the pool has.
type entry struct {
	id      interestID
	folded  string
	tickets int     // that have it
	share   float64 // of arrivals that name it, an estimate
	idf     float64 // its inverse document frequency: −ln of the share, in nats
}

const (
	sketchRows  = 4
	sketchWidth = 1 << 13
	sketchAge   = 1 << 16 // arrivals, after which every count is halved

	// unseen is how many arrivals the estimates start with, none of which named
	// anything: the first visitors' interests are not all common.
	unseen = 50
)

// rarity estimates how many arrivals of late named an interest: a count–min sketch
// (Cormode and Muthukrishnan, 2005) with ageing. It holds no interest, only counts, so
// that nothing of a visitor is left behind.
type rarity struct {
	seed   uint64
	counts [sketchRows][sketchWidth]float32
	total  float64 // arrivals
}

// arrive brings the estimates of the interests up to date, and counts an arrival that
// names them.
func (r *rarity) arrive(entries []*entry) {
	if r.total >= sketchAge {
		r.total /= 2
		for row := range r.counts {
			for i := range r.counts[row] {
				r.counts[row][i] /= 2
			}
		}
	}
	r.estimate(entries)
	r.total++
	for _, e := range entries {
		for row, i := range r.cells(e.folded) {
			r.counts[row][i]++
		}
	}
}

// estimate brings the estimates up to date.
func (r *rarity) estimate(entries []*entry) {
	arrivals := r.total + unseen
	for _, e := range entries {
		named := math.Inf(1)
		for row, i := range r.cells(e.folded) {
			named = min(named, float64(r.counts[row][i]))
		}
		e.share = max(named, 0.5) / arrivals // half a time if nobody did
		e.idf = math.Log((arrivals + 1) / (named + 1))
	}
}

// cells returns where the interest is counted in each row (FNV-1a, then Kirsch and
// Mitzenmacher's double hashing).
func (r *rarity) cells(folded string) (cells [sketchRows]uint32) {
	hash := 0xcbf29ce484222325 ^ r.seed
	for i := range len(folded) {
		hash = (hash ^ uint64(folded[i])) * 0x100000001b3
	}
	hash ^= hash >> 32
	hash *= 0x9e3779b97f4a7c15
	one, two := uint32(hash), uint32(hash>>32)|1
	for row := range cells {
		cells[row] = (one + uint32(row)*two) % sketchWidth
	}
	return cells
}

const (
	// rateWindow is how far a rate looks back.
	rateWindow = time.Minute
	// rateLeast is the least time that an estimate rests on: two who come together are
	// no crowd.
	rateLeast = 10 * time.Second
)

// rate estimates arrivals a second, exponentially weighted.
type rate struct {
	started, last time.Duration
	weight        float64
}

// arrive counts an arrival.
func (r *rate) arrive(now time.Duration) {
	if r.weight == 0 {
		r.started = now
	}
	r.weight = r.decayed(now) + 1
	r.last = now
}

func (r *rate) decayed(now time.Duration) float64 {
	return r.weight * math.Exp(-float64(now-r.last)/float64(rateWindow))
}

// perSecond returns the estimate. What came before the first arrival is unknown, not
// zero.
func (r *rate) perSecond(now time.Duration) float64 {
	if r.weight == 0 {
		return 0
	}
	seen := float64(max(now-r.started, rateLeast)) / float64(rateWindow)
	return r.decayed(now) / (rateWindow.Seconds() * (1 - math.Exp(-seen)))
}
