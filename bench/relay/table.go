package main

import (
	"cmp"
	"fmt"
	"slices"
)

// median returns the middle value, of two the lower; the zero value of none.
func median[T cmp.Ordered](values []T) (middle T) {
	if len(values) == 0 {
		return middle
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)/2]
}

// medianOf is the median of one figure of many results.
func medianOf[R any, T cmp.Ordered](results []R, figure func(R) T) T {
	values := make([]T, len(results))
	for i, r := range results {
		values[i] = figure(r)
	}
	return median(values)
}

// thousands prints 20000 as 20k, and what is no round number in full.
func thousands(n int) string {
	if n >= 1000 && n%1000 == 0 {
		return fmt.Sprintf("%dk", n/1000)
	}
	return fmt.Sprint(n)
}

// micro prints nanoseconds as microseconds.
func micro(ns float64) string {
	switch us := ns / 1000; {
	case us >= 100:
		return fmt.Sprintf("%.0f", us)
	case us >= 10:
		return fmt.Sprintf("%.1f", us)
	default:
		return fmt.Sprintf("%.2f", us)
	}
}

// percent prints a share.
func percent(share float64) string {
	if share > 0 && share < 0.0001 {
		return "<0.01"
	}
	return fmt.Sprintf("%.2f", 100*share)
}
