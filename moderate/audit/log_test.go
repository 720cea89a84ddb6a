package audit_test

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/internal/durable"
	"github.com/joingyd/joingyd/moderate/audit"
)

var start = time.Date(2026, time.November, 29, 7, 43, 44, 0, time.UTC)

// clock is a time that tests set.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

func open(t *testing.T, dir string, o audit.Options) *audit.Log {
	t.Helper()
	l, err := audit.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func appendAll(t *testing.T, l *audit.Log, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if _, err := l.Append(audit.Record{By: audit.Moderator("anna"), Did: "report.decide", On: id}); err != nil {
			t.Fatal(err)
		}
	}
}

// ids returns what the entries of a log are on, its own by their verbs.
func ids(t *testing.T, dir string) (list []string) {
	t.Helper()
	for e, err := range audit.Entries(dir) {
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(e.Did, "audit.") {
			e.On = e.Did
		}
		list = append(list, e.On)
	}
	return list
}

func verify(t *testing.T, dir string, heads ...audit.Head) audit.Report {
	t.Helper()
	report, err := audit.Verify(dir, heads)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// write makes a log of r1 to r6, three in each of two months, and returns its
// heads.
func write(t *testing.T, dir string) []audit.Head {
	t.Helper()
	return writeMonths(t, dir, 3)
}

func writeMonths(t *testing.T, dir string, each int) []audit.Head {
	t.Helper()
	c := &clock{start.AddDate(0, -1, 0)}
	l := open(t, dir, audit.Options{Now: c.now})
	defer l.Close()
	var heads []audit.Head
	for i := range 2 * each {
		if i == each {
			c.Time = start
		}
		appendAll(t, l, fmt.Sprint("r", i+1))
		heads = append(heads, l.Head())
	}
	return heads
}

const october, november = "audit-2026-10.jsonl", "audit-2026-11.jsonl"

func read(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func put(t *testing.T, text string, path ...string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(path...), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestLinesAreChained(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, audit.Options{Now: (&clock{start}).now})
	records := []audit.Record{
		{By: audit.Moderator("anna"), Did: "report.decide", On: "r1", Details: map[string]string{"verdict": "ban", "<": "\"\n"}},
		{By: audit.User("root"), Did: "login"},
		{By: audit.Rule("three-reports"), Did: "ban.add", On: "b7"},
	}
	for i, r := range records {
		e, err := l.Append(r)
		if err != nil || e.Seq != uint64(i+1) || e.Hash != l.Head().Hash {
			t.Fatalf("%+v, %v", e, err)
		}
	}
	path := filepath.Join(dir, november)
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	prev := strings.Repeat("0", 64)
	for i, line := range strings.Split(strings.TrimSuffix(read(t, path), "\n"), "\n") {
		body, rest, _ := strings.Cut(line, `,"hash":"`)
		hash := fmt.Sprintf("%x", sha256.Sum256([]byte(body)))
		var got struct {
			Seq              int
			At, By, Did, On  string
			Details          map[string]string
			Prev, Hash, None string
		}
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatal(err)
		}
		if got.Seq != i+1 || got.At != "2026-11-29T07:43:44Z" || got.Prev != prev || got.Hash != hash || rest != hash+`"}` {
			t.Errorf("line %d: %s", i+1, line)
		}
		want := records[i]
		if got.By != string(want.By) || got.Did != want.Did || got.On != want.On || len(got.Details) != len(want.Details) || got.Details["<"] != want.Details["<"] {
			t.Errorf("line %d: %s", i+1, line)
		}
		prev = hash
	}
	report := verify(t, dir, l.Head())
	if report.Err() != nil || report.Entries != 3 || report.Proven != 1 || report.Head.Hash.String() != prev {
		t.Errorf("%+v", report)
	}
}

func TestAppendRefuses(t *testing.T) {
	l := open(t, t.TempDir(), audit.Options{})
	for _, test := range []struct {
		record audit.Record
		want   string
	}{
		{audit.Record{Did: "login"}, "by must be 1 to 128 bytes"},
		{audit.Record{By: "a\nb", Did: "login"}, "by must be"},
		{audit.Record{By: "a"}, "did must be"},
		{audit.Record{By: "a", Did: "Log in"}, "use a-z"},
		{audit.Record{By: "a", Did: "audit.forget"}, "the log's own"},
		{audit.Record{By: "a", Did: "b", On: strings.Repeat("x", 257)}, "on must be"},
		{audit.Record{By: "a", Did: "b", On: "\xff"}, "on must be"},
		{audit.Record{By: "a", Did: "b", Details: map[string]string{"n": "\xff"}}, `detail "n" is not UTF-8`},
		{audit.Record{By: "a", Did: "b", Details: map[string]string{"": "x"}}, "the name of a detail"},
		{audit.Record{By: "a", Did: "b", Details: map[string]string{"n": strings.Repeat("x", 4096)}}, "4097 bytes; 4096 at most"},
	} {
		if _, err := l.Append(test.record); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v, want %q", test.record, err, test.want)
		}
	}
	if l.Head().Seq != 0 {
		t.Error("something was recorded")
	}
}

