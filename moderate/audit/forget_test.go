package audit_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/moderate/audit"
)

// year writes two entries in each month of 2026 up to November, and returns the
// heads.
func year(t *testing.T, dir string) (*audit.Log, *clock, []audit.Head) {
	t.Helper()
	c := &clock{}
	l := open(t, dir, audit.Options{Now: c.now})
	var heads []audit.Head
	for m := time.January; m <= time.November; m++ {
		c.Time = time.Date(2026, m, 28, 0, 0, 0, 0, time.UTC)
		appendAll(t, l, m.String()+"1")
		heads = append(heads, l.Head())
		appendAll(t, l, m.String()+"2")
	}
	return l, c, heads
}

func july(day int) time.Time { return time.Date(2026, time.July, day, 0, 0, 0, 0, time.UTC) }

func forget(t *testing.T, l *audit.Log, before time.Time, want int) {
	t.Helper()
	if n, err := l.Forget(audit.Rule("retention"), before); n != want || err != nil {
		t.Fatalf("forgot %d, %v, want %d", n, err, want)
	}
}

func TestForgottenMonthsLeaveAnAnchor(t *testing.T) {
	dir := t.TempDir()
	l, c, heads := year(t, dir)
	forget(t, l, july(31), 6)
	forget(t, l, july(1), 0)
	report := verify(t, dir, heads...)
	if report.Err() != nil || report.Entries != 11 || report.Proven != 5 || report.Forgotten != 6 {
		t.Errorf("%+v, %v", report, report.Err())
	}
	last := ids(t, dir)
	if last[0] != "July1" || last[10] != "audit.forget" {
		t.Errorf("%q", last)
	}
	// The rest but this month, and then the month with the first anchor.
	forget(t, l, start.AddDate(5, 0, 0), 4)
	c.Time = start.AddDate(0, 3, 0)
	forget(t, l, start.AddDate(5, 0, 0), 1)
	l.Close()
	if l = open(t, dir, audit.Options{Now: c.now}); l.Damage() != nil {
		t.Error(l.Damage())
	}
	if report := verify(t, dir, heads...); report.Err() != nil || report.Entries != 1 || report.Forgotten != 11 {
		t.Errorf("%+v, %v", report, report.Err())
	}
}

// A crash may leave any of the months to be removed.
func TestForgetMayBeInterrupted(t *testing.T) {
	dir := t.TempDir()
	l, _, heads := year(t, dir)
	kept := map[string]string{}
	for _, m := range []string{"01", "02", "03", "04", "05", "06"} {
		name := "audit-2026-" + m + ".jsonl"
		kept[name] = read(t, dir, name)
	}
	forget(t, l, july(1), 6)
	for _, from := range []string{"06", "05", "04", "03", "02", "01"} { // the oldest go first
		name := "audit-2026-" + from + ".jsonl"
		put(t, kept[name], dir, name)
		if report := verify(t, dir, heads...); report.Err() != nil || report.Proven+report.Forgotten != 11 {
			t.Errorf("from %s: %+v, %v", from, report, report.Err())
		}
	}
	os.Remove(filepath.Join(dir, "audit-2026-01.jsonl"))
	forget(t, l, july(1), 5)
	if report := verify(t, dir, heads...); report.Err() != nil {
		t.Error(report.Err())
	}
}

func TestMonthsThatNobodyForgotAreMissed(t *testing.T) {
	dir := t.TempDir()
	l, _, heads := year(t, dir)
	remove := func(months ...string) {
		for _, m := range months {
			if err := os.Remove(filepath.Join(dir, "audit-2026-"+m+".jsonl")); err != nil {
				t.Fatal(err)
			}
		}
	}
	remove("01")
	if report := verify(t, dir, heads...); report.Break == nil || !strings.Contains(report.Break.Why, "the entries up to 2 are gone") {
		t.Errorf("%+v", report.Break)
	}
	forget(t, l, time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC), 1)
	if report := verify(t, dir); report.Err() != nil {
		t.Error(report.Err())
	}
	remove("03", "04") // and the entry says only that what is before March goes
	report := verify(t, dir, heads...)
	if report.Break == nil || len(report.Unproven) != 4 {
		t.Errorf("%+v", report)
	}
}

func TestADamagedMonthIsForgottenAndTold(t *testing.T) {
	dir := t.TempDir()
	l, _, heads := year(t, dir)
	name := "audit-2026-06.jsonl"
	put(t, strings.Replace(read(t, dir, name), "June2", "June3", 1), dir, name)
	forget(t, l, july(1), 6)
	if report := verify(t, dir, heads[6:]...); report.Err() != nil || report.Proven != 5 {
		t.Errorf("%+v", report)
	}
	var told string
	for e := range audit.Entries(dir) {
		told += e.Details["damage"]
	}
	if !strings.HasPrefix(told, name+", line 2: its hash") {
		t.Errorf("the entry says %q", told)
	}
}
