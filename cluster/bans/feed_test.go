package bans_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/cluster/redistest"
)

// three starts three nodes on one server.
func three(t *testing.T, url string) []*node {
	t.Helper()
	nodes := []*node{newNode(t, "a", url), newNode(t, "b", url), newNode(t, "c", url)}
	for _, n := range nodes {
		n.start()
	}
	return nodes
}

// Trial C2: how long a ban of one node takes until it is in force on two others, whose
// stores write it to their disks first.
func TestC2PropagationOfBans(t *testing.T) {
	bansMade := 40
	if fullTrials() {
		bansMade = 1000
	}
	server := redistest.Start(t)
	nodes := three(t, server.URL())
	a := nodes[0]
	origin, err := a.Origin()
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes[1:] {
		n.mu.Lock()
		n.watch = origin
		n.mu.Unlock()
	}
	made := map[uint64]time.Time{}
	for i := range bansMade {
		text := fmt.Sprintf("10.1.%d.%d", i>>8, i&255)
		if _, err := a.Add(ban.Entry{Target: target(t, text), Reason: text, By: "trial"}); err != nil {
			t.Fatal(err)
		}
		version, err := a.Version(origin)
		if err != nil {
			t.Fatal(err)
		}
		made[version] = time.Now()
		time.Sleep(time.Duration(rand.IntN(4)) * time.Millisecond)
	}
	settled(t, nodes...)
	var took []time.Duration
	for _, n := range nodes[1:] {
		n.mu.Lock()
		for version, at := range made {
			took = append(took, n.arrived[version].Sub(at))
		}
		n.mu.Unlock()
		if !n.Banned(netip.MustParseAddr("10.1.0.7"), ban.UseSite) {
			t.Error("the ban is not in force")
		}
		until(t, "sessions are looked at", func() bool { return n.enforced.Load() > 0 })
	}
	slices.Sort(took)
	at := func(q float64) float64 { return took[int(q*float64(len(took)-1))].Seconds() * 1e3 }
	if len(took) != 2*bansMade || took[0] < -time.Second {
		t.Errorf("%d of %d arrived", len(took), 2*bansMade)
	}
	t.Logf("figure: %d bans in force on two other nodes after %.1f ms (p50), %.1f ms (p99), %.1f ms (max)", bansMade, at(0.5), at(0.99), at(1))
}

// fault is something that happens while bans are made, until it returns.
type fault struct {
	name   string
	happen func()
}

// through has every node ban and free the same 40 targets while faults happen, and checks
// what that comes to. It returns how long it took after each until all nodes had what any
// of them had done by its end.
func through(t *testing.T, nodes []*node, faults []fault, pauses time.Duration) {
	t.Helper()
	var h history
	rest := 40 // milliseconds at most
	if fullTrials() {
		rest = 8
	}
	done := make(chan struct{})
	var writers sync.WaitGroup
	stop := sync.OnceFunc(func() {
		close(done)
		writers.Wait()
	})
	t.Cleanup(stop)
	for i, n := range nodes {
		writers.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 5))
			for round := 0; ; round++ {
				select {
				case <-done:
					return
				case <-time.After(time.Duration(random.IntN(rest)) * time.Millisecond):
				}
				text := fmt.Sprintf("10.2.0.%d", random.IntN(40))
				says := fmt.Sprintf("%s %s%d", text, n.name, round)
				if random.IntN(3) == 0 {
					says = ""
				}
				h.write(t, n, text, says)
			}
		})
	}
	var recovered []string
	for _, f := range faults {
		time.Sleep(pauses)
		f.happen()
		took := caughtUp(t, nodes)
		recovered = append(recovered, fmt.Sprintf("%s %.1f s", f.name, took.Seconds()))
	}
	stop()
	settled(t, nodes...)
	wrong := h.check(nodes...)
	for _, text := range wrong {
		t.Error(text)
	}
	made, ended := h.count()
	t.Logf("figure: lost or wrong: %d of %d bans and %d ends on 40 targets of 3 nodes; all had all after: %s", len(wrong), made, ended, strings.Join(recovered, ", "))
}

// caughtUp waits until every node has what any has now, and returns how long that took.
func caughtUp(t *testing.T, nodes []*node) time.Duration {
	t.Helper()
	start := time.Now()
	want := map[string]uint64{}
	for _, n := range nodes {
		versions, err := known(n)
		if err != nil {
			t.Fatal(err)
		}
		for origin, version := range versions {
			want[origin] = max(want[origin], version)
		}
	}
	until(t, "all have what any had", func() bool {
		for _, n := range nodes {
			versions, err := known(n)
			if err != nil {
				t.Fatal(err)
			}
			for origin, version := range want {
				if versions[origin] < version {
					return false
				}
			}
		}
		return true
	})
	return time.Since(start)
}

