package list_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/ban/list"
)

// seeds returns the samples whose names end like one of the patterns.
func seeds(f *testing.F, patterns ...string) (texts []string) {
	f.Helper()
	for _, pattern := range patterns {
		names, err := filepath.Glob(filepath.Join("testdata", pattern))
		if err != nil || len(names) == 0 {
			f.Fatal("no samples ", pattern, err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			texts = append(texts, string(text))
		}
	}
	return texts
}

// small are seeds that are quickly changed into others.
var small = map[list.Format][]string{
	list.Plain:    {"192.0.2.1-192.0.2.9 # until 2026-12-24T18:00:00Z; a\n", "2001:db8::/48 7;\xff\n"},
	list.CSV:      {"ip,until,reason,scope\n192.0.2.1,7d,\"'=1\n\"\"\",relay\n", "192.0.2.1\n\"a"},
	list.CrowdSec: {`[{"decisions":[{"value":"192.0.2.1","duration":"1h"}],"x":{}},null]`, `{"value":"::1","origin":"a"}7`},
	list.Fail2ban: {"[{'a': ['192.0.2.1']}]\n192.0.2.1 x + 1 = 9999-12-31 23:59:59\n", "`IP list:192.0.2.1\nfail2ban: [a] Ban 192.0.2.1\nfail2ban: [a] Unban 192.0.2.1"},
}

// fuzzRead checks that whatever a list holds, what comes out of it can be
// stored as it is, and comes out again once written.
func fuzzRead(f *testing.F, format list.Format, patterns ...string) {
	for _, seed := range append(seeds(f, patterns...), small[format]...) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var bans []ban.Ban
		var broken error
		for item, err := range list.Read(strings.NewReader(text), format, now) {
			if broken != nil {
				t.Fatalf("%v, %v after %v", item, err, broken)
			}
			line := item.Line
			if refusal := (*list.Refusal)(nil); errors.As(err, &refusal) {
				line = refusal.Line
				if refusal.Why == "" || !clean(refusal.Text, 60) || !clean(refusal.Why, 400) {
					t.Fatalf("refusal %q, %q", refusal.Text, refusal.Why)
				}
			} else if err != nil {
				broken = err
				continue
			} else {
				bans = append(bans, storable(t, item))
			}
			if line < 1 || line > strings.Count(text, "\n")+1 {
				t.Fatalf("line %d of %q", line, text)
			}
		}
		for _, format := range list.Readable() {
			rewrite(t, format, bans)
		}
	})
}

// clean reports whether text can be shown as it is.
func clean(text string, limit int) bool {
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= limit && strings.IndexFunc(text, unicode.IsControl) < 0
}

// storable returns the ban that item asks for.
func storable(t *testing.T, item list.Item) ban.Ban {
	t.Helper()
	again, err := ban.ParseTarget(item.Target.String())
	if err != nil || again.Prefix() != item.Target.Prefix() {
		t.Fatalf("%s is read again as %s, %v", item.Target, again, err)
	}
	if !clean(item.Reason, ban.MaxReason) || !clean(item.Source, 200) {
		t.Fatalf("reason %q, source %q", item.Reason, item.Source)
	}
	if !item.Until.IsZero() && (item.Permanent || !item.Until.After(now)) {
		t.Fatalf("until %v, permanent %t", item.Until, item.Permanent)
	}
	b := ban.Ban{Kind: again.Kind(), Reason: item.Reason, Until: item.Until}
	if b.Kind == ban.KindPrefix {
		b.Prefix = again.Prefix()
	} else {
		b.Address = again.String()
	}
	return b
}

func rewrite(t *testing.T, format list.Format, bans []ban.Ban) {
	t.Helper()
	var out bytes.Buffer
	if written, leftOut, err := list.Write(&out, format, all(bans...), now); written != len(bans) || leftOut != 0 || err != nil {
		t.Fatalf("%s: %d of %d written, %d left out, %v", format, written, len(bans), leftOut, err)
	}
	i := 0
	for item, err := range list.Read(&out, format, now) {
		if err != nil || i == len(bans) {
			t.Fatalf("%s: %v, %v is one too many", format, item, err)
		}
		if sameBan(t, item, bans[i]); format == list.CSV && item.Reason != bans[i].Reason {
			t.Fatalf("the reason %q became %q", bans[i].Reason, item.Reason)
		}
		i++
	}
	if i != len(bans) {
		t.Fatalf("%s: %d of %d read back", format, i, len(bans))
	}
}

func FuzzReadPlain(f *testing.F)    { fuzzRead(f, list.Plain, "*.txt", "*.netset") }
func FuzzReadCSV(f *testing.F)      { fuzzRead(f, list.CSV, "*.csv") }
func FuzzReadCrowdSec(f *testing.F) { fuzzRead(f, list.CrowdSec, "*.json", "*.jsonl") }
func FuzzReadFail2ban(f *testing.F) { fuzzRead(f, list.Fail2ban, "ban*.txt", "status*.txt", "*.log") }
