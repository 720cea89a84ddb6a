package ban_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ban"
)

var (
	testKeys = ban.Keys{{1, 2, 3}}
	noon     = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

// clock is a time that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// fixture is a store in a directory of its own, and its clock.
type fixture struct {
	*ban.Store
	*clock
	path string
	keys ban.Keys
}

func open(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{clock: &clock{now: noon}, path: filepath.Join(t.TempDir(), "joingyd.db"), keys: testKeys}
	f.reopen(t)
	t.Cleanup(func() { f.Close() })
	return f
}

func (f *fixture) reopen(t testing.TB) {
	t.Helper()
	if f.Store != nil {
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	store, err := ban.Open(f.path, f.keys, &ban.Options{Now: f.Now, HistoryFor: 30 * 24 * time.Hour, WidenAfter: 3})
	if err != nil {
		t.Fatal(err)
	}
	f.Store = store
}

// add bans target for d; 0 is forever.
func (f *fixture) add(t testing.TB, target string, d time.Duration) ban.Ban {
	t.Helper()
	e := ban.Entry{Target: parse(t, target), Reason: "spam", By: "root"}
	if d != 0 {
		e.Until = f.Now().Add(d)
	}
	b, err := f.Add(e)
	if err != nil {
		t.Fatalf("Add(%s): %v", target, err)
	}
	return b
}

func (f *fixture) banned(addr string) bool {
	is := f.Banned(netip.MustParseAddr(addr), ban.UseSite)
	if _, told := f.Check(netip.MustParseAddr(addr), ban.UseSite); told != is {
		panic(fmt.Sprintf("Banned(%s) = %v, and Check says %v", addr, is, told))
	}
	return is
}

// list returns the active bans.
func (f *fixture) list(t testing.TB) (list []ban.Ban) {
	t.Helper()
	for b, err := range f.Active() {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, b)
	}
	return list
}

// history returns the bans that have ended.
func (f *fixture) history(t testing.TB) (list []ban.Ended) {
	t.Helper()
	if err := f.Sweep(); err != nil {
		t.Fatal(err)
	}
	for e, err := range f.Ended() {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}

// verdict is what a visitor is told of b.
func verdict(b ban.Ban) ban.Verdict {
	return ban.Verdict{ID: b.ID, Scope: b.Scope, Reason: b.Reason, Until: b.Until}
}

// same compares what a caller can see.
func same(a, b ban.Ended) bool {
	return a.Ban == b.Ban && a.How == b.How && a.By == b.By && a.At.Equal(b.At)
}

func parse(t testing.TB, text string) ban.Target {
	t.Helper()
	target, err := ban.ParseTarget(text)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func TestCheck(t *testing.T) {
	tests := []struct {
		ban       string
		kind      ban.Kind
		in, notIn []string
	}{
		{"203.0.113.7", ban.KindAddress, []string{"203.0.113.7", "::ffff:203.0.113.7"}, []string{"203.0.113.8", "::203.0.113.7"}},
		{"::ffff:203.0.113.7", ban.KindAddress, []string{"203.0.113.7", "::ffff:203.0.113.7"}, []string{"203.0.113.6"}},
		{"203.0.113.0/24", ban.KindPrefix, []string{"203.0.113.0", "::ffff:203.0.113.255"}, []string{"203.0.114.0"}},
		{"::ffff:203.0.113.0/120", ban.KindPrefix, []string{"203.0.113.9", "::ffff:203.0.113.9"}, []string{"203.0.112.255"}},
		{"2001:db8::1", ban.KindNet64, []string{"2001:db8::1", "2001:db8::ffff", "2001:db8::2%eth0"}, []string{"2001:db8:0:1::1"}},
		{"2001:db8::1/128", ban.KindAddress, []string{"2001:db8::1"}, []string{"2001:db8::2"}},
		{"2001:db8::/48", ban.KindPrefix, []string{"2001:db8:0:ffff::1"}, []string{"2001:db8:1::1"}},
		{"2001:db8::/127", ban.KindPrefix, []string{"2001:db8::1"}, []string{"2001:db8::2"}},
		{"0.0.0.0/0", ban.KindPrefix, []string{"8.8.8.8", "::ffff:8.8.8.8"}, []string{"2001:db8::1"}},
		{"::/0", ban.KindPrefix, []string{"2001:db8::1"}, []string{"8.8.8.8", "::ffff:8.8.8.8"}},
	}
	for _, tt := range tests {
		t.Run(strings.ReplaceAll(tt.ban, "/", "_"), func(t *testing.T) {
			f := open(t)
			made := f.add(t, tt.ban, time.Hour)
			if made.Kind != tt.kind {
				t.Errorf("kind = %s, want %s", made.Kind, tt.kind)
			}
			for range 2 { // as made, and as read back
				for _, addr := range tt.in {
					got, is := f.Check(netip.MustParseAddr(addr), ban.UseSite)
					if !is || got != verdict(made) {
						t.Errorf("Check(%s) = %+v, %v; want %+v", addr, got, is, made)
					}
					if matches, err := f.Matches(netip.MustParseAddr(addr)); err != nil || len(matches) != 1 || matches[0] != made {
						t.Errorf("Matches(%s) = %+v, %v; want %+v", addr, matches, err, made)
					}
					if rule := made.RuleFor(netip.MustParseAddr(addr)); rule != parse(t, tt.ban).Prefix() {
						t.Errorf("RuleFor(%s) = %s, want %s", addr, rule, parse(t, tt.ban).Prefix())
					}
				}
				for _, addr := range tt.notIn {
					if f.banned(addr) {
						t.Errorf("%s is banned", addr)
					}
				}
				f.reopen(t)
			}
		})
	}
}

func TestCheckInvalidAddress(t *testing.T) {
	f := open(t)
	f.add(t, "0.0.0.0/0", 0)
	if got, is := f.Check(netip.Addr{}, ban.UseSite); is {
		t.Errorf("Check of no address = %+v", got)
	}
}

func TestLongestBanWins(t *testing.T) {
	f := open(t)
	hour := f.add(t, "203.0.113.7", time.Hour)
	day := f.add(t, "203.0.113.0/24", 24*time.Hour)
	f.add(t, "203.0.112.0/23", time.Minute)
	want := func(want ban.Ban) {
		t.Helper()
		if got, _ := f.Check(netip.MustParseAddr("203.0.113.7"), ban.UseSite); got != verdict(want) {
			t.Errorf("Check = %+v, want %+v", got, want)
		}
	}
	want(day)
	forever := f.add(t, "203.0.0.0/16", 0)
	want(forever)
	if _, err := f.RemoveID(forever.ID, "root"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.RemoveID(day.ID, "root"); err != nil {
		t.Fatal(err)
	}
	want(hour)
}

func TestExpiry(t *testing.T) {
	f := open(t)
	made := f.add(t, "203.0.113.7", time.Hour)
	f.add(t, "198.51.100.0/24", 10*24*time.Hour)
	f.Advance(time.Hour - time.Nanosecond)
	if !f.banned("203.0.113.7") {
		t.Error("not banned just before the end")
	}
	f.Advance(time.Nanosecond)
	if f.banned("203.0.113.7") || len(f.list(t)) != 1 {
		t.Error("still banned at the end")
	}
	if _, err := f.RemoveID(made.ID, "root"); !errors.Is(err, ban.ErrNotFound) {
		t.Errorf("RemoveID of an expired ban: %v, want ErrNotFound", err)
	}
	if !f.banned("198.51.100.1") {
		t.Error("the longer ban is gone as well")
	}
	f.reopen(t)
	history := f.history(t)
	want := ban.Ended{Ban: made, How: ban.HowExpired, At: made.Until}
	if len(history) != 1 || !same(history[0], want) {
		t.Errorf("history = %+v, want %+v", history, want)
	}
	f.Advance(31 * 24 * time.Hour)
	if history := f.history(t); len(history) != 1 || history[0].Ban.Kind != ban.KindPrefix {
		t.Errorf("history after 31 days = %+v, want only the ban that ended since", history)
	}
	f.Advance(31 * 24 * time.Hour)
	if history := f.history(t); len(history) != 0 {
		t.Errorf("history = %+v, want none", history)
	}
}

func TestReplace(t *testing.T) {
	f := open(t)
	first := f.add(t, "203.0.113.7", 0)
	f.Advance(time.Minute)
	second := f.add(t, "::ffff:203.0.113.7", time.Hour)
	if got := f.list(t); len(got) != 1 || got[0] != second {
		t.Errorf("List = %+v, want only %+v", got, second)
	}
	history := f.history(t)
	want := ban.Ended{Ban: first, How: ban.HowReplaced, By: "root", At: noon.Add(time.Minute)}
	if len(history) != 1 || !same(history[0], want) {
		t.Errorf("history = %+v, want %+v", history, want)
	}
	f.Advance(2 * time.Hour) // the first would still be on
	if f.banned("203.0.113.7") {
		t.Error("the replaced ban is still on")
	}
}

func TestNeverSooner(t *testing.T) {
	f := open(t)
	add := func(target string, d time.Duration) ban.Made {
		t.Helper()
		made, err := f.AddAll([]ban.Entry{{Target: parse(t, target), NeverSooner: true, Until: f.Now().Add(d)}})
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	week := f.add(t, "203.0.113.7", 7*24*time.Hour)
	forever := f.add(t, "203.0.113.0/24", 0)
	for target, want := range map[string]ban.Ban{"203.0.113.7": week, "203.0.113.0/24": forever} {
		if made := add(target, time.Hour); len(made.Bans) != 0 || len(made.Kept) != 1 || made.Kept[0] != want {
			t.Errorf("%s: %+v, want to keep %+v", target, made, want)
		}
	}
	if made := add("203.0.113.7", 30*24*time.Hour); len(made.Bans) != 1 || len(made.Kept) != 0 {
		t.Errorf("a longer one: %+v", made)
	}
	if history := f.history(t); len(history) != 1 || history[0].Ban != week {
		t.Errorf("history = %+v, want the one that was replaced", history)
	}
	f.Advance(31 * 24 * time.Hour)
	if made := add("203.0.113.7", time.Hour); len(made.Bans) != 1 {
		t.Errorf("when the other is over: %+v", made)
	}
}

func TestReplaceExpired(t *testing.T) {
	f := open(t)
	f.add(t, "203.0.113.7", time.Minute)
	f.Advance(time.Hour)
	f.add(t, "203.0.113.7", time.Minute)
	history := f.history(t)
	if len(history) != 1 || history[0].How != ban.HowExpired {
		t.Errorf("history = %+v, want one expired ban", history)
	}
	if !f.banned("203.0.113.7") {
		t.Error("not banned")
	}
	f.reopen(t)
	if !f.banned("203.0.113.7") {
		t.Error("not banned after reopening")
	}
}

func TestAddAll(t *testing.T) {
	f := open(t)
	entries := []ban.Entry{
		{Target: parse(t, "203.0.113.7"), Reason: "one"},
		{Target: parse(t, "2001:db8::1"), Reason: "two"},
		{Target: parse(t, "2001:db8::2"), Reason: "three"}, // the same /64
	}
	plan, err := f.Plan(entries)
	if err != nil || len(plan.Bans) != 2 || plan.Bans[1].Reason != "three" || plan.Bans[0].ID != 0 {
		t.Fatalf("Plan = %+v, %v; want two bans without ID", plan, err)
	}
	if len(f.list(t)) != 0 {
		t.Fatal("Plan made bans")
	}
	if made, err := f.AddAll(entries); err != nil || len(made.Bans) != 2 {
		t.Fatalf("AddAll = %+v, %v; want two bans", made, err)
	}
	entries = append(entries[:1:1], ban.Entry{Target: parse(t, "10.0.0.1"), Reason: "\n"})
	entries[0].Target = parse(t, "10.0.0.2")
	if _, err := f.AddAll(entries); !errors.Is(err, ban.ErrInvalid) {
		t.Errorf("AddAll with a bad entry: %v, want ErrInvalid", err)
	}
	if got := len(f.list(t)); got != 2 {
		t.Errorf("%d bans after a refused batch, want 2", got)
	}
}

func TestRemove(t *testing.T) {
	f := open(t)
	made := f.add(t, "203.0.113.7", 0)
	f.add(t, "203.0.113.0/24", 0)
	if _, err := f.Remove(parse(t, "203.0.113.8"), ban.ScopeAll, "root"); !errors.Is(err, ban.ErrNotFound) {
		t.Errorf("Remove of an address that only a prefix covers: %v, want ErrNotFound", err)
	}
	if got, err := f.Remove(parse(t, "203.0.113.7"), ban.ScopeAll, "alice"); err != nil || got != made {
		t.Errorf("Remove = %+v, %v; want %+v", got, err, made)
	}
	if _, err := f.Remove(parse(t, "203.0.113.7"), ban.ScopeAll, "root"); !errors.Is(err, ban.ErrNotFound) {
		t.Errorf("second Remove: %v, want ErrNotFound", err)
	}
	f.Advance(time.Second)
	if _, err := f.Remove(parse(t, "203.0.113.0/24"), ban.ScopeAll, "root"); err != nil {
		t.Errorf("Remove of a prefix: %v", err)
	}
	f.reopen(t)
	if f.banned("203.0.113.7") {
		t.Error("banned again after reopening")
	}
	history := f.history(t)
	if len(history) != 2 || history[0].By != "alice" || history[0].How != ban.HowRemoved {
		t.Errorf("history = %+v, want two removed, the first by alice", history)
	}
	if _, err := f.Remove(ban.Target{}, ban.ScopeAll, "root"); !errors.Is(err, ban.ErrInvalid) {
		t.Errorf("Remove of no target: %v, want ErrInvalid", err)
	}
}

func TestListOrder(t *testing.T) {
	f := open(t)
	var want []ban.Ban
	for i := range 5 {
		want = append(want, f.add(t, fmt.Sprintf("203.0.113.%d", i), 0))
		f.Advance(time.Second)
	}
	f.reopen(t)
	if got := f.list(t); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("List = %v, want %v", got, want)
	}
	f.add(t, "198.51.100.1", time.Minute)
	if got := f.Len(); got != len(want)+1 {
		t.Errorf("Len = %d, want %d", got, len(want)+1)
	}
	f.Advance(time.Hour)
	if got := f.Len(); got != len(want) {
		t.Errorf("Len = %d when one is over, want %d", got, len(want))
	}
}

func TestAddRefuses(t *testing.T) {
	f := open(t)
	good := ban.Entry{Target: parse(t, "203.0.113.7"), Reason: strings.Repeat("ä", ban.MaxReason), Note: strings.Repeat("n", ban.MaxNote)}
	if _, err := f.Plan([]ban.Entry{good}); err != nil {
		t.Fatalf("the longest texts: %v", err)
	}
	tests := []struct {
		name   string
		change func(*ban.Entry)
		want   string
	}{
		{"no target", func(e *ban.Entry) { e.Target = ban.Target{} }, "target"},
		{"long reason", func(e *ban.Entry) { e.Reason += "x" }, "shorten it to 200"},
		{"long note", func(e *ban.Entry) { e.Note += "x" }, "shorten it to 1000"},
		{"escape in reason", func(e *ban.Entry) { e.Reason = "\x1b[2J" }, "U+001B"},
		{"line end in note", func(e *ban.Entry) { e.Note = "a\nb" }, "U+000A"},
		{"line separator", func(e *ban.Entry) { e.Note = "a\u2028b" }, "U+2028"},
		{"direction override", func(e *ban.Entry) { e.Reason = "a\u202eb" }, "U+202E"},
		{"not UTF-8", func(e *ban.Entry) { e.Reason = "\xff" }, "UTF-8"},
		{"control in by", func(e *ban.Entry) { e.By = "a\tb" }, "U+0009"},
		{"already over", func(e *ban.Entry) { e.Until = noon }, "already be over"},
	}
	for _, tt := range tests {
		e := good
		tt.change(&e)
		_, err := f.Add(e)
		if !errors.Is(err, ban.ErrInvalid) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want ErrInvalid with %q", tt.name, err, tt.want)
		}
	}
	if len(f.list(t)) != 0 {
		t.Error("a refused ban was made")
	}
}

func TestFailedWriteChangesNothing(t *testing.T) {
	f := open(t)
	made := f.add(t, "203.0.113.7", 0)
	f.Close()
	if _, err := f.Add(ban.Entry{Target: parse(t, "203.0.113.8")}); err == nil {
		t.Error("Add to a closed store succeeded")
	}
	if _, err := f.RemoveID(made.ID, "root"); err == nil {
		t.Error("RemoveID from a closed store succeeded")
	}
	if f.banned("203.0.113.8") || !f.banned("203.0.113.7") {
		t.Error("memory changed, but the disk did not")
	}
}

func TestFileHoldsNoTraceOfAnAddress(t *testing.T) {
	f := open(t)
	targets := []string{"203.0.113.77", "2001:db8:1234:5678::77", "2001:db8:1234:9999::77/128"}
	for _, target := range targets {
		f.add(t, target, time.Hour)
	}
	if _, err := f.Remove(parse(t, targets[0]), ban.ScopeAll, "root"); err != nil { // history as well
		t.Fatal(err)
	}
	f.add(t, targets[0], 0)
	f.Close()
	raw, err := os.ReadFile(f.path)
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range targets {
		addr := parse(t, target).Prefix().Addr()
		forms := [][]byte{[]byte(strings.TrimSuffix(target, "/128")), []byte(addr.String()), addr.AsSlice()[:min(8, addr.BitLen()/8)], []byte(fmt.Sprintf("%x", addr.AsSlice()))}
		for _, form := range forms {
			if bytes.Contains(raw, form) {
				t.Errorf("the file contains %q, a form of %s", form, target)
			}
		}
	}
}

func TestKeepAddress(t *testing.T) {
	f := open(t)
	_, err := f.Add(ban.Entry{Target: parse(t, " 2001:db8::77 "), KeepAddress: true})
	if err != nil {
		t.Fatal(err)
	}
	f.reopen(t)
	if got, want := f.list(t)[0].Address, "2001:db8::77"; got != want {
		t.Errorf("kept address = %q, want %q", got, want)
	}
}

func TestFileMode(t *testing.T) {
	f := open(t)
	os.Chmod(f.path, 0o644)
	f.reopen(t)
	info, err := os.Stat(f.path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v, %v; want 0600", info.Mode(), err)
	}
}

func TestCheckDoesNotAllocate(t *testing.T) {
	f := open(t)
	f.add(t, "203.0.113.7", time.Hour)
	f.add(t, "203.0.113.0/24", 2*time.Hour)
	f.add(t, "2001:db8::/32", time.Hour)
	f.add(t, "2001:db8::1", 0)
	for _, text := range []string{"203.0.113.7", "::ffff:203.0.113.9", "2001:db8::1", "2001:db8:1::1", "192.0.2.1", "2001:db9::1"} {
		addr := netip.MustParseAddr(text)
		if got := testing.AllocsPerRun(100, func() { f.Check(addr, ban.UseVideo) }); got != 0 {
			t.Errorf("Check(%s) allocates %v times, want 0", text, got)
		}
		if got := testing.AllocsPerRun(100, func() { f.Banned(addr, ban.UseRelay) }); got != 0 {
			t.Errorf("Banned(%s) allocates %v times, want 0", text, got)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	f := open(t)
	f.add(t, "203.0.113.0/24", 0)
	done := make(chan struct{})
	var readers, writers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if !f.banned("203.0.113.7") {
					t.Error("a ban that nobody touched was off")
					return
				}
				f.list(t)
			}
		})
	}
	for i := range 2 {
		writers.Go(func() {
			for j := range 10 {
				target := fmt.Sprintf("203.0.113.%d", 10*i+j)
				made := f.add(t, target, time.Hour)
				f.add(t, fmt.Sprintf("10.%d.%d.0/24", i, j), time.Hour)
				if _, err := f.RemoveID(made.ID, "root"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
	if got, want := len(f.list(t)), 21; got != want {
		t.Errorf("%d bans, want %d", got, want)
	}
}

func TestKeyNeverPrints(t *testing.T) {
	key := ban.Key([]byte("this is the very secret ban key!"))
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "key", key, "in", struct{ K ban.Key }{key})
	text, _ := key.MarshalText()
	got := fmt.Sprintf("%v %+v %#v %s %x %d %v %s %s %s", key, key, key, key, key, key, struct{ K ban.Key }{key}, &key, text, log.String())
	for _, leak := range []string{"secret", fmt.Sprintf("%x", "secret"), "116 104", "116,104"} {
		if strings.Contains(got, leak) {
			t.Errorf("prints %q in %s", leak, got)
		}
	}
}
