package main

import (
	"testing"
	"time"
)

func TestSlope(t *testing.T) {
	for _, test := range []struct {
		name string
		x, y []float64
		want float64
	}{
		{"a line", []float64{0, 5000, 10000}, []float64{7, 10007, 20007}, 2},
		{"around a line", []float64{0, 1, 2, 3}, []float64{1, 0, 3, 2}, 0.6},
		{"one point", []float64{4}, []float64{9}, 0},
		{"one place", []float64{4, 4}, []float64{9, 8}, 0},
	} {
		if got := slope(test.x, test.y); got != test.want {
			t.Errorf("%s: slope = %v, want %v", test.name, got, test.want)
		}
	}
}

func TestQuantile(t *testing.T) {
	var samples []time.Duration
	for i := range 100 {
		samples = append(samples, time.Duration(99-i))
	}
	for q, want := range map[float64]time.Duration{0: 0, 0.5: 50, 0.99: 99, 1: 99} {
		if got := quantile(samples, q); got != want {
			t.Errorf("quantile(%v) = %v, want %v", q, got, want)
		}
	}
	if got := quantile(nil, 0.5); got != 0 {
		t.Errorf("quantile of none = %v", got)
	}
}
