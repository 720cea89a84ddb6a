package match

import "time"

// bucket is a token bucket: rate tokens a second, up to burst. The zero value is
// full at its first use.
type bucket struct {
	rate, burst float64
	tokens      float64
	at          time.Time
}

// take takes a token, if there is one.
func (b *bucket) take(now time.Time) bool {
	if b.at.IsZero() {
		b.tokens = b.burst
	} else {
		b.tokens = min(b.burst, b.tokens+now.Sub(b.at).Seconds()*b.rate)
	}
	b.at = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
