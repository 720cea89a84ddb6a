package bus

import (
	"context"
	"strings"
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
