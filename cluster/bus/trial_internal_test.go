package bus

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/joingyd/joingyd/cluster/redistest"
)

// trial is nodes that talk all the time.
type trial struct {
	t     *testing.T
	h     *history
	urls  []string
	names []string
	bug   func(*taken)

	mu    sync.RWMutex // guards nodes and leave
	nodes []*Bus
	leave []func()

	quiet   atomic.Bool
	talking sync.WaitGroup
	took    map[string]time.Duration // until all links worked again, the longest
}

// begin has a node at each address talk to the others, a message a millisecond.
func begin(t *testing.T, bug func(*taken), urls ...string) *trial {
	t.Helper()
	n := len(urls)
	x := &trial{
		t: t, h: newHistory(), urls: urls, names: []string{"a", "b", "c"}[:n], bug: bug,
		nodes: make([]*Bus, n), leave: make([]func(), n), took: make(map[string]time.Duration),
	}
	for i := range n {
		x.start(i)
	}
	for i := range n {
		x.talking.Go(func() {
			for k := 0; !x.quiet.Load(); k++ {
				x.say(i, (i+1+k%(n-1))%n)
				time.Sleep(time.Millisecond)
			}
		})
	}
	x.recovered("start")
	return x
}

func (x *trial) start(i int) {
	x.nodes[i], x.leave[i] = node(x.t, connect(x.t, x.urls[i]), x.h, x.names[i], func(o *Options) { o.Queue = 2 * least })
	if x.bug != nil {
		x.nodes[i].take = func(s *stream, from Incarnation, first uint64, count int) taken {
			got := s.take(from, first, count)
			x.bug(&got)
			return got
		}
	}
}

func (x *trial) say(from, to int) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if err := x.h.say(x.nodes[from], x.names[to], 200); err != nil && !errors.Is(err, ErrFull) {
		x.t.Error(err)
	}
}

// restart starts a node anew.
func (x *trial) restart(i int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.leave[i]()
	x.start(i)
}

// recovered waits until all hear from all what is said from now on.
func (x *trial) recovered(after string) {
	x.t.Helper()
	begin := time.Now()
	x.h.mu.Lock()
	said := maps.Clone(x.h.said)
	x.h.mu.Unlock()
	until(x.t, "all hear all after "+after, func() bool {
		x.h.mu.Lock()
		defer x.h.mu.Unlock()
		for i, from := range x.nodes {
			for j, to := range x.nodes {
				w := way{from.Self(), to.Self().Name, to.Self().Incarnation}
				had := x.h.had[w]
				if i != j && (len(had) == 0 || had[len(had)-1].n <= said[way{from: w.from, to: w.to}]) {
					return false
				}
			}
		}
		return true
	})
	x.took[after] = max(x.took[after], time.Since(begin))
}

// end lets it get quiet, and returns what is wrong.
func (x *trial) end() (wrong []string) {
	x.t.Helper()
	x.quiet.Store(true)
	x.talking.Wait()
	time.Sleep(3 * time.Second)
	live := make(map[Peer]bool)
	var subscribed uint64
	for _, b := range x.nodes {
		live[b.Self()] = true
		s := b.Stats()
		subscribed += s.Subscribed
		if !s.Listening || s.Queued > 0 || s.Waiting > 0 {
			x.t.Errorf("at the end: %+v", s)
		}
	}
	wrong = x.h.judge(live)
	for _, f := range x.leave {
		f()
	}
	messages, gaps := x.h.heard()
	said := uint64(0)
	for _, n := range x.h.said {
		said += n
	}
	var took []string
	for _, what := range slices.Sorted(maps.Keys(x.took)) {
		took = append(took, fmt.Sprintf("%s %.1f s", what, x.took[what].Seconds()))
	}
	if x.bug == nil {
		x.t.Logf("figure: bus, %d nodes: twice, in another order or lost without a gap: %d; %d of %d messages arrived, %d gaps, %d subscriptions; worked again after %s",
			len(x.nodes), len(wrong), messages, said, gaps, subscribed, strings.Join(took, ", "))
	}
	return wrong
}

