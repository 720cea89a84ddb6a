package ban_test

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/joingyd/joingyd/ban"
)

// node is a store of a cluster.
type node struct {
	*fixture
	name string
	opts ban.Options
}

func newNode(t testing.TB, name string, at time.Time) *node {
	t.Helper()
	n := &node{fixture: &fixture{clock: &clock{now: at}, path: filepath.Join(quickDir(t), "joingyd.db"), keys: testKeys}, name: name}
	n.opts = ban.Options{Now: n.Now, HistoryFor: 30 * 24 * time.Hour, WidenAfter: 3, Node: name}
	n.start(t)
	t.Cleanup(func() { n.Close() })
	return n
}

func (n *node) start(t testing.TB) {
	t.Helper()
	store, err := ban.Open(n.path, n.keys, &n.opts)
	if err != nil {
		t.Fatal(err)
	}
	n.Store = store
}

// without does something to the closed store as a program that knows of no cluster.
func (n *node) without(t testing.TB, change func(*ban.Store)) {
	t.Helper()
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	opts := n.opts
	opts.Node = ""
	store, err := ban.Open(n.path, n.keys, &opts)
	if err != nil {
		t.Fatal(err)
	}
	change(store)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	n.start(t)
}

// pull gets from another store what n lacks, most bytes at a time.
func (n *node) pull(t testing.TB, from *node, most int) {
	t.Helper()
	for range 1000 {
		digest, err := from.Digest()
		if err != nil {
			t.Fatal(err)
		}
		lacks, err := n.Learn(digest)
		if err != nil {
			t.Fatal(err)
		}
		if len(lacks) == 0 {
			return
		}
		for origin, after := range lacks {
			for {
				batch, to, err := from.Items(origin, after, most)
				if err != nil {
					t.Fatal(err)
				}
				if batch == nil {
					break
				}
				_, refused, err := n.Apply(batch)
				err = errors.Join(refused, err)
				if errors.Is(err, ban.ErrForked) {
					return // until the other has learned of it
				}
				if err != nil {
					t.Fatalf("%s takes %s from %d of %s: %v", n.name, origin, after, from.name, err)
				}
				after = to
			}
		}
	}
	t.Fatalf("%s and %s do not come to an end", n.name, from.name)
}

// exchange has all stores know what all know.
func exchange(t testing.TB, nodes ...*node) {
	t.Helper()
	for range 3 {
		for _, a := range nodes {
			for _, b := range nodes {
				if a != b {
					a.pull(t, b, 1<<20)
				}
			}
		}
	}
}

