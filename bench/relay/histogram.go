package main

import "math/bits"

// Histogram buckets are linear up to 64 and then 32 a doubling, so that a
// quantile is off by 1/32 at most.
const (
	subBits = 5
	buckets = (64 - subBits + 1) << subBits
)

// histogram counts durations in nanoseconds. Its zero value is empty; adding
// allocates nothing.
type histogram struct {
	counts [buckets]uint64
	total  uint64
}

func bucketOf(v uint64) int {
	shift := max(bits.Len64(v)-subBits-1, 0)
	return shift<<subBits + int(v>>shift)
}

// bucketEnd is the largest value in a bucket.
func bucketEnd(bucket int) uint64 {
	if bucket < 2<<subBits {
		return uint64(bucket)
	}
	shift := bucket>>subBits - 1
	return uint64(bucket-shift<<subBits+1)<<shift - 1
}

// add counts one duration; a negative one counts as 0.
func (h *histogram) add(ns int64) {
	h.counts[bucketOf(uint64(max(ns, 0)))]++
	h.total++
}

// quantile returns the duration that the share q of all does not exceed, 0 if
// there are none.
func (h *histogram) quantile(q float64) int64 {
	if h.total == 0 {
		return 0
	}
	rank := uint64(q * float64(h.total-1))
	for bucket, n := range h.counts {
		if rank < n {
			return int64(bucketEnd(bucket))
		}
		rank -= n
	}
	return int64(bucketEnd(buckets - 1))
}

func (h *histogram) reset() { *h = histogram{} }
