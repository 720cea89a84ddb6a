package redis_test

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/joingyd/joingyd/cluster/redis"
	"github.com/joingyd/joingyd/cluster/redistest"
)

// TestC1NoPileUp makes thousands of calls to a Redis that has just vanished: each ends
// about in its time, and nothing of them stays.
func TestC1NoPileUp(t *testing.T) {
	proxy := redistest.NewProxy(t, redistest.Shared(t).Addr())
	c := hurry(t, redis.Options{URL: proxy.URL()})
	sets(t, c, "joingy:x")
	before := runtime.NumGoroutine()
	proxy.Blackhole(true)
	const calls = 2000
	var wg sync.WaitGroup
	var mu sync.Mutex
	var longest time.Duration
	for range calls {
		wg.Go(func() {
			begin := time.Now()
			if set(t, c, "joingy:x") == nil {
				t.Error("a call into the void was answered")
			}
			mu.Lock()
			longest = max(longest, time.Since(begin))
			mu.Unlock()
		})
	}
	wg.Wait()
	states, stop := watch(c)
	defer stop()
	await(t, states, redis.Down)
	for end := time.Now().Add(20 * time.Second); runtime.NumGoroutine() > before+20; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines are left, %d before", runtime.NumGoroutine(), before)
		}
	}
	t.Logf("figure: the longest of %d calls into a blackhole took %v; %d goroutines before, %d after", calls, longest.Round(time.Millisecond), before, runtime.NumGoroutine())
	proxy.Blackhole(false)
	await(t, states, redis.Up)
	sets(t, c, "joingy:x")
}
