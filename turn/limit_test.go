package turn_test

import (
	"testing"

	"github.com/joingyd/joingyd/turn"
)

func TestMediaBitrate(t *testing.T) {
	for bandwidth, want := range map[int]int{0: 0, 1: 6, 125_000: 800_000, 1_000_000: 6_400_000} {
		if got := turn.MediaBitrate(bandwidth); got != want {
			t.Errorf("of %d bytes a second: %d bits a second, want %d", bandwidth, got, want)
		}
	}
	// Small packets of sound have the most on top: 12 bytes of RTP header and 80 of
	// Opus, 10 of tag; then RTCP, which takes a twentieth (RFC 3550 section 6.2).
	const limit, sound, tag = 100_000, 12 + 80, 10
	packets := turn.MediaBitrate(limit) / 8 / sound
	if sent := packets * (sound + tag) * 21 / 20; sent > limit {
		t.Errorf("%d bytes a second are sent where %d may be", sent, limit)
	}
}
