package main

import "testing"

func TestPacerRateAndSpacing(t *testing.T) {
	for _, test := range []struct {
		rate  int64
		group int
	}{{20_000, 1}, {150_000, 1}, {150_000, 10}, {7, 1}, {1_000_000, 10}} {
		p := newPacer(1000, test.rate, test.group)
		sent, biggest := 0, 0
		for now := int64(1000); now <= 1000+second; now += 1000 {
			n := p.due(now, 64)
			if n%test.group != 0 {
				t.Fatalf("%+v: %d due, no whole groups", test, n)
			}
			sent, biggest = sent+n, max(biggest, n)
		}
		if want := int(test.rate) / test.group * test.group; sent != want {
			t.Errorf("%+v: %d sent in a second, want %d", test, sent, want)
		}
		if biggest > test.group {
			t.Errorf("%+v: %d sent at once", test, biggest)
		}
	}
}

func TestPacerForgives(t *testing.T) {
	p := newPacer(0, 100_000, 1)
	now := int64(second) // kept from sending for a second
	sent := 0
	for range 100 {
		n := p.due(now, 16)
		if n > 16 {
			t.Fatalf("%d due, at most 16 asked for", n)
		}
		sent += n
	}
	if want := 100_000 * patience / second; sent != want {
		t.Errorf("%d sent after a second's pause, want those of the last %d ns: %d", sent, patience, want)
	}
	if n := p.due(now+10_000, 16); n != 1 {
		t.Errorf("%d due a packet's time later", n)
	}
}

func TestPacerLongRun(t *testing.T) {
	p := newPacer(0, 1_000_000, 10)
	day := int64(86_400) * second
	if got, want := p.by(day), int64(86_400_000_000); got != want {
		t.Errorf("by(a day) = %d, want %d", got, want)
	}
}
