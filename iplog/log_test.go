package iplog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/joingyd/joingyd/iplog"
)

// seal stands for age: what it makes says nothing to who does not know it.
func seal(plain []byte) ([]byte, error) {
	sealed := bytes.Clone(plain)
	for i := range sealed {
		sealed[i] ^= 0xa5
	}
	return sealed, nil
}

// fixture is a log whose clock the test sets.
type fixture struct {
	*iplog.Log
	t   *testing.T
	dir string
	now time.Time
}

var start = time.Date(2026, 11, 29, 10, 0, 30, 0, time.UTC)

func open(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, dir: filepath.Join(t.TempDir(), "iplog"), now: start}
	f.reopen()
	t.Cleanup(func() { f.Close() })
	return f
}

// reopen opens the log, as a start after a kill does if it is open.
func (f *fixture) reopen() {
	f.t.Helper()
	if f.Log != nil {
		f.Close()
	}
	l, err := iplog.Open(f.dir, iplog.Options{Seal: seal, Days: 2, Now: func() time.Time { return f.now }})
	if err != nil {
		f.t.Fatal(err)
	}
	f.Log = l
}

func (f *fixture) came(session, address string) {
	f.Add(iplog.Event{At: f.now, Kind: iplog.Came, Session: session, Address: netip.MustParseAddrPort(address)})
	f.Flush()
}

// find returns the sessions of what a query finds, with an asterisk at those that only a
// hold keeps.
func (f *fixture) find(q iplog.Query) (sessions []string) {
	f.t.Helper()
	rows, err := f.Find(q)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, r := range rows {
		plain, _ := seal(r.Sealed)
		e, err := iplog.Decode(plain)
		if err != nil {
			f.t.Fatal(err)
		}
		if r.Held != "" {
			e.Session += "*"
		}
		sessions = append(sessions, e.Session)
	}
	return sessions
}

func (f *fixture) files(pattern string) []string {
	f.t.Helper()
	paths, err := filepath.Glob(filepath.Join(f.dir, pattern))
	if err != nil {
		f.t.Fatal(err)
	}
	return paths
}

func from(address string) iplog.Query { return iplog.Query{Address: netip.MustParseAddr(address)} }

func TestFind(t *testing.T) {
	f := open(t)
	f.came("one", "203.0.113.9:50001")
	f.came("two", "[2001:db8:1:2::7]:50002")
	f.now = f.now.Add(time.Hour)
	f.came("three", "[::ffff:203.0.113.9]:50003")
	f.now = f.now.Add(24 * time.Hour)
	f.came("four", "203.0.113.9:50004")
	f.came("one", "198.51.100.1:50005")
	f.reopen()
	at := func(d time.Duration) time.Time { return start.Add(d) }
	for _, tt := range []struct {
		q    iplog.Query
		want []string
	}{
		{from("203.0.113.9"), []string{"one", "three", "four"}},
		{from("::ffff:203.0.113.9"), []string{"one", "three", "four"}},
		{from("203.0.113.8"), nil},
		{from("2001:db8:1:2:ffff::1"), []string{"two"}},
		{from("2001:db8:1:3::7"), nil},
		{iplog.Query{Session: "one"}, []string{"one", "one"}},
		{iplog.Query{Session: "nobody"}, nil},
		{iplog.Query{Address: netip.MustParseAddr("203.0.113.9"), From: at(0), To: at(time.Minute)}, []string{"one"}},
		{iplog.Query{Address: netip.MustParseAddr("203.0.113.9"), From: at(time.Hour)}, []string{"three", "four"}},
		{iplog.Query{Address: netip.MustParseAddr("203.0.113.9"), To: at(2 * time.Hour)}, []string{"one", "three"}},
	} {
		if got := f.find(tt.q); !slices.Equal(got, tt.want) {
			t.Errorf("%+v: %v, want %v", tt.q, got, tt.want)
		}
	}
	for _, q := range []iplog.Query{{}, {Session: "one", Address: netip.MustParseAddr("203.0.113.9")}} {
		if _, err := f.Find(q); err == nil {
			t.Errorf("%+v is answered", q)
		}
	}
	stats, err := f.Stats()
	if err != nil || stats.Rows != 5 || stats.Days != 2 || !stats.Oldest.Equal(start.Truncate(time.Minute)) || stats.Bytes == 0 {
		t.Errorf("%+v, %v", stats, err)
	}
}