func TestTheLongestRecordsCanBeReadAgain(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, audit.Options{})
	r := audit.Record{By: audit.Actor(strings.Repeat("<", 128)), Did: strings.Repeat("d", 64), On: strings.Repeat("&", 256)}
	many := map[string]string{}
	for i := range 1860 {
		many[string(rune(i+160))] = "" // two bytes each
	}
	for _, r.Details = range []map[string]string{many, {"n": strings.Repeat("\x01", 4095)}} {
		if _, err := l.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	if report := verify(t, dir); report.Err() != nil || report.Entries != 2 {
		t.Errorf("%+v", report)
	}
}

func TestOneProcessWrites(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, audit.Options{})
	if _, err := audit.Open(dir, audit.Options{}); !errors.Is(err, durable.ErrLocked) {
		t.Errorf("the second got %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(audit.Record{By: "a", Did: "b"}); !errors.Is(err, audit.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestTheChainGoesOnAcrossFilesAndOpenings(t *testing.T) {
	dir := t.TempDir()
	heads := write(t, dir)
	c := &clock{start.AddDate(0, -2, 0)} // the clock goes back: the latest file is written on
	l := open(t, dir, audit.Options{Now: c.now})
	if l.Head() != heads[5] {
		t.Errorf("the head is %v, want %v", l.Head(), heads[5])
	}
	appendAll(t, l, "r7")
	c.Time = start.AddDate(1, 0, 0)
	appendAll(t, l, "r8")
	report := verify(t, dir, heads...)
	if report.Err() != nil || report.Entries != 8 || report.Proven != 6 {
		t.Errorf("%+v", report)
	}
	files, _ := os.ReadDir(dir)
	if got, want := fmt.Sprint(files), "[- audit-2026-10.jsonl - audit-2026-11.jsonl - audit-2027-11.jsonl]"; got != want {
		t.Errorf("files %s, want %s", got, want)
	}
	if got := strings.Count(read(t, dir, november), "\n"); got != 4 {
		t.Errorf("%d lines in november, want 4", got)
	}
	l.Close()
	if l = open(t, dir, audit.Options{Now: c.now}); l.Damage() != nil {
		t.Error(l.Damage())
	}
}

// A crash may leave any part of the last line.
func TestATornLastLineIsCutOff(t *testing.T) {
	t.Parallel()
	whole := t.TempDir()
	heads := write(t, whole)
	text := read(t, whole, november)
	lastLine := strings.LastIndex(text[:len(text)-1], "\n") + 1
	const parts = 4 // most of the time is waiting for the disk
	for part := range parts {
		t.Run(fmt.Sprint(part), func(t *testing.T) {
			t.Parallel()
			for cut := lastLine + part; cut <= len(text); cut += parts {
				testTorn(t, read(t, whole, october), text, lastLine, cut, heads)
			}
		})
	}
}

func testTorn(t *testing.T, octobers, text string, lastLine, cut int, heads []audit.Head) {
	t.Helper()
	dir := t.TempDir()
	put(t, octobers, dir, october)
	put(t, text[:cut], dir, november)
	var log strings.Builder
	l := open(t, dir, audit.Options{Now: (&clock{start}).now, Log: slog.New(slog.NewTextHandler(&log, nil))})
	want := []string{"r1", "r2", "r3", "r4", "r5"}
	torn := cut > lastLine && cut < len(text)
	if torn {
		want = append(want, "audit.repaired")
	}
	if cut == len(text) {
		want = append(want, "r6")
	}
	if l.Damage() != nil || strings.Contains(log.String(), "torn") != torn {
		t.Fatalf("cut to %d: %v, log %q", cut, l.Damage(), log.String())
	}
	appendAll(t, l, "new")
	if got := ids(t, dir); !slices.Equal(got, append(want, "new")) {
		t.Fatalf("cut to %d: %q, want %q and new", cut, got, want)
	}
	if report := verify(t, dir, heads[:5]...); report.Err() != nil || report.Proven != 5 || report.Torn != 0 {
		t.Fatalf("cut to %d: %+v", cut, report)
	}
	l.Close()
}

// Only what a crash can have done is mended. The rest is kept and told.
func TestDamageIsLeftAndTold(t *testing.T) {
	for _, test := range []struct {
		name         string
		spoil        func(october, november []string) (string, string)
		want         string
		opensQuietly bool
	}{
		{"a line of the month changed", func(o, n []string) (string, string) {
			return join(o), join(n[:1]) + strings.Replace(n[1], "r5", "r9", 1) + n[2]
		}, november + ", line 2 does not verify: its hash is not", false},
		{"the last line changed", func(o, n []string) (string, string) {
			return join(o), join(n[:2]) + strings.Replace(n[2], "r6", "r9", 1)
		}, november + ", line 3 does not verify: its hash is not", false},
		{"rubbish at the end", func(o, n []string) (string, string) { return join(o), join(n) + "x\n" }, november + ", line 4", false},
		{"nothing but rubbish", func(o, n []string) (string, string) { return "x\n", "y\nz\n" }, october + ", line 1", false},
		{"a month that is rubbish", func(o, n []string) (string, string) { return join(o), "y\n" }, november + ", line 1", false},
		{"the last of october cut off", func(o, n []string) (string, string) { return join(o[:2]), join(n) },
			november + ", line 1 does not verify: its number is 4 where 3 must come", false},
		{"the last of october torn", func(o, n []string) (string, string) { return strings.TrimSuffix(join(o), "\n"), join(n) }, october + ", line 3 does not verify: it is torn", false},
		{"october emptied", func(o, n []string) (string, string) { return "", join(n) }, november + ", line 1 does not verify: the entries up to 3 are gone", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir)
			o, n := test.spoil(split(read(t, dir, october)), split(read(t, dir, november)))
			put(t, o, dir, october)
			put(t, n, dir, november)
			l := open(t, dir, audit.Options{Now: (&clock{start}).now})
			if err := l.Damage(); (err == nil) != test.opensQuietly || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("Damage is %v, want %q", err, test.want)
			}
			appendAll(t, l, "new")
			if got := read(t, dir, november); !strings.HasPrefix(got, n) || strings.Count(got, "\n") != strings.Count(n, "\n")+1 {
				t.Errorf("november is %q, want one line after %q", got, n)
			}
			report := verify(t, dir)
			if err := report.Err(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Verify says %v, want %q", err, test.want)
			}
			l.Close()
			if l = open(t, dir, audit.Options{Now: (&clock{start}).now}); l.Head().Seq < 2 {
				t.Errorf("head %+v", l.Head())
			}
		})
	}
}

func join(lines []string) string { return strings.Join(lines, "") }

func split(text string) []string {
	lines := strings.SplitAfter(text, "\n")
	return lines[:len(lines)-1]
}