// says is all that a store says, but for the ids of its bans.
func (n *node) says(t testing.TB) string {
	t.Helper()
	var lines []string
	for _, b := range n.list(t) {
		b.ID = 0
		lines = append(lines, fmt.Sprintf("%+v", b))
	}
	allowed, err := n.Allowed()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range allowed {
		lines = append(lines, fmt.Sprintf("%+v", a))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func alike(t testing.TB, nodes ...*node) {
	t.Helper()
	for _, n := range nodes[1:] {
		if got, want := n.says(t), nodes[0].says(t); got != want {
			t.Fatalf("%s says\n%s\nand %s\n%s", n.name, got, nodes[0].name, want)
		}
	}
	for _, n := range nodes {
		if r, err := n.Verify(); err != nil || len(r.Problems) > 0 || r.Unlogged > 0 {
			t.Fatalf("%s: %+v, %v", n.name, r, err)
		}
	}
}

func TestWhatIsDoneAtOneNodeIsDoneAtAll(t *testing.T) {
	a, b := newNode(t, "a", noon), newNode(t, "b", noon.Add(-time.Hour))
	made := a.add(t, "203.0.113.7", 0)
	a.add(t, "2001:db8:7::/64", 48*time.Hour)
	a.add(t, "198.51.100.0/24", time.Hour)
	if _, err := a.Add(ban.Entry{Target: parse(t, "203.0.113.9"), Scope: ban.ScopeRelay, KeepAddress: true, Note: "n", By: "auto:x", Report: "k7m2x4q6", Shared: true, Until: noon.Add(5 * time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Allow(parse(t, "198.51.100.7"), "school", "alice"); err != nil {
		t.Fatal(err)
	}
	exchange(t, a, b)
	alike(t, a, b)
	for addr, want := range map[string]bool{"203.0.113.7": true, "2001:db8:7::5": true, "198.51.100.9": true, "198.51.100.7": false, "203.0.113.9": false} {
		if b.banned(addr) != want {
			t.Errorf("%s at b: banned %v, want %v", addr, !want, want)
		}
	}
	if !b.Banned(netip.MustParseAddr("203.0.113.9"), ban.UseRelay) {
		t.Error("the ban from the relay is not in force at b")
	}
	if got, found, err := b.Get(made.ID); err != nil || !found || got.Reason != made.Reason {
		t.Errorf("at b the id %s is of %+v, %v", made.ID, got, err)
	}
	// What b does, though its clock is behind, comes after what it has heard of.
	if _, err := b.Remove(parse(t, "203.0.113.7"), "", "bob"); err != nil {
		t.Fatal(err)
	}
	b.add(t, "2001:db8:7::/64", 3*time.Hour) // shorter, in its place
	if _, err := b.Disallow(parse(t, "198.51.100.7")); err != nil {
		t.Fatal(err)
	}
	exchange(t, a, b)
	alike(t, a, b)
	if a.banned("203.0.113.7") || !a.banned("198.51.100.7") {
		t.Error("what b has done is not in force at a")
	}
	history := a.history(t)
	if len(history) != 2 || history[0].By != "bob" || history[0].How != ban.HowRemoved || history[1].How != ban.HowReplaced {
		t.Errorf("history at a: %+v", history)
	}
}

func TestConflicts(t *testing.T) {
	const target = "203.0.113.7"
	bans := func(d time.Duration, weak bool) func(testing.TB, *node) {
		return func(t testing.TB, n *node) {
			e := ban.Entry{Target: parse(t, target), Reason: n.name, By: "root", NeverSooner: weak}
			if d != 0 {
				e.Until = noon.Add(d)
			}
			if _, err := n.AddAll([]ban.Entry{e}); err != nil {
				t.Fatal(err)
			}
		}
	}
	unbans := func(t testing.TB, n *node) {
		if _, err := n.Remove(parse(t, target), "", n.name); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name   string
		before func(testing.TB, *node) // at a, known to all
		early  func(testing.TB, *node) // at a
		late   func(testing.TB, *node) // at b, whose clock is ahead
		want   string                  // the reason of the ban that is in force; empty: none
	}{
		{"the later ban stays", nil, bans(time.Hour, false), bans(30*time.Minute, false), "b"},
		{"the later end stays", bans(0, false), bans(time.Hour, false), unbans, ""},
		{"the later ban stays, though the target was freed", bans(0, false), unbans, bans(time.Hour, false), "b"},
		{"a rule shortens nothing", nil, bans(0, false), bans(time.Hour, true), "a"},
		{"a rule lengthens", nil, bans(time.Minute, false), bans(time.Hour, true), "b"},
		{"of two rules the longer stays", nil, bans(2*time.Hour, true), bans(time.Hour, true), "a"},
		{"a rule that left a ban in its place has made none", bans(0, false), unbans, bans(time.Hour, true), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := newNode(t, "a", noon), newNode(t, "b", noon.Add(time.Second))
			if c.before != nil {
				c.before(t, a)
				exchange(t, a, b)
			}
			c.early(t, a)
			c.late(t, b)
			exchange(t, a, b)
			alike(t, a, b)
			got := ""
			for _, b := range a.list(t) {
				got += b.Reason
			}
			if got != c.want {
				t.Errorf("in force: %q, want %q", got, c.want)
			}
		})
	}
}

// Whatever several nodes do, with whatever clocks, whoever hears of what first: when all
// know all, all say the same.
func TestAllComeToTheSame(t *testing.T) {
	for seed := range uint64(3) {
		random := rand.New(rand.NewPCG(seed, 9))
		nodes := []*node{newNode(t, "a", noon), newNode(t, "b", noon.Add(time.Hour)), newNode(t, "c", noon.Add(-time.Hour))}
		targets := []string{"203.0.113.1", "2001:db8::/64", "198.51.100.0/24", "192.0.2.0/29", "2001:db8:1:1::/64", "2001:db8:1:2::/64", "2001:db8:1:3::/64"}
		for range 60 {
			n := nodes[random.IntN(3)]
			n.Advance(time.Duration(random.IntN(90)) * time.Second)
			target := parse(t, targets[random.IntN(len(targets))])
			scope := ban.Scopes()[random.IntN(3)]
			var err error
			switch random.IntN(8) {
			case 0, 1, 2:
				_, err = n.AddAll([]ban.Entry{{Target: target, Scope: scope, Reason: fmt.Sprint(seed, random.Uint32()), By: n.name, Until: n.Now().Add(time.Duration(1+random.IntN(200)) * time.Minute), NeverSooner: random.IntN(2) == 0}})
			case 3:
				_, err = n.Remove(target, scope, n.name)
			case 4:
				_, err = n.Allow(target, n.name, n.name)
			case 5:
				_, err = n.Disallow(target)
			case 6:
				err = n.Sweep()
			default:
				n.pull(t, nodes[random.IntN(3)], 1+random.IntN(2000))
			}
			if err != nil && !errors.Is(err, ban.ErrNotFound) {
				t.Fatal(err)
			}
		}
		exchange(t, nodes...)
		for _, n := range nodes { // the clocks meet, so that the same bans are over
			n.mu.Lock()
			n.now = noon.Add(2 * time.Hour)
			n.mu.Unlock()
		}
		alike(t, nodes...)
	}
}

func TestJoinWithWhatThereWas(t *testing.T) {
	packed, err := os.Open("testdata/schema2.db.gz") // of the version before there were clusters
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	keys := ban.Keys{{2}, testKeys[0]}
	path := filepath.Join(t.TempDir(), "joingyd.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	at := noon.Add(10 * time.Minute)
	old := &node{fixture: &fixture{clock: &clock{now: at}, path: path, keys: keys}, name: "old"}
	old.opts = ban.Options{Now: old.Now}
	old.start(t)
	before := old.says(t)
	if strings.Count(before, "\n") != 5 {
		t.Fatalf("the old store says\n%s", before)
	}
	if _, err := old.Digest(); !errors.Is(err, ban.ErrNoNode) {
		t.Errorf("without a node's name: %v, want ErrNoNode", err)
	}
	old.Close()
	if names := buckets(t, path); slices.Contains(names, "bans/feed") {
		t.Errorf("a store in no cluster has %v", names)
	}
	old.opts.Node = "old"
	old.start(t)
	defer old.Close()
	if got := old.says(t); got != before {
		t.Errorf("having joined it says\n%s\nand said\n%s", got, before)
	}
	digest, err := old.Digest()
	if versions := slices.Collect(maps.Values(digest)); err != nil || !slices.Equal(versions, []uint64{6}) {
		t.Errorf("digest %v, %v; want six items of one origin", digest, err)
	}
	newer := newNode(t, "new", at)
	newer.Close()
	newer.keys = keys
	newer.start(t)
	newer.add(t, "203.0.113.7", time.Hour) // later than the old one's
	newer.add(t, "192.0.2.0/24", time.Hour)
	exchange(t, old, newer)
	alike(t, old, newer)
	if until, _ := old.Lookup(parse(t, "203.0.113.7"), ""); until.IsZero() {
		t.Error("the ban that was there has won over a later one")
	}
}

func buckets(t testing.TB, path string) (names []string) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, _ *bbolt.Bucket) error {
			names = append(names, string(name))
			return nil
		})
	}); err != nil {
		t.Fatal(err)
	}
	return names
}

