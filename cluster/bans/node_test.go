package bans_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/cluster/bans"
	"github.com/joingyd/joingyd/cluster/redis"
)

// fullTrials reports whether this is `make trials`.
func fullTrials() bool { return os.Getenv("TRIALS") == "full" }

// parallel lets tests that wait do so together, but for trials, whose figures are read in
// the order of the output.
func parallel(t *testing.T) {
	if !fullTrials() {
		t.Parallel()
	}
}

var clusterKey = [32]byte{7}

// node is a store, its feed, and heartbeats over the same connection.
type node struct {
	t     *testing.T
	name  string
	url   string
	skew  time.Duration
	path  string
	fault func(items []json.RawMessage) []json.RawMessage // a bug in what is applied; nil: none
	opts  bans.Options

	*ban.Store
	feed     *bans.Feed
	conn     *redis.Conn
	enforced atomic.Int64
	end      func()

	mu      sync.Mutex
	digest  map[string]uint64            // guarded by mu
	others  map[string]map[string]uint64 // guarded by mu
	arrived map[uint64]time.Time         // guarded by mu: of versions of watch
	watch   string                       // an origin
}

func newNode(t *testing.T, name, url string) *node {
	dir, err := os.MkdirTemp("/dev/shm", "joingyd-bans-")
	if err != nil {
		dir = t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return &node{t: t, name: name, url: url, path: filepath.Join(dir, "joingyd.db"), arrived: map[uint64]time.Time{}}
}

// start opens the store and runs the feed until stop or the end of the test.
func (n *node) start() {
	n.t.Helper()
	var err error
	n.Store, err = ban.Open(n.path, ban.Keys{{1}}, &ban.Options{Node: n.name, Now: func() time.Time { return time.Now().Add(n.skew) }})
	if err != nil {
		n.t.Fatal(err)
	}
	if n.conn, err = redis.Dial(n.t.Context(), redis.Options{URL: n.url}, nil); err != nil {
		n.t.Fatal(err)
	}
	opts := n.opts
	opts.Node, opts.Store, opts.Peers = n.name, (*watched)(n), n
	if opts.Key == ([32]byte{}) {
		opts.Key = clusterKey
	}
	opts.Enforce = func(concerns func(netip.Addr) bool) int {
		n.enforced.Add(1)
		return 0
	}
	if n.feed, err = bans.New(n.conn, opts); err != nil {
		n.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(n.t.Context()) // the nodes of a test end together
	var group sync.WaitGroup
	group.Go(func() {
		if err := n.feed.Run(ctx); err != nil {
			n.t.Error(err)
		}
	})
	group.Go(func() { n.beat(ctx) })
	n.end = sync.OnceFunc(func() {
		cancel()
		group.Wait()
		n.conn.Close()
		if err := n.Close(); err != nil {
			n.t.Error(err)
		}
	})
	n.t.Cleanup(n.end)
}

// Announce and Digests are the registry of the test: a key a node, which ends by itself.
func (n *node) Announce(digest map[string]uint64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.digest = digest
}

func (n *node) Digests() map[string]map[string]uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return maps.Clone(n.others)
}

func (n *node) beat(ctx context.Context) {
	for ctx.Err() == nil {
		n.beatOnce(ctx)
		select {
		case <-ctx.Done():
		case <-time.After(250 * time.Millisecond):
		}
	}
}

func (n *node) beatOnce(ctx context.Context) {
	ctx, cancel := n.conn.Context(ctx)
	defer cancel()
	client := n.conn.Client()
	n.mu.Lock()
	digest, err := json.Marshal(n.digest)
	n.mu.Unlock()
	if err != nil {
		n.t.Error(err)
	}
	client.Do(ctx, client.B().Set().Key("test:beat:"+n.name).Value(string(digest)).Px(2*time.Second).Build())
	others := map[string]map[string]uint64{}
	for _, name := range []string{"a", "b", "c"} {
		if name == n.name {
			continue
		}
		if text, err := client.Do(ctx, client.B().Get().Key("test:beat:"+name).Build()).ToString(); err == nil {
			var theirs map[string]uint64
			if err := json.Unmarshal([]byte(text), &theirs); err != nil {
				n.t.Error(err)
			}
			others[name] = theirs
		}
	}
	n.mu.Lock()
	n.others = others
	n.mu.Unlock()
}

// watched is the store of a node as the feed sees it: with a bug, or watched when what
// arrives is in force.
type watched node

func (w *watched) Origin() (string, error)                              { return w.Store.Origin() }
func (w *watched) Version(origin string) (uint64, error)                { return w.Store.Version(origin) }
func (w *watched) Digest() (map[string]uint64, error)                   { return w.Store.Digest() }
func (w *watched) Fed() <-chan struct{}                                 { return w.Store.Fed() }
func (w *watched) Learn(d map[string]uint64) (map[string]uint64, error) { return w.Store.Learn(d) }
func (w *watched) Items(origin string, after uint64, most int) ([]byte, uint64, error) {
	return w.Store.Items(origin, after, most)
}

func (w *watched) Apply(batches ...[]byte) (func(netip.Addr) bool, error, error) {
	if w.fault != nil {
		for n, text := range batches {
			var batch map[string]json.RawMessage
			var items []json.RawMessage
			if err := errors.Join(json.Unmarshal(text, &batch), json.Unmarshal(batch["items"], &items)); err != nil {
				w.t.Error(err)
			}
			kept := w.fault(items)
			batch["items"], _ = json.Marshal(kept)
			batches[n], _ = json.Marshal(batch)
		}
	}
	concerns, refused, err := w.Store.Apply(batches...)
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.watch != "" {
		version, _ := w.Store.Version(w.watch)
		for v := version; v > 0 && w.arrived[v].IsZero(); v-- {
			w.arrived[v] = now
		}
	}
	return concerns, refused, err
}

// says is all that a store says, but for the ids.
func (n *node) says() string {
	n.t.Helper()
	var lines []string
	for b, err := range n.Active() {
		if err != nil {
			n.t.Fatal(err)
		}
		b.ID = 0
		lines = append(lines, fmt.Sprintf("%+v", b))
	}
	allowed, err := n.Allowed()
	if err != nil {
		n.t.Fatal(err)
	}
	for _, a := range allowed {
		lines = append(lines, fmt.Sprintf("%+v", a))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// until waits for something that has to come.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// settled waits until all know the same, and returns how long that took.
func settled(t *testing.T, nodes ...*node) time.Duration {
	t.Helper()
	start := time.Now()
	until(t, "all know the same", func() bool { return level(t, nodes...) })
	return time.Since(start)
}

// level reports whether all nodes have the same of every log.
func level(t *testing.T, nodes ...*node) bool {
	t.Helper()
	first, err := nodes[0].Digest()
	for _, n := range nodes[1:] {
		digest, err2 := n.Digest()
		if err = errors.Join(err, err2); err == nil && !maps.Equal(digest, first) {
			return false
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return true
}

func target(t testing.TB, text string) ban.Target {
	t.Helper()
	target, err := ban.ParseTarget(text)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// copyStore returns the file of a store as a backup has it.
func (n *node) copyStore() []byte {
	n.t.Helper()
	file, _, err := n.Copy()
	if err != nil {
		n.t.Fatal(err)
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil {
		n.t.Fatal(err)
	}
	return content
}
