package nodes_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/joingyd/joingyd/cluster/nodes"
	"github.com/joingyd/joingyd/cluster/redis"
	"github.com/joingyd/joingyd/cluster/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

var clusterKey = [32]byte{1, 2, 3}

// node is what a test has of a node.
type node struct {
	*nodes.Registry
	conn *redis.Conn

	mu     sync.Mutex
	events []string // guarded by mu
	drains []bool   // guarded by mu
}

// options are those of a node of this name.
func options(name string, edit ...func(*nodes.Options)) nodes.Options {
	o := nodes.Options{
		Self:   nodes.Self{Name: name, Version: "1.0", Protocol: nodes.Range{Min: 1, Max: 2}, Role: nodes.RoleAll, Relay: name + ".example.org"},
		Key:    clusterKey,
		Report: func() nodes.Report { return nodes.Report{Online: 10, BanKeys: []nodes.Fingerprint{"k1"}} },
	}
	o.Hurry()
	for _, e := range edit {
		e(&o)
	}
	return o
}

func dial(t *testing.T, url string) *redis.Conn {
	t.Helper()
	return redistest.Dial(t, redis.Options{URL: url})
}

// join joins a node that leaves at the end of the test, if it has not before.
func join(t *testing.T, conn *redis.Conn, o nodes.Options) *node {
	t.Helper()
	n := &node{conn: conn}
	o.Drain = func(on bool) {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.drains = append(n.drains, on)
	}
	var err error
	if n.Registry, err = nodes.Join(t.Context(), conn, o, nil); err != nil {
		t.Fatal(err)
	}
	n.Watch(func(e nodes.Event) {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.events = append(n.events, e.Kind.String()+" "+e.Node.Name)
	})
	t.Cleanup(n.Kill)
	return n
}

// told returns what the node was told of others.
func (n *node) told() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.events, ", ")
}

// until waits until ok.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func (n *node) sees(name string) bool {
	_, ok := n.Node(name)
	return ok
}

func TestNodesSeeEachOther(t *testing.T) {
	conn := dial(t, redistest.Shared(t).URL())
	a := join(t, conn, options("a"))
	b := join(t, conn, options("b", func(o *nodes.Options) { o.Self.Region, o.Self.Protocol = "eu", nodes.Range{Min: 2, Max: 3} }))
	until(t, "who joins sees who was there", func() bool { return b.sees("a") })
	until(t, "a sees b", func() bool { return a.sees("b") })
	if n, _ := a.Node("b"); n.Region != "eu" || n.Relay != "b.example.org" || n.Online != 10 || n.Incarnation != b.Self().Incarnation {
		t.Errorf("a has b as %+v", n)
	}
	if got := a.Online(); got != 20 {
		t.Errorf("%d online, want 20", got)
	}
	if a.Protocol() != 2 || b.Protocol() != 2 {
		t.Errorf("protocols %d and %d, want 2: the newest that both speak", a.Protocol(), b.Protocol())
	}
	if a.sees("a") || len(a.Alive()) != 1 {
		t.Errorf("alive: %v, want b alone", a.Alive())
	}
	b.Close()
	until(t, "a sees that b has left", func() bool { return !a.sees("b") })
	if got := a.told(); got != "joined b, left b" {
		t.Errorf("a was told %q", got)
	}
	again := join(t, conn, options("b")) // its name is free at once
	until(t, "a sees b again", func() bool { return a.sees("b") })
	if again.Err() != nil {
		t.Errorf("again: %v", again.Err())
	}
}

func TestKilledAndStartedAnew(t *testing.T) {
	t.Parallel()
	conn := dial(t, redistest.Start(t).URL())
	a, b := join(t, conn, options("a")), join(t, conn, options("b"))
	until(t, "a sees b", func() bool { return a.sees("b") })
	b.Kill()
	again := join(t, conn, options("b")) // while its record is still there
	until(t, "a sees b anew", func() bool { n, ok := a.Node("b"); return ok && n.Incarnation == again.Self().Incarnation })
	if got := a.told(); got != "joined b, left b, joined b" {
		t.Errorf("a was told %q", got)
	}
	again.Kill()
	until(t, "a sees that b is dead", func() bool { return !a.sees("b") })
}

func TestNameTaken(t *testing.T) {
	conn := dial(t, redistest.Shared(t).URL())
	first := join(t, conn, options("a"))
	_, err := nodes.Join(t.Context(), conn, options("a"), nil)
	if !errors.Is(err, nodes.ErrNameTaken) || !strings.Contains(err.Error(), "cluster.node: ") || !strings.Contains(err.Error(), "another name") {
		t.Errorf("a second a: %v, want ErrNameTaken and a remedy", err)
	}
	if first.Err() != nil {
		t.Errorf("the first: %v", first.Err())
	}
}