// What was changed by who knew of no cluster is passed on with the next start.
func TestChangesWithoutTheLogAreFound(t *testing.T) {
	a, b := newNode(t, "a", noon), newNode(t, "b", noon)
	for _, target := range []string{"203.0.113.1", "203.0.113.2", "203.0.113.3"} {
		a.add(t, target, time.Hour)
	}
	a.add(t, "203.0.113.4", time.Minute)
	for _, target := range []string{"198.51.100.1", "198.51.100.2"} {
		if _, err := a.Allow(parse(t, target), "", "root"); err != nil {
			t.Fatal(err)
		}
	}
	exchange(t, a, b)
	a.Advance(2 * time.Minute)
	a.without(t, func(s *ban.Store) {
		_, err1 := s.Remove(parse(t, "203.0.113.1"), "", "root")
		_, err2 := s.Add(ban.Entry{Target: parse(t, "203.0.113.2"), Reason: "again", By: "root"})
		_, err3 := s.Add(ban.Entry{Target: parse(t, "203.0.113.5"), Reason: "new", By: "root"})
		_, err4 := s.Disallow(parse(t, "198.51.100.1"))
		_, err5 := s.Allow(parse(t, "198.51.100.2"), "again", "root")
		if err := errors.Join(err1, err2, err3, err4, err5, s.Sweep()); err != nil {
			t.Fatal(err)
		}
	})
	want := a.says(t)
	b.Advance(2 * time.Minute)
	exchange(t, a, b)
	alike(t, a, b)
	if got := a.says(t); got != want {
		t.Errorf("a says\n%s\nand said\n%s", got, want)
	}
}

