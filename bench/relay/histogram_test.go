package main

import (
	"math"
	"testing"
)

func TestHistogramBuckets(t *testing.T) {
	last := -1
	for _, v := range []uint64{0, 1, 31, 32, 63, 64, 65, 66, 127, 128, 1000, 1 << 20, 1<<20 + 1<<15, 1 << 40, math.MaxUint64} {
		b := bucketOf(v)
		if b < last || b >= buckets {
			t.Errorf("bucketOf(%d) = %d after %d of %d", v, b, last, buckets)
		}
		last = b
		if end := bucketEnd(b); end < v || float64(end-v) > float64(v)/32 {
			t.Errorf("%d is in bucket %d, which ends at %d", v, b, end)
		}
	}
	for b := range buckets {
		if got := bucketOf(bucketEnd(b)); got != b {
			t.Fatalf("bucketOf(bucketEnd(%d)) = %d", b, got)
		}
	}
}

func TestHistogramQuantile(t *testing.T) {
	h := new(histogram)
	if got := h.quantile(0.5); got != 0 {
		t.Errorf("quantile of nothing = %d", got)
	}
	h.add(-5)
	if got := h.quantile(1); got != 0 {
		t.Errorf("a negative duration counts as %d", got)
	}
	h.reset()
	for v := range int64(100_000) {
		h.add(v)
	}
	for q, want := range map[float64]float64{0: 0, 0.5: 50_000, 0.99: 99_000, 0.999: 99_900, 1: 99_999} {
		if got := float64(h.quantile(q)); got < want-1 || got > want*33/32+1 {
			t.Errorf("quantile(%v) = %v, want %v", q, got, want)
		}
	}
	if n := testing.AllocsPerRun(100, func() { h.add(12345) }); n != 0 {
		t.Errorf("add allocates %v times", n)
	}
}
