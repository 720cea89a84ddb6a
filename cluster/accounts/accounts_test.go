package accounts_test

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/joingyd/joingyd/cluster/accounts"
	"github.com/joingyd/joingyd/cluster/redis"
	"github.com/joingyd/joingyd/cluster/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// site is nodes with one clock.
type site struct {
	*testing.T
	server *redistest.Server
	conn   *redis.Conn
	now    time.Time
	live   []string
}

func newSite(t *testing.T) *site {
	server := redistest.Shared(t)
	return &site{T: t, server: server, conn: redistest.Dial(t, redis.Options{URL: server.URL()}), now: time.Unix(1_800_000_000, 0)}
}

// node starts a process.
func (s *site) node(process string) *node {
	s.live = append(s.live, process)
	return &node{s, accounts.New(s.conn, accounts.Options{
		Key: [32]byte{1}, Process: process, Live: func() string { return strings.Join(s.live, " ") }, Now: func() time.Time { return s.now },
	})}
}

type node struct {
	site *site
	*accounts.Accounts
}

// usual is an entry that has nothing to tell.
func usual(of string) accounts.Entry {
	return accounts.Entry{
		Of: of, Most: 3, Score: accounts.Score{HalfLife: time.Minute, Most: 100}, Marks: accounts.Marks{Window: time.Hour, Most: 4},
		Buckets: []accounts.Bucket{{Rate: 2, Burst: 10}, {Rate: 0.1, Burst: 5}},
	}
}

// tell settles an entry that change made of the usual one.
func (n *node) tell(of string, change func(*accounts.Entry)) accounts.Standing {
	n.site.Helper()
	e := usual(of)
	if change != nil {
		change(&e)
	}
	got := n.Settle(n.site.Context(), []accounts.Entry{e})
	if len(got) != 1 || !got[0].Known {
		n.site.Fatalf("settled: %+v", got)
	}
	return got[0]
}

func (n *node) seats(of string, held, wanted int) (elsewhere int) {
	n.site.Helper()
	return n.tell(of, func(e *accounts.Entry) { e.Held, e.Wanted = held, wanted }).Elsewhere
}

func (s *site) keys() []string {
	s.Helper()
	client := s.conn.Client()
	keys, err := client.Do(s.Context(), client.B().Keys().Pattern("*").Build()).AsStrSlice()
	if err != nil {
		s.Fatal(err)
	}
	var own []string
	for _, key := range keys {
		if strings.HasPrefix(key, "joingy:account:") {
			own = append(own, key)
		}
	}
	return own
}

func TestSeats(t *testing.T) {
	s := newSite(t)
	a, b := s.node("a"), s.node("b")
	if got := a.seats("x", 0, 2); got != 0 {
		t.Errorf("before anybody: %d elsewhere", got)
	}
	if got := b.seats("x", 0, 5); got != 2 { // which leaves it one of the three
		t.Errorf("b sees %d elsewhere", got)
	}
	if got := a.seats("x", 2, 1); got != 1 {
		t.Errorf("a sees %d elsewhere: b got more than were left", got)
	}
	if got := b.seats("x", 4, 0); got != 2 { // sessions move, and what is there is there
		t.Errorf("b sees %d elsewhere", got)
	}
	if got := a.seats("x", 2, 0); got != 4 {
		t.Errorf("a sees %d elsewhere of what is held", got)
	}
	if got := a.seats("y", 0, 0); got != 0 {
		t.Errorf("another account has %d elsewhere", got)
	}
	s.live = []string{"a"} // b is killed
	if got := a.seats("x", 2, 0); got != 0 {
		t.Errorf("%d seats of a process that is no more", got)
	}
	s.live = []string{"a", "b"} // or was not heard of for a while
	if got := a.seats("x", 2, 0); got != 4 {
		t.Errorf("%d seats of a process that is back", got)
	}
	a.seats("x", 0, 0)
	s.now = s.now.Add(accounts.Lasts) // that b tells nothing
	if got := a.seats("x", 0, 0); got != 0 {
		t.Errorf("%d seats that were not told again", got)
	}
	if keys := s.keys(); len(keys) != 0 {
		t.Errorf("left over: %q", keys)
	}
}

