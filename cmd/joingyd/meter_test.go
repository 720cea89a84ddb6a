package main

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestMeter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var counter atomic.Uint64
		counter.Store(1_000_000) // what was before is not its business
		m := newMeter(counter.Load)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { m.run(ctx); close(ended) }()
		// pass lets time pass, in which the counter grows.
		pass := func(seconds int, perSecond uint64) {
			for range seconds {
				time.Sleep(time.Second / 2) // between two readings
				counter.Add(perSecond)
				time.Sleep(time.Second / 2)
			}
			synctest.Wait()
		}
		want := func(want uint64, when string) {
			t.Helper()
			if got := m.rate(counter.Load()); got != want {
				t.Errorf("%s: %d a second, want %d", when, got, want)
			}
		}
		want(0, "at the start")
		pass(2, 300)
		want(300, "soon after")
		pass(58, 300)
		want(300, "a minute on")
		pass(11, 1000)
		want(1000, "11 s after it grew")
		for range 100 { // asking changes nothing
			want(1000, "asked often")
		}
		pass(4, 0)
		if got := m.rate(counter.Load()); got == 0 || got >= 1000 {
			t.Errorf("4 s after it stopped: %d a second, want something between", got)
		}
		pass(7, 0)
		want(0, "11 s after it stopped")
		want(0, "asked again")
		if got := m.rate(0); got != 0 {
			t.Errorf("a counter that went back grows %d a second", got)
		}
		cancel()
		<-ended
	})
}
