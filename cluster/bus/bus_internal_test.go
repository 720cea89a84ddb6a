package bus

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// pair starts two nodes that know each other.
func pair(t *testing.T, a *air, opts Options) (left, right *Bus, leave func()) {
	t.Helper()
	hello := make(chan struct{}, 1)
	handler := opts.Handler
	opts.Handler = func(from Peer, kind uint8, payload []byte) {
		if kind == 0 {
			hello <- struct{}{}
		} else if handler != nil {
			handler(from, kind, payload)
		}
	}
	opts.Node = "right"
	right, leaveRight := join(t, a, opts)
	left, leaveLeft := join(t, a, Options{Node: "left", Queue: opts.Queue})
	synctest.Wait()
	if err := left.Send("right", 0, nil); err != nil {
		t.Fatal(err)
	}
	<-hello
	return left, right, func() { leaveLeft(); leaveRight() }
}

func TestFirstMessagesAreHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHistory()
		a := newAir(0)
		a.latency = time.Millisecond
		x, _ := node(t, a, h, "x")
		y, _ := node(t, a, h, "y")
		for range 50 { // both begin, and greet each other
			_ = h.say(x, "y", 5000)
			_ = h.say(y, "x", 5000)
		}
		time.Sleep(time.Second)
		if messages, gaps := h.heard(); messages != 100 || gaps != 2 {
			t.Errorf("%d of 100 were heard, with %d gaps", messages, gaps)
		}
		if wrong := h.judge(map[Peer]bool{x.Self(): true, y.Self(): true}); len(wrong) > 0 {
			t.Error(wrong)
		}
	})
}

func TestSlowHandlerHoldsUpNoMemoryAndNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAir(0)
		release := make(chan struct{})
		var handled, gaps atomic.Int64
		opts := Options{
			Inbox: least,
			Handler: func(from Peer, _ uint8, _ []byte) {
				if from.Name == "left" {
					<-release
				}
				handled.Add(1)
			},
			Gap: func(Peer) { gaps.Add(1) },
		}
		left, right, leave := pair(t, a, opts)
		defer leave()
		const messages = 100
		for range messages {
			if err := left.Send("right", 1, make([]byte, MaxPayload)); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if s := right.Stats(); s.Waiting > least || s.Dropped.Slow < messages-4 {
			t.Errorf("%d bytes wait, %d messages were dropped", s.Waiting, s.Dropped.Slow)
		}
		other, leaveOther := join(t, a, Options{Node: "other"})
		defer leaveOther()
		_ = other.Send("right", 1, nil)
		time.Sleep(time.Second)
		synctest.Wait()
		if handled.Load() != 1 {
			t.Error("another node's message was held up")
		}
		before := gaps.Load()
		close(release)
		synctest.Wait()
		if got := right.Stats(); gaps.Load() != before+1 || got.Waiting != 0 {
			t.Errorf("%d gaps for what was dropped last, %d bytes wait", gaps.Load()-before, got.Waiting)
		}
	})
}

func TestSendNeverBlocksAndDropsAreGaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAir(0)
		var heard, gaps atomic.Int64
		left, _, leave := pair(t, a, Options{
			Queue:   least,
			Handler: func(Peer, uint8, []byte) { heard.Add(1) },
			Gap:     func(Peer) { gaps.Add(1) },
		})
		defer leave()
		before := gaps.Load()
		a.setDown(true)
		full := 0
		for range 1000 {
			if err := left.Send("right", 1, make([]byte, 1000)); errors.Is(err, ErrFull) {
				full++
			}
		}
		s := left.Stats()
		if full < 800 || uint64(full) != s.Dropped.Full || s.Queued > least {
			t.Errorf("%d refused, %d counted, %d bytes queued", full, s.Dropped.Full, s.Queued)
		}
		time.Sleep(time.Second)
		a.setDown(false)
		time.Sleep(time.Second)
		synctest.Wait()
		if got := heard.Load(); got != int64(1000-full) {
			t.Errorf("%d of %d that were queued were heard", got, 1000-full)
		}
		if gaps.Load() != before+1 {
			t.Errorf("%d gaps for those that were not, though nothing was said after them", gaps.Load()-before)
		}
		if s := left.Stats(); s.Queued != 0 {
			t.Errorf("%d bytes are queued at the end", s.Queued)
		}
	})
}

func TestMessagesForNobodyExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAir(0)
		b, leave := join(t, a, Options{Node: "a"})
		defer leave()
		for i := range 100 {
			_ = b.Send(fmt.Sprintf("n%d", i), 1, []byte("x"))
		}
		synctest.Wait()
		during := runtime.NumGoroutine()
		time.Sleep(messageLasts + time.Second)
		synctest.Wait()
		if s := b.Stats(); s.Dropped.Expired != 100 || s.Queued != 0 || runtime.NumGoroutine() > during-90 {
			t.Errorf("%d expired, %d bytes queued, %d goroutines after %d", s.Dropped.Expired, s.Queued, runtime.NumGoroutine(), during)
		}
	})
}

