package quota_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/joingyd/joingyd/quota"
)

// fixture is a month whose relay, clock and listener are the test's.
type fixture struct {
	t   *testing.T
	dir string
	log bytes.Buffer

	relayed uint64
	now     time.Time
	closed  []time.Time // what Options.Closed was told
}

func newFixture(t *testing.T) *fixture {
	return &fixture{t: t, dir: filepath.Join(t.TempDir(), "traffic"), now: at("2026-11-29T12:00:00Z")}
}

func at(text string) time.Time {
	when, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return when
}

// open starts a daemon, whose relay has carried nothing.
func (f *fixture) open(limit uint64) *quota.Month {
	f.t.Helper()
	f.relayed = 0
	m, err := quota.Open(f.dir, quota.Options{
		Relayed: func() uint64 { return f.relayed }, Limit: limit, Clock: func() time.Time { return f.now },
		Closed: func(until time.Time) { f.closed = append(f.closed, until) }, Log: slog.New(slog.NewTextHandler(&f.log, nil)),
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return m
}

// told is what was logged and what was closed since it was asked last.
func (f *fixture) told() string {
	var told []string
	for line := range strings.Lines(f.log.String()) {
		switch {
		case strings.Contains(line, "level=WARN"):
			_, after, _ := strings.Cut(line, "has ")
			told = append(told, strings.Join(strings.Fields(after)[:3], " "))
		case strings.Contains(line, "open again"):
			told = append(told, "again")
		}
	}
	for _, until := range f.closed {
		if until.IsZero() {
			told = append(told, "open")
		} else {
			told = append(told, "closed to "+until.Format(time.DateOnly))
		}
	}
	f.log.Reset()
	f.closed = nil
	return strings.Join(told, ", ")
}

func TestMonth(t *testing.T) {
	const near, reached = "come to 80", "reached turn.traffic_per_month: no"
	f := newFixture(t)
	m := f.open(1000)
	for _, step := range []struct {
		what  string
		at    string
		more  uint64
		limit uint64 // 0: as before
		month string
		bytes uint64
		told  string
	}{
		{"little", "2026-11-29T12:00:00Z", 799, 0, "2026-11", 799, ""},
		{"80 %", "2026-11-29T12:00:05Z", 1, 0, "2026-11", 800, near},
		{"once", "2026-11-29T12:00:10Z", 199, 0, "2026-11", 999, ""},
		{"all of it", "2026-11-30T23:00:00Z", 1, 0, "2026-11", 1000, reached + ", closed to 2026-12-01"},
		{"calls that run", "2026-11-30T23:59:59Z", 500, 0, "2026-11", 1500, ""},
		{"the next month", "2026-12-01T00:00:00Z", 100, 0, "2026-12", 100, "again, open"},
		{"the clock goes back", "2026-11-30T21:00:00Z", 1, 0, "2026-11", 1501, reached + ", closed to 2026-12-01"},
		{"and forth", "2026-12-01T00:00:01Z", 1, 0, "2026-12", 101, "again, open"},
		{"and years on", "2037-01-01T00:00:00Z", 2, 0, "2037-01", 2, ""},
		{"and to the start of time", "1970-01-01T00:00:00Z", 3, 0, "1970-01", 3, ""},
		{"and right", "2026-12-01T01:00:00Z", 1, 0, "2026-12", 102, ""},
		{"in a zone where it is the month before", "2026-11-30T22:00:00-05:00", 1, 0, "2026-12", 103, ""},
		{"a lower limit", "2026-12-01T05:00:00Z", 0, 100, "2026-12", 103, reached + ", closed to 2027-01-01"},
		{"a higher one", "2026-12-01T05:00:01Z", 0, 110, "2026-12", 103, "again, open"},
		{"reached again", "2026-12-01T05:00:02Z", 7, 0, "2026-12", 110, reached + ", closed to 2027-01-01"},
	} {
		f.now = at(step.at)
		f.relayed += step.more
		if step.limit > 0 {
			m.SetLimit(step.limit)
		}
		u := m.Now()
		if told := f.told(); u.Month != step.month || u.Bytes != step.bytes || told != step.told {
			t.Errorf("%s: %+v, told %q; want %s, %d, %q", step.what, u, told, step.month, step.bytes, step.told)
		}
	}
	m.SetLimit(0)
	if u := m.Now(); u.Reached() || u.Limit != 0 || f.told() != "again, open" {
		t.Errorf("without a limit: %+v", u)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
}

// What was counted survives a restart, and the limit holds from the start.
func TestRestart(t *testing.T) {
	f := newFixture(t)
	m := f.open(0)
	f.relayed = 700
	m.Now()
	f.relayed = 900 // since it was counted
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	m = f.open(900)
	if u := m.Now(); u.Bytes != 900 || !u.Reached() || f.told() != "reached turn.traffic_per_month: no, closed to 2026-12-01" {
		t.Errorf("after a restart: %+v", u)
	}
	f.relayed = 5
	if u := m.Now(); u.Bytes != 905 {
		t.Errorf("and then: %+v", u)
	}
	if _, err := quota.Open(f.dir, quota.Options{Relayed: func() uint64 { return 0 }}); err == nil {
		t.Error("a second one has the directory too")
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
}

// A file that cannot be read is set aside, and is no reason not to start.
func TestDamaged(t *testing.T) {
	for _, text := range []string{"", "{", "null", "{}", `{"2026-13":1}`, `{"2026-11":-1}`, `{"2026-11":1e3}`, `{"../x":1}`, "\x00\x00\x00"} {
		f := newFixture(t)
		if err := os.MkdirAll(f.dir, 0o700); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(f.dir, "month.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		m := f.open(100)
		if !strings.Contains(f.log.String(), "counted from 0") {
			t.Errorf("%q: no warning", text)
		}
		if aside, err := os.ReadFile(path + ".damaged"); err != nil || string(aside) != text {
			t.Errorf("%q: set aside is %q, %v", text, aside, err)
		}
		f.relayed = 7
		if u := m.Now(); u.Bytes != 7 {
			t.Errorf("%q: %+v", text, u)
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		if saved, err := os.ReadFile(path); err != nil || string(saved) != `{"2026-11":7}`+"\n" {
			t.Errorf("%q: saved %q, %v", text, saved, err)
		}
	}
}

// A few months are kept, the present one always.
func TestForgets(t *testing.T) {
	f := newFixture(t)
	m := f.open(0)
	for month := range 20 {
		f.now = at("2026-01-15T00:00:00Z").AddDate(0, month, 0)
		f.relayed++
		m.Now()
	}
	f.now = at("1970-01-01T00:00:00Z")
	f.relayed++
	m.Now()
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if saved, err := os.ReadFile(filepath.Join(f.dir, "month.json")); err != nil || strings.TrimSpace(string(saved)) != `{"1970-01":1,"2027-04":1,"2027-05":1,"2027-06":1,"2027-07":1,"2027-08":1}` {
		t.Errorf("saved %q, %v", saved, err)
	}
}

// Run notices by itself, and writes once a minute where there is something new.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "month.json")
	synctest.Test(t, func(t *testing.T) {
		var relayed atomic.Uint64
		var closed atomic.Int64
		m, err := quota.Open(dir, quota.Options{Relayed: relayed.Load, Limit: 1000, Closed: func(time.Time) { closed.Add(1) }})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { m.Run(ctx); close(ended) }()
		relayed.Store(1000)
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if _, err := os.Stat(path); closed.Load() != 1 || err == nil {
			t.Errorf("after 6 s: told %d times; a file: %v", closed.Load(), err == nil)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if err := os.Remove(path); err != nil {
			t.Errorf("after a minute: %v", err)
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if _, err := os.Stat(path); err == nil {
			t.Error("it writes what has not changed")
		}
		// What the disk does not take is tried again.
		if err := os.MkdirAll(filepath.Join(path, "x"), 0o700); err != nil {
			t.Fatal(err)
		}
		relayed.Store(1001)
		if err := m.Flush(); err == nil {
			t.Error("a directory was overwritten")
		}
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
		cancel()
		<-ended
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	})
	if saved, err := os.ReadFile(path); err != nil || !strings.HasSuffix(string(saved), ":1001}\n") {
		t.Errorf("saved %q, %v", saved, err)
	}
}