// Of many that ask at once each seat goes to one.
func TestLastSeats(t *testing.T) {
	s := newSite(t)
	var nodes []*node
	for i := range 8 {
		nodes = append(nodes, s.node(fmt.Sprint("p", i)))
	}
	got := make([]int, len(nodes))
	var all sync.WaitGroup
	for i, n := range nodes {
		all.Go(func() {
			e := usual("x")
			e.Most, e.Wanted = 20, 5
			for _, standing := range n.Settle(t.Context(), []accounts.Entry{e}) {
				got[i] = max(0, min(5, 20-standing.Elsewhere))
			}
		})
	}
	all.Wait()
	given := 0
	for _, n := range got {
		given += n
	}
	if given != 20 {
		t.Errorf("%d seats given of 20: %v", given, got)
	}
}

func TestBuckets(t *testing.T) {
	s := newSite(t)
	a, b := s.node("a"), s.node("b")
	spend := func(n *node, first, second float64) []float64 {
		t.Helper()
		return n.tell("x", func(e *accounts.Entry) { e.Buckets[0].Spent, e.Buckets[1].Spent = first, second }).Missing
	}
	check := func(got []float64, first, second float64) {
		t.Helper()
		if len(got) != 2 || math.Abs(got[0]-first) > 0.01 || math.Abs(got[1]-second) > 0.01 {
			t.Errorf("missing %v, want %v, %v", got, first, second)
		}
	}
	check(spend(a, 4, 1), 4, 1)
	check(spend(b, 3, 1), 7, 2)
	s.now = s.now.Add(3 * time.Second)
	check(spend(a, 0, 0), 1, 1.7)
	check(spend(b, 100, 0), 10, 1.7) // nobody is kept out for longer than an empty bucket takes
	s.now = s.now.Add(-time.Minute)  // Redis' clock is set
	check(spend(a, 0, 0), 10, 1.7)
	s.now = s.now.Add(3 * time.Minute)
	check(spend(a, 0, 0), 0, 0)
	if keys := s.keys(); len(keys) != 0 {
		t.Errorf("left over: %q", keys)
	}
}

func TestScoreAndMarks(t *testing.T) {
	s := newSite(t)
	a, b := s.node("a"), s.node("b")
	a.tell("x", func(e *accounts.Entry) { e.Score.Added, e.Marks.Added = 8, 1 })
	s.now = s.now.Add(time.Minute)
	got := b.tell("x", func(e *accounts.Entry) { e.Score.Added, e.Marks.Added = 4, 2 })
	if got.Points != 8 || fmt.Sprint(got.Marks) != "[1m0s 0s 0s]" {
		t.Errorf("after a minute: %v points, marks %v", got.Points, got.Marks)
	}
	if got := a.tell("x", func(e *accounts.Entry) { e.Score.Added, e.Marks.Added = 1000, 2 }); got.Points != 100 || len(got.Marks) != 4 {
		t.Errorf("more than there can be: %v points, marks %v", got.Points, got.Marks)
	}
	s.now = s.now.Add(time.Hour)
	if got := b.tell("x", nil); got.Points != 0 || len(got.Marks) != 0 {
		t.Errorf("after an hour: %v points, marks %v", got.Points, got.Marks)
	}
	b.tell("x", func(e *accounts.Entry) { e.Marks.Added = 3 })
	if got := a.tell("x", func(e *accounts.Entry) { e.Marks.Clear, e.Marks.Added = true, 1 }); len(got.Marks) != 1 {
		t.Errorf("after they were cleared: %v", got.Marks)
	}
}

func TestWeights(t *testing.T) {
	s := newSite(t)
	a, b, c := s.node("a"), s.node("b"), s.node("c")
	weigh := func(n *node, weight float64) float64 {
		t.Helper()
		return n.tell("x", func(e *accounts.Entry) { e.Weight = weight }).Weight
	}
	weigh(a, 0.25)
	if got := weigh(b, 0.5); got != 0.25 {
		t.Errorf("b hears %v", got)
	}
	if got := weigh(c, 0); got != 0.75 {
		t.Errorf("c hears %v", got)
	}
	weigh(a, 0) // it was nothing after all
	if got := weigh(c, 0); got != 0.5 {
		t.Errorf("c hears %v", got)
	}
	s.now = s.now.Add(accounts.Lasts)
	if got := weigh(c, 0); got != 0 || len(s.keys()) != 0 {
		t.Errorf("c hears %v of what was said long ago", got)
	}
}

