package main

import (
	"slices"
	"time"
)

// slope is the b of y ≈ a + b·x with the least squares; 0 if all x are equal.
func slope(x, y []float64) float64 {
	meanX, meanY := mean(x), mean(y)
	var xy, xx float64
	for i := range x {
		xy += (x[i] - meanX) * (y[i] - meanY)
		xx += (x[i] - meanX) * (x[i] - meanX)
	}
	if xx == 0 {
		return 0
	}
	return xy / xx
}

func mean(values []float64) (sum float64) {
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// quantile returns the smallest duration that the share q of all does not
// exceed, 0 if there are none.
func quantile(samples []time.Duration, q float64) time.Duration {
	if len(samples) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(samples))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}