// A store that is put back from a copy gets back what others have, and gives no version
// that it has given before to something else, whether it was told of it or not.
func TestPutBackFromACopy(t *testing.T) {
	for _, told := range []bool{true, false} {
		for _, heads := range []int{1, 5} { // bans made before it hears of others: fewer and more than were lost
			t.Run(fmt.Sprint(told, heads), func(t *testing.T) {
				a, b := newNode(t, "a", noon), newNode(t, "b", noon)
				a.add(t, "203.0.113.1", time.Hour)
				exchange(t, a, b)
				copied, _, err := a.Copy()
				if err != nil {
					t.Fatal(err)
				}
				content, err := io.ReadAll(copied)
				copied.Close()
				if err != nil {
					t.Fatal(err)
				}
				a.Advance(time.Minute)
				for n := range 3 {
					a.add(t, fmt.Sprintf("198.51.100.%d", n), time.Hour)
				}
				if _, err := a.Remove(parse(t, "203.0.113.1"), "", "root"); err != nil {
					t.Fatal(err)
				}
				exchange(t, a, b)
				if err := a.Close(); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(a.path, content, 0o600); err != nil {
					t.Fatal(err)
				}
				if told {
					if err := ban.Restored(a.path); err != nil {
						t.Fatal(err)
					}
				}
				a.Advance(time.Minute)
				a.start(t)
				for n := range heads {
					a.add(t, fmt.Sprintf("192.0.2.%d", n), time.Hour)
				}
				b.pull(t, a, 1<<20) // before a hears of b
				exchange(t, a, b)
				alike(t, a, b)
				for addr, want := range map[string]bool{"203.0.113.1": false, "198.51.100.0": true, "198.51.100.2": true, "192.0.2.0": true} {
					if a.banned(addr) != want {
						t.Errorf("%s: banned %v, want %v", addr, !want, want)
					}
				}
				if n := a.Len(); n != 3+heads {
					t.Errorf("%d bans, want %d", n, 3+heads)
				}
				a.add(t, "192.0.2.77", time.Hour)
				exchange(t, a, b)
				alike(t, a, b)
			})
		}
	}
}

