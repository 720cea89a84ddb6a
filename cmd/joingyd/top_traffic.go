package main

import (
	"slices"
	"strings"
)

// mostRates is how many looks the screen remembers: at one a second, a minute.
const mostRates = 60

// traffic is what the relay carried between looks.
type traffic struct {
	last  reading  // bytes since the daemon's start
	rates []uint64 // bytes a second, the newest last
}

// next is the traffic with one look more. Of the first, and after the daemon was
// started anew, what it says itself is all that is known.
func (t traffic) next(now reading, said uint64) traffic {
	rate := said
	if passed := now.at.Sub(t.last.at); !t.last.at.IsZero() && passed > 0 && now.n >= t.last.n {
		rate = uint64(float64(now.n-t.last.n) / passed.Seconds())
	}
	rates := append(slices.Clone(t.rates), rate)
	return traffic{now, rates[max(0, len(rates)-mostRates):]}
}

// rate is that of the last look.
func (t traffic) rate() uint64 {
	if len(t.rates) == 0 {
		return 0
	}
	return t.rates[len(t.rates)-1]
}

// spark draws the last values as columns, in at most so many characters. The
// highest fills its character.
func spark(values []uint64, width int) string {
	const columns = "▁▂▃▄▅▆▇█"
	levels := []rune(columns)
	values = values[max(0, len(values)-max(width, 0)):]
	if len(values) == 0 {
		return ""
	}
	highest := float64(max(1, slices.Max(values)))
	var drawn strings.Builder
	for _, v := range values {
		drawn.WriteRune(levels[int(float64(v)/highest*float64(len(levels)-1)+0.5)])
	}
	return drawn.String()
}