// Trial C2: bans and ends of the same targets on all nodes, while Redis is emptied, cut
// off from a node, stopped and killed; with clocks an hour apart.
func TestC2BansThroughFaults(t *testing.T) {
	parallel(t)
	server := redistest.Start(t)
	proxies := []*redistest.Proxy{}
	nodes := []*node{}
	for i, name := range []string{"a", "b", "c"} {
		proxies = append(proxies, redistest.NewProxy(t, server.Addr()))
		n := newNode(t, name, proxies[i].URL())
		n.skew = time.Duration(i-1) * time.Hour
		n.start()
		nodes = append(nodes, n)
	}
	flush := fault{"FLUSHALL", func() { server.FlushAll(t) }}
	if !fullTrials() {
		through(t, nodes, []fault{flush, flush}, 150*time.Millisecond)
		return
	}
	cut := func(which int, d time.Duration) fault {
		return fault{fmt.Sprintf("a node cut off for %s", d), func() {
			proxies[which].Blackhole(true)
			time.Sleep(d)
			proxies[which].Blackhole(false)
		}}
	}
	through(t, nodes, []fault{
		flush,
		{"connections closed", func() { proxies[2].Cut() }},
		cut(1, 300*time.Millisecond), cut(0, 4*time.Second), cut(2, 8*time.Second),
		{"SIGSTOP for 4s", func() { server.Stop(t); time.Sleep(4 * time.Second); server.Continue(t) }},
		{"killed and back after 2s", func() { server.Kill(); time.Sleep(2 * time.Second); server.Restart(t) }},
		{"killed and back at once", func() { server.Restart(t) }},
		flush,
	}, time.Second)
}

// Trial C2: the same while a replica takes over that lags behind.
func TestC2BansThroughAFailover(t *testing.T) {
	if !fullTrials() {
		t.Skip("part of make trials")
	}
	parallel(t)
	trio := redistest.StartTrio(t)
	through(t, three(t, trio.URL()), []fault{{"Sentinel failover", func() {
		trio.Replica.Stop(t)
		time.Sleep(400 * time.Millisecond)
		trio.Primary.Kill()
		trio.Replica.Continue(t)
		until(t, "the replica has taken over", func() bool { return trio.Now() == trio.Replica.Addr() })
	}}}, time.Second)
}

// A primary that takes over with its clock behind has entries before those that were read.
func TestStreamThatIsPutBackIsReadAnew(t *testing.T) {
	parallel(t)
	server := redistest.Start(t)
	a, b := newNode(t, "a", server.URL()), newNode(t, "b", server.URL())
	a.start()
	b.start()
	a.add(t, "10.7.0.1")
	settled(t, a, b)
	server.Do(t, "DEL", "joingy:bans:{feed}")
	server.Do(t, "XADD", "joingy:bans:{feed}", "77-1", "f", "nonsense")
	until(t, "it is read anew", func() bool { return b.feed.Stats().Resets == 1 && b.feed.Stats().Refused == 1 })
	a.add(t, "10.7.0.2")
	settled(t, a, b)
	if b.Len() != 2 {
		t.Errorf("%d bans, want 2", b.Len())
	}
}

// Trial C2: a node dies for good when one other has what it did, and Redis is emptied.
func TestC2NodeDiesAfterOneHasItsBans(t *testing.T) {
	parallel(t)
	server := redistest.Start(t)
	a, b, c := newNode(t, "a", server.URL()), newNode(t, "b", server.URL()), newNode(t, "c", server.URL())
	a.start()
	b.start()
	var h history
	for i := range 50 {
		text := fmt.Sprintf("10.3.0.%d", i%40)
		h.write(t, a, text, map[bool]string{false: fmt.Sprintf("%s %d", text, i)}[i >= 40])
	}
	settled(t, a, b)
	a.end()
	if err := os.Remove(a.path); err != nil {
		t.Fatal(err)
	}
	server.FlushAll(t)
	c.start()
	took := settled(t, b, c)
	for _, wrong := range h.check(b, c) {
		t.Error(wrong)
	}
	t.Logf("figure: lost bans: %d of 40; one that joins has them after %.0f ms", 30-c.Len(), took.Seconds()*1e3)
}

// Trial C2: a node is put back from a backup that is older than what it has told others.
func TestC2NodeIsPutBackFromABackup(t *testing.T) {
	parallel(t)
	server := redistest.Start(t)
	nodes := three(t, server.URL())
	a := nodes[0]
	var h history
	for i := range 10 {
		text := fmt.Sprintf("10.4.0.%d", i)
		h.write(t, a, text, text+" before")
	}
	settled(t, nodes...)
	backup := a.copyStore()
	for i := range 10 {
		h.write(t, a, fmt.Sprintf("10.4.0.%d", i/2), "") // every other one finds nothing
		text := fmt.Sprintf("10.4.1.%d", i)
		h.write(t, a, text, text+" after")
	}
	settled(t, nodes...)
	a.end()
	server.FlushAll(t)
	if err := os.WriteFile(a.path, backup, 0o600); err != nil {
		t.Fatal(err)
	}
	a.start()
	for i := range 3 { // at once, before it has heard of what it has lost
		text := fmt.Sprintf("10.4.2.%d", i)
		h.write(t, a, text, text+" again")
	}
	// Its origin may change meanwhile, and what it has done with it: what it knew then
	// still says what it had heard of.
	took := settled(t, nodes...)
	until(t, "it says what others say", func() bool { return a.Len() == 18 })
	for _, n := range nodes[1:] {
		if n.says() != a.says() {
			t.Errorf("%s says\n%s\nand a\n%s", n.name, n.says(), a.says())
		}
	}
	t.Logf("figure: lost bans: %d of 18, of those that were ended came back: 0; alike after %.0f ms", 18-nodes[1].Len(), took.Seconds()*1e3)
}