// TestNameLost is of a node that was halted for long: another has its name when it goes
// on.
func TestNameLost(t *testing.T) {
	t.Parallel()
	conn := dial(t, redistest.Start(t).URL())
	a := join(t, conn, options("a"))
	join(t, conn, options("b"))
	until(t, "a sees b", func() bool { return a.sees("b") })
	other := a.Self()
	other.Incarnation = "OTHER"
	counter := uint64(1)
	until(t, "a knows that its name is another's", func() bool {
		counter++
		nodes.Write(t, conn, clusterKey, other, counter)
		return errors.Is(a.Err(), nodes.ErrNameTaken)
	})
	if len(a.Alive()) != 0 {
		t.Errorf("without a name of its own it sees %v, want nobody", a.Alive())
	}
	until(t, "the name is a's again", func() bool { return a.Err() == nil && a.sees("b") })
	if got := a.told(); got != "joined b, left b, joined b" {
		t.Errorf("a was told %q", got)
	}
}

func TestRefused(t *testing.T) {
	conn := dial(t, redistest.Shared(t).URL())
	join(t, conn, options("a", func(o *nodes.Options) {
		o.Report = func() nodes.Report {
			return nodes.Report{BanKeys: []nodes.Fingerprint{"k2", "k1"}, AgeKeys: []nodes.Fingerprint{"a1"}}
		}
	}))
	keys := func(list ...nodes.Fingerprint) func(o *nodes.Options) {
		return func(o *nodes.Options) { o.Report = func() nodes.Report { return nodes.Report{BanKeys: list} } }
	}
	protocol := func(low, high int) func(o *nodes.Options) {
		return func(o *nodes.Options) { o.Self.Protocol = nodes.Range{Min: low, Max: high} }
	}
	for _, tt := range []struct {
		name string
		edit func(*nodes.Options)
		want error
		text []string
	}{
		{"another cluster key", func(o *nodes.Options) { o.Key, o.ClusterKeyPath = [32]byte{9}, "/x/cluster.key" }, nodes.ErrKey,
			[]string{"cluster.key_file: ", "of node a", "copy the file from there to /x/cluster.key"}},
		{"another ban key", func(o *nodes.Options) { keys("k3")(o); o.BanKeyPath = "/x/ban.key" }, nodes.ErrKey,
			[]string{"ban key: ", "of node a", "copy ban.key from there to /x/ban.key"}},
		{"another age key", func(o *nodes.Options) {
			o.Report = func() nodes.Report { return nodes.Report{AgeKeys: []nodes.Fingerprint{"a2"}} }
		}, nodes.ErrKey, []string{"age key: ", "of node a", "copy age-pass.key from there to age-pass.key"}},
		{"a ban key that was replaced", keys("k1"), nil, nil},
		{"a ban key newer still", keys("k3", "k2"), nil, nil},
		{"one version newer", protocol(2, 3), nil, nil},
		{"one version older", protocol(0, 1), nil, nil},
		{"two versions newer", protocol(3, 4), nodes.ErrProtocol, []string{"this node speaks protocol 3 to 4", "node a (1.0) 1 to 2", "bring a (1.0) to the version just before that of this one"}},
		{"two versions older", protocol(0, 0), nodes.ErrProtocol, []string{"this node speaks protocol 0,", "bring this one (1.0) to the version just before that of a (1.0)"}},
		{"no name", func(o *nodes.Options) { o.Self.Name = "a b" }, errors.New(""), []string{`"a b" is no name`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := nodes.Join(t.Context(), conn, options("b", tt.edit), nil)
			if err == nil {
				r.Close()
			}
			if (err == nil) != (tt.want == nil) || tt.want != nil && tt.want.Error() != "" && !errors.Is(err, tt.want) {
				t.Fatalf("%v, want %v", err, tt.want)
			}
			for _, text := range tt.text {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("%q does not say %q", err, text)
				}
			}
		})
	}
}

// TestForeignRecords is of what others write into Redis: no node, no relay.
func TestForeignRecords(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	conn := dial(t, server.URL())
	a := join(t, conn, options("a"))
	evil := a.Self()
	evil.Name, evil.Relay, evil.Incarnation = "evil", "evil.example.org", "EVIL"
	nodes.Write(t, conn, [32]byte{66}, evil, 1)
	server.Do(t, "SET", "joingy:node:{words}", "some words here")
	server.Do(t, "SADD", "joingy:nodes", "words", "a b", "nobody")
	skewed := a.Self()
	skewed.Name, skewed.Incarnation, skewed.Started = "skewed", "S", time.Now().Add(-24*time.Hour)
	nodes.Write(t, conn, clusterKey, skewed, 1)
	until(t, "a sees the one with a clock of yesterday", func() bool { return a.sees("skewed") })
	until(t, "the name without a record is forgotten", func() bool { return server.Do(t, "SISMEMBER", "joingy:nodes", "nobody") == "0" })
	if strings.Contains(a.told(), "evil") || strings.Contains(a.told(), "words") {
		t.Errorf("a was told %q", a.told())
	}
}

