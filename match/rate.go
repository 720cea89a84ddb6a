package match

import "time"

// bucket is a token bucket: rate tokens a second, up to burst. It starts full.
type bucket struct {
	rate, burst float32
	spent       float32       // tokens that are missing
	at          time.Duration // when they were counted, since bucketEpoch
}

// bucketEpoch is where buckets count from: an offset takes a third of a time.Time.
var bucketEpoch = time.Now()

// take takes a token, if there is one.
func (b *bucket) take(now time.Time) bool {
	at := now.Sub(bucketEpoch)
	if b.spent > 0 {
		b.spent = max(0, b.spent-float32((at-b.at).Seconds())*b.rate)
	}
	b.at = at
	if b.spent+1 > b.burst {
		return false
	}
	b.spent++
	return true
}

// missing returns the tokens that are missing by now.
func (b *bucket) missing(now time.Time) float32 {
	if b.spent == 0 {
		return 0
	}
	return max(0, b.spent-float32((now.Sub(bucketEpoch)-b.at).Seconds())*b.rate)
}

// miss takes so many tokens from a bucket that is new.
func (b *bucket) miss(tokens float32, now time.Time) {
	b.spent, b.at = min(max(0, tokens), b.burst), now.Sub(bucketEpoch)
}