// What Redis forgets is told again, and who uses it sees neither names nor addresses.
func TestForgottenAndUnnamed(t *testing.T) {
	s := newSite(t)
	a, b := s.node("a"), s.node("b")
	take := func(n *node) accounts.Standing {
		return n.tell("192.0.2.77", func(e *accounts.Entry) { e.Held = 1 })
	}
	if !take(a).Forgotten || take(a).Forgotten {
		t.Error("the first and only the first is new to Redis")
	}
	keys := s.keys()
	if len(keys) != 1 || strings.Contains(keys[0], "192") {
		t.Errorf("keys: %q", keys)
	}
	client := s.conn.Client()
	value, err := client.Do(t.Context(), client.B().Get().Key(keys[0]).Build()).ToString()
	if err != nil || strings.Contains(value, "192") {
		t.Errorf("value: %q, %v", value, err)
	}
	s.server.FlushAll(t)
	s.server.Do(t, "SCRIPT", "FLUSH")
	if got := take(b); !got.Forgotten || got.Elsewhere != 0 {
		t.Errorf("after all was lost: %+v", got)
	}
	if got := take(a); !got.Forgotten || got.Elsewhere != 1 {
		t.Errorf("after all was lost: %+v", got)
	}
	s.server.Do(t, "SET", keys[0], "not an account")
	if got := take(a); !got.Forgotten || got.Elsewhere != 0 {
		t.Errorf("over something else: %+v", got)
	}
}

// On the servers of a Redis Cluster accounts are wherever their names' slots are.
func TestCluster(t *testing.T) {
	t.Parallel()
	servers := redistest.StartCluster(t, 2)
	conn := redistest.Dial(t, redis.Options{URL: servers[0].URL() + "," + servers[1].Addr()})
	a := accounts.New(conn, accounts.Options{Process: "a", Live: func() string { return "b" }})
	entries := make([]accounts.Entry, 60)
	for round := range 2 {
		for i := range entries {
			entries[i] = usual(fmt.Sprint("account ", i))
			entries[i].Held = 1
		}
		for i, s := range a.Settle(t.Context(), entries) {
			if !s.Known || s.Forgotten != (round == 0) {
				t.Fatalf("account %d, time %d: %+v", i, round, s)
			}
		}
	}
}

func TestUnanswered(t *testing.T) {
	s := newSite(t)
	a := s.node("a")
	over, end := context.WithCancel(t.Context())
	end()
	got := a.Settle(over, []accounts.Entry{usual("x"), usual("y")})
	if len(got) != 2 || got[0].Known || got[1].Known {
		t.Errorf("settled: %+v", got)
	}
	if stats := a.Stats(); stats.Failed != 2 || stats.Told != 0 {
		t.Errorf("%+v", stats)
	}
}

// BenchmarkSettle is the cost of one entry of another address each, in batches as a hub has
// them when many come at once.
func BenchmarkSettle(b *testing.B) {
	server := redistest.Start(b)
	conn := redistest.Dial(b, redis.Options{URL: server.URL()})
	for _, batch := range []int{1, 16, 128} {
		b.Run(fmt.Sprint(batch), func(b *testing.B) {
			a := accounts.New(conn, accounts.Options{Process: "aaaaaaaa", Live: func() string { return strings.Repeat("bbbbbbbb ", 19) }})
			before, n := processor(b, server), 0
			b.ReportAllocs()
			for b.Loop() {
				entries := make([]accounts.Entry, batch)
				for i := range entries {
					entries[i] = usual(fmt.Sprint("address", (n+i)%50_000))
					entries[i].Buckets = append(entries[i].Buckets, entries[i].Buckets...)
					entries[i].Held, entries[i].Wanted, entries[i].Buckets[1].Spent = 0, 1, 1
				}
				for _, standing := range a.Settle(b.Context(), entries) {
					if !standing.Known {
						b.Fatal("no answer")
					}
				}
				n += batch
			}
			b.ReportMetric(float64((processor(b, server)-before).Microseconds())/float64(n), "µs-of-Redis/entry")
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}

// processor is the processor time that Redis has taken.
func processor(b *testing.B, server *redistest.Server) (took time.Duration) {
	for _, field := range []string{"used_cpu_user", "used_cpu_sys"} {
		seconds, err := strconv.ParseFloat(server.Info(b, field), 64)
		if err != nil {
			b.Fatal(err)
		}
		took += time.Duration(seconds * float64(time.Second))
	}
	return took
}
