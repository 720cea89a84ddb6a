package bus

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// join starts a node.
func join(t *testing.T, w wire, opts Options) (b *Bus, leave func()) {
	t.Helper()
	opts.Key = testKey
	b, err := newBus(opts, w)
	if err != nil {
		t.Fatal(err)
	}
	return b, run(t, b)
}

// run runs a bus until leave is called.
func run(t testing.TB, b *Bus) (leave func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	leave = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(leave)
	return leave
}

// node is a bus that writes a history.
func node(t *testing.T, w wire, h *history, name string, change ...func(*Options)) (*Bus, func()) {
	t.Helper()
	var b *Bus
	made := make(chan struct{})
	opts := Options{Node: name, Key: testKey}
	h.listen(&opts, func() Peer { <-made; return b.Self() })
	for _, f := range change {
		f(&opts)
	}
	b, err := newBus(opts, w)
	if err != nil {
		t.Fatal(err)
	}
	close(made)
	return b, run(t, b)
}

// storm has three nodes talk through faults, in virtual time. Nodes are started anew, subscriptions are
// cut and deafened, and all is down for a while; then it gets quiet.
func storm(t *testing.T, seed uint64, bug func(*Bus)) (wrong []string, stats []Stats, h *history) {
	synctest.Test(t, func(t *testing.T) {
		a := newAir(seed)
		a.latency = time.Millisecond
		h = newHistory()
		names := []string{"a", "b", "c"}
		nodes, leave := make([]*Bus, 3), make([]func(), 3)
		start := func(i int) {
			nodes[i], leave[i] = node(t, a, h, names[i], func(o *Options) { o.Queue = least })
			if bug != nil {
				bug(nodes[i])
			}
		}
		for i := range nodes {
			start(i)
		}
		r := newAir(seed + 1).r
		for range 200 {
			for range r.IntN(20) {
				from, to := r.IntN(3), r.IntN(3)
				if from != to {
					size := r.IntN(100)
					if r.IntN(40) == 0 {
						size = r.IntN(MaxPayload - 8)
					}
					if err := h.say(nodes[from], names[to], size); err != nil && !errors.Is(err, ErrFull) {
						t.Fatal(err)
					}
				}
			}
			time.Sleep(time.Duration(r.IntN(30)) * time.Millisecond)
			a.mu.Lock()
			a.faults = faults{refused: 10 * r.IntN(4), unsure: 5 * r.IntN(2), twice: 10 * r.IntN(2)}
			a.mu.Unlock()
			switch r.IntN(30) {
			case 0:
				a.cut(channel(names[r.IntN(3)]))
			case 1:
				a.setDown(true)
				time.Sleep(time.Duration(r.IntN(4000)) * time.Millisecond)
				a.setDown(false)
			case 2:
				i := r.IntN(3)
				leave[i]()
				start(i)
			case 3:
				a.deafen(channel(names[r.IntN(3)]))
			}
		}
		a.mu.Lock()
		a.faults = faults{}
		a.mu.Unlock()
		time.Sleep(6 * time.Second)
		for i := range nodes { // who was started anew last may know nobody
			for j := range nodes {
				if i != j {
					_ = h.say(nodes[i], names[j], 0)
				}
			}
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		live := make(map[Peer]bool)
		for _, b := range nodes {
			live[b.Self()] = true
			stats = append(stats, b.Stats())
		}
		wrong = h.judge(live)
		for _, f := range leave {
			f()
		}
	})
	return wrong, stats, h
}

func TestPromiseHoldsInAStorm(t *testing.T) {
	seeds := uint64(3)
	var messages, gaps int
	for seed := range seeds {
		wrong, stats, h := storm(t, seed, nil)
		if len(wrong) > 0 {
			t.Errorf("seed %d: %d wrong: %s", seed, len(wrong), strings.Join(wrong[:min(len(wrong), 5)], "\n"))
		}
		for _, s := range stats {
			if s.Queued != 0 || s.Waiting != 0 || !s.Listening {
				t.Errorf("seed %d: at the end: %+v", seed, s)
			}
		}
		m, g := h.heard()
		messages, gaps = messages+m, gaps+g
	}
	if messages < 1000 || gaps < 10 {
		t.Errorf("%d messages and %d gaps: the storm tried little", messages, gaps)
	}
	t.Logf("%d messages, %d gaps", messages, gaps)
}

// The judge is worth something only if it sees what a bus with a bug does.
func TestJudgeSeesBugs(t *testing.T) {
	bugs := map[string]func(got *taken){
		"gaps in numbers go unnoticed":  func(got *taken) { got.gap = got.fresh },
		"what comes twice is had twice": func(got *taken) { got.skip = 0 },
		"the first gap is forgotten":    func(got *taken) { got.gap = got.gap && !got.fresh },
	}
	for name, bug := range bugs {
		caught := false
		for seed := uint64(0); seed < 5 && !caught; seed++ {
			wrong, _, _ := storm(t, seed, func(b *Bus) {
				b.take = func(s *stream, from Incarnation, first uint64, count int) taken {
					got := s.take(from, first, count)
					bug(&got)
					return got
				}
			})
			caught = len(wrong) > 0
		}
		if !caught {
			t.Errorf("%s, and the judge saw nothing", name)
		}
	}
}

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
		b.forget(time.Now().Add(linkLasts + time.Minute))
		if s := b.Stats(); s.Links != 0 {
			t.Errorf("%d nodes are still known", s.Links)
		}
	})
}