// A ban under a key that a node does not have yet waits for the key.
func TestKeysThatAreNotThereYet(t *testing.T) {
	a, b, c := newNode(t, "a", noon), newNode(t, "b", noon), newNode(t, "c", noon)
	a.add(t, "203.0.113.1", time.Hour)
	exchange(t, a, b)
	keys := a.rotate(t, ban.Key{2})
	a.add(t, "203.0.113.1", 2*time.Hour) // in place of the one under the first key
	a.add(t, "203.0.113.2", time.Hour)
	a.add(t, "203.0.113.3", time.Hour)
	exchange(t, a, b, c)
	if n, banned := b.Len(), b.banned("203.0.113.2"); n != 0 || banned {
		t.Errorf("%d bans at b, which has the first key alone, and %v", n, banned)
	}
	if stats := b.Stats(); stats.Parked != 3 || stats.Logged != 5 {
		t.Errorf("%+v, want 3 that wait for their key", stats)
	}
	if _, err := a.Remove(parse(t, "203.0.113.3"), "", "root"); err != nil {
		t.Fatal(err)
	}
	exchange(t, a, b, c)
	c.keys = keys // it is copied there
	c.Close()
	c.start(t)
	for _, want := range []bool{true, false} { // b is told of it, twice
		saved := 0
		took, err := b.Take(ban.Key{2}, func(keys ban.Keys) error { saved, b.keys = len(keys), keys; return nil })
		if err != nil || took != want || want && (saved != 2 || b.keys[0] != ban.Key{2}) {
			t.Errorf("taken: %v, %v, %d keys saved", took, err, saved)
		}
	}
	if stats := b.Stats(); stats.Parked != 0 {
		t.Errorf("%+v wait still", stats)
	}
	alike(t, a, b, c)
	if !c.banned("203.0.113.1") || !b.banned("203.0.113.2") || b.banned("203.0.113.3") {
		t.Error("with the key, b does not say what a says")
	}
	exchange(t, a, b, c)
	alike(t, a, b, c)
}

func TestBatchesThatDoNotFit(t *testing.T) {
	a, b := newNode(t, "a", noon), newNode(t, "b", noon)
	origin, err := a.Origin()
	if err != nil || !strings.HasPrefix(origin, "a/") {
		t.Fatalf("origin %q, %v", origin, err)
	}
	for n := range 4 {
		a.add(t, fmt.Sprintf("203.0.113.%d", n), time.Hour)
	}
	batch := func(after uint64) []byte {
		batch, _, err := a.Items(origin, after, 1)
		if err != nil || batch == nil {
			t.Fatalf("after %d: %v", after, err)
		}
		return batch
	}
	if _, err, _ := b.Apply(batch(1)); !errors.Is(err, ban.ErrGap) {
		t.Errorf("a batch after what is missing: %v, want ErrGap", err)
	}
	if nothing, to, err := a.Items(origin, 4, 1); nothing != nil || to != 4 || err != nil {
		t.Errorf("after the last: %s, %d, %v", nothing, to, err)
	}
	for _, after := range []uint64{0, 1, 0, 2, 3} { // one of them again
		if _, refused, err := b.Apply(batch(after)); refused != nil || err != nil {
			t.Errorf("after %d: %v, %v", after, refused, err)
		}
	}
	if v, err := b.Version(origin); v != 4 || err != nil || b.Len() != 4 {
		t.Errorf("version %d, %v and %d bans", v, err, b.Len())
	}
	if _, refused, err := a.Apply(batch(0)); refused != nil || err != nil { // its own
		t.Error(refused, err)
	}
	for _, text := range []string{
		"", "{}", `{"origin":"x/0011223344556677","after":3,"to":1}`, `{"origin":"x/0011223344556677","to":1,"items":[{"v":1,"i":{}}]}`,
		`{"origin":"x/0011223344556677","to":1,"items":[{"v":2,"i":{"t":1,"n":"x/0011223344556677","prefix":"192.0.2.0/24","disallow":true}}]}`,
		`{"origin":"x/0011223344556677","to":1,"items":[{"v":1,"i":{"t":1,"n":"x/0011223344556677","prefix":"192.0.2.9/24","disallow":true}}]}`,
		`{"origin":"x/0011223344556677","to":1,"items":[{"v":1,"i":{"t":1,"n":"x/0011223344556677","scope":"all","kind":"prefix","prefix":"192.0.2.0/24","ban":{"reason":"a\nb"}}}]}`,
		`{"origin":"x/0011223344556677","to":1,"items":[{"v":1,"i":{"t":1,"n":"x/0011223344556677","scope":"moon","prefix":"192.0.2.0/24","end":{"how":"removed"}}}]}`,
		`{"origin":"x/0011223344556677","to":1,"items":[{"v":1,"i":{"t":1,"n":"x/0011223344556677","scope":"all","kind":"address","of":1,"key":"00","tag":"00000000000000000000000000000000","ban":{}}}]}`,
	} {
		if _, err, _ := b.Apply([]byte(text)); !errors.Is(err, ban.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", text, err)
		}
	}
	if _, err := b.Learn(map[string]uint64{"x": 1}); !errors.Is(err, ban.ErrInvalid) {
		t.Errorf("a digest that makes no sense: %v", err)
	}
	if _, err := ban.Open(filepath.Join(t.TempDir(), "x"), testKeys, &ban.Options{Node: "a/b"}); !errors.Is(err, ban.ErrInvalid) {
		t.Errorf("a node's name with a slash: %v", err)
	}
	alike(t, a, b)
}

