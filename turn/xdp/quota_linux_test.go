package xdp_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/joingyd/joingyd/turn/xdp"
)

func TestQuota(t *testing.T) {
	for _, total := range []bool{false, true} {
		options, rate := xdp.Options{}, uint64(0)
		if total {
			options.TotalRate = 10_000
		} else {
			rate = 10_000
		}
		w := newWorld(t, options)
		families(t, func(t *testing.T, v6 bool) {
			f, target := flow(v6, 1, 7)
			target.Rate = rate
			w.put(t, f, target)
			frame := good(v6, 1, 1000).frame()
			begin := time.Now()
			verdicts := map[uint32]int{}
			for range 30 {
				verdict, out := w.run(t, frame)
				verdicts[verdict]++
				if verdict == drop && !bytes.Equal(out, frame) {
					t.Error("a dropped frame was changed")
				}
			}
			// A burst of one second's worth, and what came in since; IPv6 finds
			// the total nearly used up.
			most := 10 + int(time.Since(begin)/(100*time.Millisecond)) + 1
			least := 10
			if total && v6 {
				least = 0
			}
			if n := verdicts[transmit]; n < least || n > most || n+verdicts[drop] != 30 {
				t.Errorf("total %v: verdicts %v, want %d to %d forwarded, the rest dropped", total, verdicts, least, most)
			}
			c, ok := w.Counters(f)
			if !ok || c.Packets != uint64(verdicts[transmit]) || c.Dropped != uint64(verdicts[drop]) || c.Bytes != 1000*c.Packets {
				t.Errorf("counters %+v for verdicts %v", c, verdicts)
			}
			// A refreshed flow has no more tokens than before.
			w.put(t, f, target)
			if verdict, _ := w.run(t, frame); verdict != drop && time.Since(begin) < 50*time.Millisecond {
				t.Errorf("refreshed: verdict %d", verdict)
			}
			// Nor has one with a new target, which keeps its counters too.
			target.Channel++
			w.put(t, f, target)
			if verdict, _ := w.run(t, frame); verdict != drop && time.Since(begin) < 50*time.Millisecond {
				t.Errorf("new target: verdict %d", verdict)
			}
			if after, _ := w.Counters(f); after.Packets+after.Dropped != 32 {
				t.Errorf("counters %+v, want those of 32 packets", after)
			}
			// Packets that are dropped cost nothing: one in 100 ms is not for long.
			deadline := time.Now().Add(patience)
			for verdict := uint32(drop); verdict == drop; verdict, _ = w.run(t, frame) {
				if time.Now().After(deadline) {
					t.Fatal("no packet is forwarded any more")
				}
			}
		})
		// What was not used in the past does not add up: more than the burst is
		// never there, at any rate.
		f, target := flow(false, 2, 7)
		target.Rate = 1 << 63
		w.put(t, f, target)
		if !total {
			w.forwards(t, "any rate", good(false, 2, 1000).frame(), 7)
		}
		if stats := w.Stats(); stats.Dropped == 0 || stats.Forwarded == 0 {
			t.Errorf("stats %+v", stats)
		}
	}
}