// TestRedisAway kills Redis, and has it back empty: nobody has left meanwhile.
func TestRedisAway(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	a, b := join(t, dial(t, server.URL()), options("a")), join(t, dial(t, server.URL()), options("b"))
	until(t, "a sees b", func() bool { return a.sees("b") })
	server.Kill()
	until(t, "both see that redis is down", func() bool { return a.conn.State() == redis.Down && b.conn.State() == redis.Down })
	if !a.sees("b") || !b.sees("a") || a.Err() != nil {
		t.Error("with redis down a node has died")
	}
	early := func() *redis.Conn { // before redis is there
		opts := redis.Options{URL: server.URL()}
		opts.Patient()
		conn, err := redis.Dial(t.Context(), opts, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(conn.Close)
		return conn
	}
	late := join(t, early(), options("late"))
	if !errors.Is(late.Err(), nodes.ErrNotYet) {
		t.Errorf("who starts while redis is down: %v, want ErrNotYet", late.Err())
	}
	clash := join(t, early(), options("a"))
	server.Restart(t)
	until(t, "all see each other", func() bool { return late.sees("b") && b.sees("late") && b.sees("a") })
	until(t, "one of those with one name is refused", func() bool {
		return errors.Is(a.Err(), nodes.ErrNameTaken) != errors.Is(clash.Err(), nodes.ErrNameTaken)
	})
	if a.told() == "" || strings.Contains(b.told(), "left b") {
		t.Errorf("a was told %q, b %q", a.told(), b.told())
	}
}

func TestFlush(t *testing.T) {
	server := redistest.Shared(t)
	conn := dial(t, server.URL())
	a, b := join(t, conn, options("a")), join(t, conn, options("b"))
	until(t, "a sees b", func() bool { return a.sees("b") })
	for range 3 {
		server.FlushAll(t)
		until(t, "both have written their records again", func() bool { return server.Do(t, "SCARD", "joingy:nodes") == "2" })
	}
	if a.told() != "joined b" || b.told() != "joined a" {
		t.Errorf("a was told %q, b %q; want nothing of the flush", a.told(), b.told())
	}
}

func TestDrain(t *testing.T) {
	t.Parallel()
	conn := dial(t, redistest.Start(t).URL())
	a, b := join(t, conn, options("a")), join(t, conn, options("b"))
	until(t, "a sees b", func() bool { return a.sees("b") })
	if n, err := a.Drain(t.Context(), "b", false); err != nil || !n.Draining || !b.Draining() {
		t.Fatalf("drain b: %+v, %v", n, err)
	}
	b.Kill()
	b = join(t, conn, options("b"))
	if !b.Draining() {
		t.Error("b forgot that it is to be drained when it started anew")
	}
	until(t, "a sees b anew", func() bool { n, ok := a.Node("b"); return ok && n.Incarnation == b.Self().Incarnation })
	if n, err := a.Drain(t.Context(), "b", true); err != nil || n.Draining || b.Draining() {
		t.Errorf("drain b --off: %+v, %v", n, err)
	}
	if n, err := b.Drain(t.Context(), "b", false); err != nil || !n.Draining || !b.Draining() {
		t.Errorf("b drains itself: %+v, %v", n, err)
	}
	if _, err := a.Drain(t.Context(), "c", false); !errors.Is(err, nodes.ErrUnknown) || !strings.Contains(err.Error(), `"c"`) {
		t.Errorf("drain nobody: %v", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.drains) != 3 || !b.drains[0] || b.drains[1] || !b.drains[2] {
		t.Errorf("b was told %v, want true, false, true", b.drains)
	}
}

// TestCluster has keys of one slot only in each command.
func TestCluster(t *testing.T) {
	t.Parallel() // it waits 2 s for Redis
	conn := dial(t, redistest.StartCluster(t, 1)[0].URL())
	a, b := join(t, conn, options("a")), join(t, conn, options("b"))
	until(t, "a sees b", func() bool { return a.sees("b") })
	if _, err := b.Drain(t.Context(), "a", false); err != nil {
		t.Error(err)
	}
}