// Nothing in the files says who came, and rows of one visitor on two days do not agree.
func TestRowsSayNothing(t *testing.T) {
	f := open(t)
	f.came("a-session", "203.0.113.9:50001")
	f.now = f.now.Add(24 * time.Hour)
	f.came("a-session", "203.0.113.9:50001")
	var tags []string
	for _, path := range f.files("*") {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"203.0.113", "a-session", "50001", "cb007109", "\xcb\x00\x71\x09"} {
			if bytes.Contains(data, []byte(secret)) {
				t.Errorf("%s says %q: %s", filepath.Base(path), secret, data)
			}
		}
		if strings.HasSuffix(path, ".rows") {
			tags = append(tags, strings.SplitN(string(data), `"`, 12)[7])
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
	if len(tags) != 2 || tags[0] == tags[1] || len(tags[0]) != 32 {
		t.Errorf("tags of two days: %q", tags)
	}
}

func TestForget(t *testing.T) {
	f := open(t)
	f.came("one", "203.0.113.9:1")
	for day, want := range []int{1, 1, 1, 0, 0} { // its own day, and two more
		f.now = start.Add(time.Duration(day) * 24 * time.Hour)
		if _, err := f.Forget(); err != nil {
			t.Fatal(err)
		}
		if got := len(f.find(from("203.0.113.9"))); got != want || len(f.files("*.rows")) != want || len(f.files("*.key")) != want {
			t.Errorf("after %d days: %d rows, %d files, want %d", day, got, len(f.files("*")), want)
		}
	}
	f.came("later", "203.0.113.9:1")
	if got := f.find(from("203.0.113.9")); !slices.Equal(got, []string{"later"}) {
		t.Errorf("after all: %v", got)
	}
}

// A process that is killed between the key and the rows leaves rows that the next removes.
func TestKilledWhileForgetting(t *testing.T) {
	f := open(t)
	f.came("one", "203.0.113.9:1")
	if err := os.Remove(f.files("*.key")[0]); err != nil {
		t.Fatal(err)
	}
	f.reopen()
	if left := f.files("*.rows"); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestErase(t *testing.T) {
	f := open(t)
	f.came("one", "203.0.113.9:1")
	f.came("other", "203.0.113.10:1")
	f.now = f.now.Add(24 * time.Hour)
	f.came("two", "203.0.113.9:1")
	erased, held, err := f.Erase(from("203.0.113.9"))
	if err != nil || erased != 2 || held != 0 {
		t.Errorf("erased %d, held %d, %v", erased, held, err)
	}
	f.came("after", "203.0.113.9:1")
	f.reopen()
	if got := f.find(from("203.0.113.9")); !slices.Equal(got, []string{"after"}) {
		t.Errorf("found %v", got)
	}
	if got := f.find(from("203.0.113.10")); !slices.Equal(got, []string{"other"}) {
		t.Errorf("another's: %v", got)
	}
	if left := f.files("erase-*"); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// A mark that was kept finds the rows of its days later, and nothing else.
func TestEraseMarked(t *testing.T) {
	f := open(t)
	f.came("one", "203.0.113.9:1")
	f.came("other", "203.0.113.10:1")
	mark, err := f.Mark(from("203.0.113.9"))
	if err != nil {
		t.Fatal(err)
	}
	kept, err := json.Marshal([]iplog.Mark{mark})
	if err != nil || strings.Contains(string(kept), "203.0") {
		t.Errorf("kept as %s, %v", kept, err)
	}
	f.now = f.now.Add(24 * time.Hour)
	f.came("two", "203.0.113.9:1")
	f.reopen()
	var marks []iplog.Mark
	if err := json.Unmarshal(kept, &marks); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{1, 0} { // again, as after a crash
		if erased, err := f.EraseMarked(marks[0]); erased != want || err != nil {
			t.Errorf("erased %d, %v, want %d", erased, err, want)
		}
	}
	if got := f.find(from("203.0.113.9")); !slices.Equal(got, []string{"two"}) {
		t.Errorf("found %v", got)
	}
	if got := f.find(from("203.0.113.10")); !slices.Equal(got, []string{"other"}) {
		t.Errorf("another's: %v", got)
	}
}

func TestHold(t *testing.T) {
	f := open(t)
	f.came("one", "203.0.113.9:1")
	f.came("other", "203.0.113.10:1")
	h, err := f.Hold(from("203.0.113.9"), start.Add(10*24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	f.reopen()
	f.came("two", "203.0.113.9:1")
	if erased, held, err := f.Erase(from("203.0.113.9")); err != nil || erased != 2 || held != 2 {
		t.Errorf("erased %d, held %d, %v", erased, held, err)
	}
	f.now = start.Add(5 * 24 * time.Hour)
	if _, err := f.Forget(); err != nil {
		t.Fatal(err)
	}
	if got := f.find(from("203.0.113.9")); !slices.Equal(got, []string{"one*", "two*"}) {
		t.Errorf("held: %v", got)
	}
	if got := f.find(from("203.0.113.10")); got != nil {
		t.Errorf("another's: %v", got)
	}
	if holds := f.Holds(); len(holds) != 1 || holds[0] != h {
		t.Errorf("holds %v, want %v", holds, h)
	}
	f.now = start.Add(10 * 24 * time.Hour)
	if _, err := f.Forget(); err != nil {
		t.Fatal(err)
	}
	if got := f.find(from("203.0.113.9")); got != nil || len(f.Holds()) != 0 || len(f.files("held-*")) != 0 {
		t.Errorf("after the hold: %v, %v", got, f.files("*"))
	}
	if err := f.Release(h.ID); !errors.Is(err, iplog.ErrNoHold) {
		t.Errorf("released: %v", err)
	}
}

// A hold whose process is killed before it is told leaves nothing.
func TestKilledWhileHolding(t *testing.T) {
	f := open(t)
	if err := os.WriteFile(filepath.Join(f.dir, "held-0123456789abcdef.rows"), []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f.reopen()
	if left := f.files("held-*"); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// A line that a power cut has torn is no row, and the next is a line of its own.
func TestTornLine(t *testing.T) {
	f := open(t)
	f.came("one", "203.0.113.9:1")
	file, err := os.OpenFile(f.files("*.rows")[0], os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(file, `{"at":"2026-11-29T1`)
	file.Close()
	f.reopen()
	f.came("two", "203.0.113.9:1")
	if got := f.find(from("203.0.113.9")); !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("found %v", got)
	}
}

// Where nothing can be written events are lost and counted, and what is there stays.
func TestNothingCanBeWritten(t *testing.T) {
	f := open(t)
	f.came("one", "203.0.113.9:1")
	f.now = f.now.Add(24 * time.Hour)
	if err := os.MkdirAll(filepath.Join(f.dir, "2026-11-30.rows", "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	f.came("two", "203.0.113.9:1")
	if _, failed := f.Lost(); failed != 1 {
		t.Errorf("%d lost, want 1", failed)
	}
	if err := os.RemoveAll(filepath.Join(f.dir, "2026-11-30.rows")); err != nil {
		t.Fatal(err)
	}
	f.came("three", "203.0.113.9:1")
	if got := f.find(from("203.0.113.9")); !slices.Equal(got, []string{"one", "three"}) {
		t.Errorf("found %v", got)
	}
}

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := open(t)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { f.Run(ctx) })
		f.Add(iplog.Event{At: f.now, Kind: iplog.Came, Session: "one", Address: netip.MustParseAddrPort("203.0.113.9:1")})
		time.Sleep(time.Second)
		synctest.Wait()
		if len(f.files("*.rows")) != 1 {
			t.Error("nothing is written after a second")
		}
		f.Add(iplog.Event{At: f.now, Kind: iplog.Left, Session: "one", Address: netip.MustParseAddrPort("203.0.113.9:1")})
		cancel()
		running.Wait()
		if stats, err := f.Stats(); err != nil || stats.Rows != 2 {
			t.Errorf("%+v, %v", stats, err)
		}
		for range 5000 {
			f.Add(iplog.Event{At: f.now})
		}
		if dropped, _ := f.Lost(); dropped != 5000-4096 {
			t.Errorf("%d dropped", dropped)
		}
	})
}

func TestDamage(t *testing.T) {
	for name, test := range map[string]struct{ file, text, want string }{
		"key":     {"2026-11-29.key", "short\n", "64 hexadecimal digits"},
		"holds":   {"holds.json", "[", "restore it from a backup"},
		"erasure": {"erase-00.json", "[", "erase again"},
	} {
		t.Run(name, func(t *testing.T) {
			f := open(t)
			f.came("one", "203.0.113.9:1")
			f.Close()
			if err := os.WriteFile(filepath.Join(f.dir, test.file), []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			l, err := iplog.Open(f.dir, iplog.Options{Seal: seal, Days: 2, Now: func() time.Time { return f.now }})
			if err == nil {
				defer l.Close()
				_, err = l.Find(from("203.0.113.9"))
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), test.file) {
				t.Errorf("%v; want the file's name and %q", err, test.want)
			}
			if _, err := os.Stat(filepath.Join(f.dir, "2026-11-29.rows")); errors.Is(err, fs.ErrNotExist) {
				t.Error("the rows are gone")
			}
		})
	}
}