func TestLinksHaveABound(t *testing.T) {
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
			x.forget(time.Now().Add(2 * linkLasts))
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

func TestAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAir(0)
		a.latency = time.Millisecond
		answer := func(_ context.Context, from Peer, kind uint8, payload []byte) ([]byte, error) {
			switch kind {
			case 1:
				return append([]byte(from.Name+" said "), payload...), nil
			case 2:
				return nil, errors.New("not mine")
			case 3:
				return make([]byte, MaxPayload+1), nil
			}
			time.Sleep(time.Minute)
			return nil, nil
		}
		left, _, _ := pair(t, a, Options{Answer: answer})
		ctx := t.Context()
		if got, err := left.Ask(ctx, "right", 1, []byte("hello")); err != nil || string(got) != "left said hello" {
			t.Errorf("%q, %v", got, err)
		}
		var refused *Refused
		if _, err := left.Ask(ctx, "right", 2, nil); !errors.As(err, &refused) || refused.Text != "not mine" {
			t.Errorf("a refusal is %v", err)
		}
		if _, err := left.Ask(ctx, "right", 3, nil); !errors.As(err, &refused) {
			t.Errorf("an answer that is too long is %v", err)
		}
		short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()
		if _, err := left.Ask(short, "right", 4, nil); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "right") {
			t.Errorf("no answer in time is %v", err)
		}
		if _, err := left.Ask(ctx, "nobody", 1, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("nobody's answer is %v", err)
		}
		if s := left.Stats(); s.WaitingAsked != 0 {
			t.Errorf("%d questions wait", s.WaitingAsked)
		}
		time.Sleep(2 * time.Minute)
	})
}

func TestAskFromAHandlerAndOfOneThatIsRestarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAir(0)
		a.latency = time.Millisecond
		var b *Bus
		got := make(chan error, 1)
		b, _ = join(t, a, Options{Node: "b", Handler: func(from Peer, _ uint8, _ []byte) {
			_, err := b.Ask(t.Context(), from.Name, 1, nil)
			got <- err
		}})
		hang := make(chan struct{})
		answers := func(_ context.Context, _ Peer, kind uint8, _ []byte) ([]byte, error) {
			if kind == 2 {
				<-hang
			}
			return nil, nil
		}
		c, leave := join(t, a, Options{Node: "c", Answer: answers})
		synctest.Wait()
		_ = c.Send("b", 1, nil)
		if err := <-got; err != nil {
			t.Error("from a handler:", err)
		}
		asked := make(chan error, 1)
		go func() {
			_, err := b.Ask(context.Background(), "c", 2, nil)
			asked <- err
		}()
		time.Sleep(time.Second)
		close(hang)
		leave()
		c, _ = join(t, a, Options{Node: "c"})
		_ = c.Send("b", 1, nil)
		<-got
		select {
		case err := <-asked:
			if err != nil && !errors.Is(err, ErrRestarted) {
				t.Error(err)
			}
		case <-time.After(time.Minute):
			t.Error("it still waits")
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

func TestOptionsAreChecked(t *testing.T) {
	tests := map[string]struct {
		opts Options
		want string
	}{
		"no name":     {Options{Key: testKey}, "Node: the node's name is empty"},
		"a brace":     {Options{Key: testKey, Node: "a{b"}, `"a{b" has a space, a brace`},
		"long name":   {Options{Key: testKey, Node: strings.Repeat("n", 129)}, "129 characters"},
		"short key":   {Options{Node: "a", Key: testKey[:31]}, "Key has 31 bytes; the cluster's key has 32"},
		"small queue": {Options{Node: "a", Key: testKey, Queue: 1}, "Queue is 1 bytes"},
		"small inbox": {Options{Node: "a", Key: testKey, Inbox: 1}, "Inbox is 1 bytes"},
		"timeout":     {Options{Node: "a", Key: testKey, Timeout: -1}, "Timeout is -1ns"},
	}
	for name, test := range tests {
		if _, err := newBus(test.opts, newAir(0)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
	if _, err := New(Options{}); err == nil || !strings.Contains(err.Error(), "Client") {
		t.Errorf("no client: %v", err)
	}
	b, err := newBus(Options{Node: "a", Key: testKey}, newAir(0))
	if err != nil {
		t.Fatal(err)
	}
	for to, want := range map[string]string{"": "empty", "a": "is this one", "b c": "space"} {
		if err := b.Send(to, 0, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("to %q: %v, want %q", to, err, want)
		}
	}
	if err := b.Send("b", 0, make([]byte, MaxPayload+1)); err == nil || !strings.Contains(err.Error(), "at most 65536") {
		t.Error(err)
	}
}