func TestLinksHaveABound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := newBus(Options{Node: "a", Key: testKey}, newAir(0))
		if err != nil {
			t.Fatal(err)
		}
		for i := range mostLinks {
			if err := b.Send(fmt.Sprint("n", i), 0, nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.Send("one-more", 0, nil); !errors.Is(err, ErrLinks) {
			t.Errorf("one more: %v", err)
		}
		time.Sleep(linkIdle)
		_ = b.Send("n0", 0, nil)
		if err := b.Send("one-more", 0, nil); err != nil {
			t.Errorf("one more, when others are idle: %v", err)
		}
		if b.Stats().Links != mostLinks || b.links["n0"] == nil {
			t.Errorf("%d are known", b.Stats().Links)
		}
	})
}

// A link that was forgotten at one end only goes on with numbers that the other end did not hear.
func TestForgottenLinkLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHistory()
		a := newAir(0)
		x, _ := node(t, a, h, "x")
		y, _ := node(t, a, h, "y")
		for range 3 {
			for range 5 {
				if err := h.say(x, "y", 0); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(time.Second)
			x.mu.Lock()
			x.forgetLocked(time.Now().Add(2 * linkIdle))
			x.mu.Unlock()
			if s := x.Stats(); s.Links != 0 {
				t.Fatalf("%d links are known", s.Links)
			}
		}
		synctest.Wait()
		if wrong := h.judge(map[Peer]bool{x.Self(): true, y.Self(): true}); len(wrong) > 0 {
			t.Error(wrong)
		}
		if messages, _ := h.heard(); messages != 15 {
			t.Errorf("%d of 15 were heard", messages)
		}
	})
}

func TestMessagesGoToTheProcessTheyWereFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAir(0)
		a.record = true
		var first, second atomic.Int64
		x, _ := join(t, a, Options{Node: "x"})
		_, leave := join(t, a, Options{Node: "y", Handler: func(Peer, uint8, []byte) { first.Add(1) }})
		synctest.Wait()
		_ = x.Send("y", 1, nil)
		time.Sleep(time.Second)
		leave()
		var gaps atomic.Int64
		y, _ := join(t, a, Options{Node: "y", Handler: func(Peer, uint8, []byte) { second.Add(1) }, Gap: func(Peer) { gaps.Add(1) }})
		synctest.Wait()
		_ = x.Send("y", 1, nil) // for the process before: x knows of no other
		time.Sleep(time.Second)
		if second.Load() != 0 || y.Stats().Dropped.Foreign != 1 {
			t.Errorf("it was heard by %d", second.Load())
		}
		_ = x.Send("y", 1, nil)
		time.Sleep(time.Second)
		synctest.Wait()
		if first.Load() != 1 || second.Load() != 1 || gaps.Load() != 1 {
			t.Errorf("%d and %d were heard, %d gaps", first.Load(), second.Load(), gaps.Load())
		}

		// Somebody with access to Redis says all again.
		a.mu.Lock()
		recorded := slices.Clone(a.frames)
		a.mu.Unlock()
		for _, frame := range recorded {
			a.deliver(channel("y"), string(frame))
			a.deliver(channel("x"), string(frame))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if second.Load() != 1 || gaps.Load() != 1 {
			t.Errorf("said again, %d were heard, %d gaps", second.Load(), gaps.Load())
		}
	})
}

func TestDeafSubscriptionIsRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAir(0)
		var gaps atomic.Int64
		_, right, leave := pair(t, a, Options{Gap: func(Peer) { gaps.Add(1) }})
		defer leave()
		time.Sleep(5 * time.Second)
		if s := right.Stats(); s.Subscribed != 1 || s.Deaf != 0 || gaps.Load() != 1 {
			t.Fatalf("in peace: %+v, %d gaps", s, gaps.Load())
		}
		a.deafen(channel("right"))
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if s := right.Stats(); s.Subscribed != 2 || s.Deaf != 1 || !s.Listening || gaps.Load() != 2 {
			t.Errorf("%+v, %d gaps", s, gaps.Load())
		}
	})
}

func TestRunWaitsAndFlushes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAir(0)
		a.latency = 50 * time.Millisecond
		var heard atomic.Int64
		right, _ := join(t, a, Options{Node: "right", Handler: func(Peer, uint8, []byte) { heard.Add(1) }})
		left, leave := join(t, a, Options{Node: "left"})
		_ = left.Send("right", 1, nil)
		time.Sleep(time.Second)
		_ = left.Send("right", 1, nil) // is on its way when the next come
		for range 3 {
			_ = left.Send("right", 1, make([]byte, MaxPayload))
		}
		leave()
		time.Sleep(time.Second)
		if heard.Load() != 5 {
			t.Errorf("%d of 5 were heard", heard.Load())
		}
		if err := left.Send("right", 1, nil); !errors.Is(err, ErrClosed) {
			t.Errorf("after the end: %v", err)
		}
		if _, err := left.Ask(t.Context(), "right", 1, nil); !errors.Is(err, ErrClosed) {
			t.Errorf("after the end: %v", err)
		}
		if err := left.Run(t.Context()); err == nil {
			t.Error("Run ran twice")
		}
		_ = right
	})
}