// Whom an applied batch concerns: to end their sessions.
func TestWhomABatchConcerns(t *testing.T) {
	a, b := newNode(t, "a", noon), newNode(t, "b", noon)
	origin, _ := a.Origin()
	send := func() func(netip.Addr) bool {
		t.Helper()
		have, _ := b.Version(origin)
		batch, _, err := a.Items(origin, have, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		concerns, refused, err := b.Apply(batch)
		if refused != nil || err != nil {
			t.Fatal(refused, err)
		}
		return concerns
	}
	if _, err := a.Allow(parse(t, "192.0.2.1"), "", "root"); err != nil {
		t.Fatal(err)
	}
	if send() != nil {
		t.Error("what lets somebody in concerns somebody")
	}
	a.add(t, "203.0.113.1", time.Hour)
	a.add(t, "2001:db8:1::/64", time.Hour)
	a.add(t, "198.51.100.0/24", time.Hour)
	if _, err := a.Disallow(parse(t, "192.0.2.1")); err != nil {
		t.Fatal(err)
	}
	concerns := send()
	for addr, want := range map[string]bool{
		"203.0.113.1": true, "::ffff:203.0.113.1": true, "203.0.113.2": false, "2001:db8:1::7": true, "2001:db8:2::7": false, "198.51.100.3": true, "192.0.2.1": true, "192.0.2.2": false,
	} {
		if concerns(netip.MustParseAddr(addr)) != want {
			t.Errorf("%s: %v, want %v", addr, !want, want)
		}
	}
	if _, err := a.Remove(parse(t, "203.0.113.1"), "", "root"); err != nil {
		t.Fatal(err)
	}
	if send() != nil {
		t.Error("the end of a ban concerns somebody")
	}
}

// The log forgets what the history forgets.
func TestTheLogForgets(t *testing.T) {
	a, b := newNode(t, "a", noon), newNode(t, "b", noon)
	a.add(t, "203.0.113.1", 0)         // stays
	a.add(t, "203.0.113.2", time.Hour) // is replaced
	a.add(t, "203.0.113.2", time.Hour) // runs out
	a.add(t, "203.0.113.3", 0)         // is ended
	a.add(t, "198.51.100.0/24", 0)     // is ended
	for _, target := range []string{"203.0.113.3", "198.51.100.0/24"} {
		if _, err := a.Remove(parse(t, target), "", "root"); err != nil {
			t.Fatal(err)
		}
	}
	exchange(t, a, b)
	logged := func(n *node) int {
		t.Helper()
		if err := n.Sweep(); err != nil {
			t.Fatal(err)
		}
		r, err := n.Verify()
		if err != nil || len(r.Problems) > 0 {
			t.Fatalf("%+v, %v", r, err)
		}
		return r.Logged
	}
	for _, step := range []struct {
		later time.Duration
		want  int
	}{{0, 7}, {2 * time.Hour, 7}, {29 * 24 * time.Hour, 7}, {2 * 24 * time.Hour, 1}} {
		for _, n := range []*node{a, b} {
			n.Advance(step.later)
			if got := logged(n); got != step.want {
				t.Errorf("%s, after %s more: %d items, want %d", n.name, step.later, got, step.want)
			}
		}
	}
	// One that joins now gets what is left, across what was forgotten.
	c := newNode(t, "c", a.Now())
	a.add(t, "203.0.113.9", 0)
	exchange(t, a, b, c)
	alike(t, a, b, c)
	if c.Len() != 2 {
		t.Errorf("%d bans, want 2", c.Len())
	}
}