// The checker of these trials sees it if something goes wrong.
func TestC2CheckerSeesSeededBugs(t *testing.T) {
	parallel(t)
	server := redistest.Start(t)
	for db, c := range []struct {
		name  string
		fault func([]json.RawMessage) []json.RawMessage
	}{
		{"an item is lost", func() func([]json.RawMessage) []json.RawMessage {
			lost := false
			return func(items []json.RawMessage) []json.RawMessage {
				if lost || len(items) == 0 {
					return items
				}
				lost = true
				return items[1:]
			}
		}()},
		{"ends are ignored", func(items []json.RawMessage) []json.RawMessage {
			return slices.DeleteFunc(items, func(text json.RawMessage) bool { return bytes.Contains(text, []byte(`"end":`)) })
		}},
		{"nothing", func(items []json.RawMessage) []json.RawMessage { return items }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url := fmt.Sprintf("%s/%d", server.URL(), db)
			a, b := newNode(t, "a", url), newNode(t, "b", url)
			b.fault = c.fault
			a.start()
			b.start()
			var h history
			for i := range 8 {
				text := fmt.Sprintf("10.5.0.%d", i)
				h.write(t, a, text, text+" first")
			}
			settled(t, a, b)
			for i := range 4 {
				h.write(t, a, fmt.Sprintf("10.5.0.%d", 2*i+1), "")
			}
			settled(t, a, b)
			wrong := h.check(a, b)
			if fine := c.name == "nothing"; fine != (len(wrong) == 0) {
				t.Errorf("the checker says %q", wrong)
			}
		})
	}
}

// What is trimmed before a node has read it, it gets from the others.
func TestStreamIsTrimmedBeforeItIsRead(t *testing.T) {
	parallel(t)
	server := redistest.Start(t)
	a, b := newNode(t, "a", server.URL()), newNode(t, "b", server.URL())
	a.start()
	a.add(t, "10.6.0.1")
	until(t, "it is published", func() bool { return a.feed.Stats().Published == 1 })
	for i := range 20 {
		a.add(t, fmt.Sprintf("10.6.1.%d", i))
	}
	until(t, "all are published", func() bool { return a.feed.Stats().Published == 21 })
	server.Do(t, "XTRIM", "joingy:bans:{feed}", "MAXLEN", "1")
	b.start()
	a.add(t, "10.6.2.1")
	settled(t, a, b)
	if b.Len() != 22 || b.says() != a.says() {
		t.Errorf("%d bans, want 22", b.Len())
	}
	if s := b.feed.Stats(); s.Gaps == 0 || s.Asked == 0 || s.Refused != 0 {
		t.Errorf("%+v, want gaps, and that it asked", s)
	}
}

func (n *node) add(t testing.TB, text string) {
	t.Helper()
	if _, err := n.Add(ban.Entry{Target: target(t, text), Reason: "because of " + text, By: "trial"}); err != nil {
		t.Fatal(err)
	}
}

// Redis sees nothing of what is banned, and what is not sealed with the cluster's key is
// refused.
func TestRedisSeesNothing(t *testing.T) {
	parallel(t)
	server := redistest.Start(t)
	a, b, stranger := newNode(t, "a", server.URL()), newNode(t, "b", server.URL()), newNode(t, "c", server.URL())
	stranger.opts.Key = [32]byte{9}
	for _, n := range []*node{a, b, stranger} {
		n.start()
	}
	a.add(t, "198.51.100.0/24")
	stranger.add(t, "192.0.2.0/24")
	server.Do(t, "XADD", "joingy:bans:{feed}", "*", "f", "nonsense")
	server.Do(t, "XADD", "joingy:bans:{feed}", "*", "g", "")
	a.add(t, "203.0.113.0/24")
	settled(t, a, b)
	until(t, "three are refused", func() bool { return b.feed.Stats().Refused >= 3 })
	if b.Len() != 2 {
		t.Errorf("%d bans, want 2", b.Len())
	}
	all := server.Do(t, "XRANGE", "joingy:bans:{feed}", "-", "+")
	for _, secret := range []string{"198.51.100", "because", "trial", "origin"} {
		if strings.Contains(all, secret) {
			t.Errorf("Redis sees %q", secret)
		}
	}
}
