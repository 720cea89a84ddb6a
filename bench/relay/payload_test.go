package main

import "testing"

func TestChannelDataRoundTrip(t *testing.T) {
	b := make([]byte, 1500)
	want := stamp{at: 1 << 50, sequence: 7, sender: 3999, run: 12}
	n := putChannelData(b, 0x4fff, 1000, want)
	if n != 1004 {
		t.Fatalf("length %d, want 1004", n)
	}
	channel, got, ok := parseChannelData(b[:n])
	if !ok || channel != 0x4fff || got != want {
		t.Errorf("parseChannelData = %#x, %+v, %v", channel, got, ok)
	}
	for _, cut := range []int{0, 3, 23, 1003} {
		if _, _, ok := parseChannelData(b[:cut]); ok {
			t.Errorf("%d of %d bytes are whole", cut, n)
		}
	}
	b[0] = 0
	if _, _, ok := parseChannelData(b[:n]); ok {
		t.Error("a STUN message is ChannelData")
	}
}
