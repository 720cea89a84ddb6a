package optimum

import (
	"fmt"
	"testing"
)

func BenchmarkMatching(b *testing.B) {
	for _, c := range []struct {
		n    int
		rate float64 // tickets a second
	}{{2000, 10}, {2000, 1000}, {10_000, 100}, {50_000, 35}} {
		edges := pairs(tickets(1, c.n, c.rate))
		b.Run(fmt.Sprintf("tickets=%d/edges=%d", c.n, len(edges)), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Matching(c.n, edges)
			}
		})
	}
}
