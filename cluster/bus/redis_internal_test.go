package bus

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/joingyd/joingyd/cluster/redis"
	"github.com/joingyd/joingyd/cluster/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// connect returns the wire to a server.
func connect(t testing.TB, url string) wire {
	t.Helper()
	c, err := redis.Dial(t.Context(), redis.Options{URL: url}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return redisWire{c.Client()}
}

// until waits for something to be so.
func until(t testing.TB, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func TestNodesTalkThroughRedis(t *testing.T) {
	server := redistest.Shared(t)
	h := newHistory()
	names := []string{"a", "b", "c"}
	nodes, leave := make([]*Bus, 3), make([]func(), 3)
	start := func(i int) {
		nodes[i], leave[i] = node(t, connect(t, server.URL()), h, names[i], func(o *Options) {
			o.Answer = func(_ context.Context, from Peer, _ uint8, payload []byte) ([]byte, error) {
				return append(payload, from.Name...), nil
			}
		})
	}
	for i := range nodes {
		start(i)
	}
	talk := func(messages int) {
		t.Helper()
		for n := range messages {
			for i := range nodes {
				size := 10
				if n%100 == 0 {
					size = MaxPayload - 8
				}
				if err := h.say(nodes[i], names[(i+1+n%2)%3], size); err != nil {
					t.Error(err)
				}
			}
		}
	}
	heard := func(want int) func() bool {
		return func() bool { got, _ := h.heard(); return got == want }
	}
	for _, b := range nodes {
		until(t, "it listens", func() bool { return b.Stats().Listening })
	}
	talk(500)
	until(t, "all were heard", heard(1500))
	if got, err := nodes[0].Ask(t.Context(), "c", 1, []byte("hello ")); err != nil || string(got) != "hello a" {
		t.Errorf("Ask: %q, %v", got, err)
	}

	leave[2]()
	if got := server.Do(t, "PUBSUB", "SHARDNUMSUB", channel("c")); !strings.HasSuffix(strings.TrimSpace(got), "0") {
		t.Errorf("who has left is still listened for: %q", got)
	}
	start(2)
	until(t, "it listens", func() bool { return nodes[2].Stats().Listening })
	for i, name := range []string{"a", "b"} {
		if _, err := nodes[2].Ask(t.Context(), name, 1, nil); err != nil {
			t.Fatal(err)
		}
		until(t, "it is known", func() bool { return nodes[i].Stats().Queued == 0 })
	}
	talk(100)
	until(t, "all were heard", heard(1800))
	server.Do(t, "FLUSHALL") // is nothing to the bus
	talk(10)
	until(t, "all were heard", heard(1830))

	live := make(map[Peer]bool)
	for _, b := range nodes {
		live[b.Self()] = true
		if s := b.Stats(); s.Failed+s.Repeated+s.Unopened+s.Dropped.Full+s.Dropped.Slow+s.Twins > 0 || s.Queued > 0 {
			t.Errorf("%+v", s)
		}
	}
	if wrong := h.judge(live); len(wrong) > 0 {
		t.Error(strings.Join(wrong, "\n"))
	}
}

func TestWhatIsNotTakenIsSaid(t *testing.T) {
	server := redistest.Start(t)
	server.Do(t, "ACL", "SETUSER", "default", "-ssubscribe")
	var log lockedText
	opts := Options{Node: "a", Logger: log.logger()}
	b, _ := join(t, connect(t, server.URL()), opts)
	until(t, "the log says so", func() bool { return strings.Contains(log.String(), "NOPERM") })
	if b.Stats().Listening {
		t.Error("it listens")
	}
}

// C1: nodes talk through a Redis that is killed, halted, slow and cut off, each node by its own
// network. Nothing comes twice or in another order, each loss is a gap.
func TestC1BusThroughBrokenRedis(t *testing.T) {
	if os.Getenv("TRIALS") != "full" {
		t.Skip("a trial: TRIALS=full")
	}
	for _, n := range []int{2, 3} {
		for name, bug := range map[string]func(*taken){"": nil, "seeded bug": func(got *taken) { got.gap = got.fresh }} {
			wrong := breakRedis(t, n, bug)
			switch {
			case bug == nil && len(wrong) > 0:
				t.Errorf("%d nodes: %d wrong: %s", n, len(wrong), strings.Join(wrong[:min(5, len(wrong))], "\n"))
			case bug != nil && len(wrong) == 0:
				t.Errorf("%d nodes: %s was not seen", n, name)
			}
		}
	}
}

// breakRedis has n nodes talk through faults for half a minute, and returns what is wrong.
func breakRedis(t *testing.T, n int, bug func(*taken)) (wrong []string) {
	t.Helper()
	server := redistest.Start(t)
	h := newHistory()
	nodes, proxies, names := make([]*Bus, n), make([]*redistest.Proxy, n), []string{"a", "b", "c"}[:n]
	leave := make([]func(), n)
	start := func(i int) {
		nodes[i], leave[i] = node(t, connect(t, proxies[i].URL()), h, names[i], func(o *Options) { o.Queue = 2 * least })
		if bug != nil {
			b := nodes[i]
			b.take = func(s *stream, from Incarnation, first uint64, count int) taken {
				got := s.take(from, first, count)
				bug(&got)
				return got
			}
		}
	}
	for i := range nodes {
		proxies[i] = redistest.NewProxy(t, server.Addr())
		start(i)
	}
	var talking sync.WaitGroup
	var mu sync.RWMutex // of nodes
	var quiet atomic.Bool
	for i := range nodes {
		talking.Go(func() {
			for k := 0; !quiet.Load(); k++ {
				mu.RLock()
				from, to := nodes[i], names[(i+1+k%(n-1))%n]
				err := h.say(from, to, 200)
				mu.RUnlock()
				if err != nil && !errors.Is(err, ErrFull) && !errors.Is(err, ErrClosed) {
					t.Error(err)
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	r := rand.New(rand.NewPCG(uint64(n), 7))
	wait := func(ms int) { time.Sleep(time.Duration(ms) * time.Millisecond) }
	for range 2 {
		wait(500)
		server.Restart(t) // kill -9
		wait(2000)
		server.Kill()
		wait(3000) // longer than a message lasts
		server.Restart(t)
		wait(2000)
		server.Stop(t)
		wait(700 + r.IntN(3000))
		server.Continue(t)
		wait(2000)
		for _, p := range proxies {
			p.SetLatency(50 * time.Millisecond)
			wait(300)
			p.SetLatency(0)
			p.Cut()
			wait(700)
			p.Blackhole(true)
			wait(1000 + r.IntN(2500))
			p.Blackhole(false)
			wait(1500)
		}
		i := r.IntN(n)
		mu.Lock()
		leave[i]()
		start(i)
		mu.Unlock()
	}
	quiet.Store(true)
	talking.Wait()
	wait(6000)
	for i := range nodes {
		for j := range nodes {
			if i != j {
				_ = h.say(nodes[i], names[j], 0)
			}
		}
	}
	wait(3000)
	live := make(map[Peer]bool)
	var sent, subscribed uint64
	for _, b := range nodes {
		live[b.Self()] = true
		s := b.Stats()
		sent, subscribed = sent+s.Messages, subscribed+s.Subscribed
		if !s.Listening || s.Queued > 0 || s.Waiting > 0 {
			t.Errorf("at the end: %+v", s)
		}
		t.Logf("%+v", s)
	}
	wrong = h.judge(live)
	for _, f := range leave {
		f()
	}
	messages, gaps := h.heard()
	if bug == nil {
		var said uint64
		for _, k := range h.said {
			said += k
		}
		t.Logf("figure: bus, %d nodes: %d of %d messages arrived, %d gaps, %d subscriptions; twice, out of order or lost without a gap: %d",
			n, messages, said, gaps, subscribed, len(wrong))
	}
	return wrong
}