func full(t *testing.T) {
	t.Helper()
	if os.Getenv("TRIALS") != "full" {
		t.Skip("takes minutes: run make trials")
	}
}

// Nodes talk through a Redis that is killed, halted, slow and cut off, each node by its own
// network, and are started anew.
func TestC1BusThroughBrokenRedis(t *testing.T) {
	full(t)
	for _, n := range []int{2, 3} {
		if wrong := breakRedis(t, n, nil); len(wrong) > 0 {
			t.Errorf("%d nodes: %d wrong: %s", n, len(wrong), strings.Join(wrong[:min(5, len(wrong))], "\n"))
		}
	}
	if len(breakRedis(t, 2, func(got *taken) { got.gap = got.fresh })) == 0 {
		t.Error("a seeded bug was not seen")
	}
}

func breakRedis(t *testing.T, n int, bug func(*taken)) (wrong []string) {
	t.Helper()
	server := redistest.Start(t)
	proxies, urls := make([]*redistest.Proxy, n), make([]string, n)
	for i := range proxies {
		proxies[i] = redistest.NewProxy(t, server.Addr())
		urls[i] = proxies[i].URL()
	}
	x := begin(t, bug, urls...)
	r := rand.New(rand.NewPCG(uint64(n), 7))
	wait := func(least, more int) { time.Sleep(time.Duration(least+r.IntN(more)) * time.Millisecond) }
	rounds := 2
	if bug != nil {
		rounds = 1
	}
	for range rounds {
		server.Restart(t)
		x.recovered("kill -9 and start")
		server.Kill()
		wait(3000, 500) // longer than a message lasts
		server.Restart(t)
		x.recovered("kill -9 and start 3 s later")
		for range 3 {
			server.Stop(t)
			wait(100, 3500)
			server.Continue(t)
			x.recovered("SIGSTOP")
		}
		for _, p := range proxies {
			p.SetLatency(50 * time.Millisecond)
			wait(500, 1)
			x.recovered("50 ms more")
			p.SetLatency(0)
			p.Cut()
			x.recovered("cut connections")
			p.Blackhole(true)
			wait(500, 3000)
			p.Blackhole(false)
			x.recovered("blackhole")
		}
		x.restart(r.IntN(n))
		x.recovered("node started anew")
	}
	return x.end()
}

// A Sentinel makes the replica the primary, when the primary was killed and when it does not answer.
func TestC2BusThroughFailover(t *testing.T) {
	full(t)
	for what, fault := range map[string]func(*redistest.Server){
		"kill -9 of the primary": (*redistest.Server).Kill,
		"SIGSTOP of the primary": func(s *redistest.Server) { s.Stop(t) },
	} {
		trio := redistest.StartTrio(t)
		x := begin(t, nil, trio.URL(), trio.URL())
		fault(trio.Primary)
		x.recovered(what)
		if trio.Now() != trio.Replica.Addr() {
			t.Errorf("the primary is %s", trio.Now())
		}
		if what == "SIGSTOP of the primary" {
			trio.Primary.Continue(t)
			x.recovered("its return")
		}
		if wrong := x.end(); len(wrong) > 0 {
			t.Errorf("%d wrong: %s", len(wrong), strings.Join(wrong[:min(5, len(wrong))], "\n"))
		}
	}
}

func TestC2BusInACluster(t *testing.T) {
	full(t)
	servers := redistest.StartCluster(t, 3)
	url := servers[0].URL()
	x := begin(t, nil, url, url, url)
	time.Sleep(time.Second)
	if wrong := x.end(); len(wrong) > 0 {
		t.Errorf("%d wrong: %s", len(wrong), strings.Join(wrong[:min(5, len(wrong))], "\n"))
	}
}
