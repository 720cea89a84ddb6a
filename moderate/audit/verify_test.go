package audit_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/moderate/audit"
)

func TestEveryFlippedBitIsFound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	heads := writeMonths(t, dir, 2)
	for _, name := range []string{october, november} {
		text := read(t, dir, name)
		file, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		set := func(i int, b byte) {
			if _, err := file.WriteAt([]byte{b}, int64(i)); err != nil {
				t.Fatal(err)
			}
		}
		for i := range text {
			set(i, text[i]^1<<(i%8))
			report := verify(t, dir, heads...)
			if report.Err() == nil || report.Break == nil && name+"\n" != november+text[i:] {
				t.Fatalf("%s, byte %d: %+v", name, i, report)
			}
			if want := uint64(strings.Count(text[:i], "\n")); name == october && report.Entries != want {
				t.Fatalf("%s, byte %d: %d entries verify, want %d", name, i, report.Entries, want)
			}
			set(i, text[i])
		}
	}
	if report := verify(t, dir, heads...); report.Err() != nil {
		t.Fatal(report.Err())
	}
}

func TestMovedLinesAreFound(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	heads := write(t, dir)
	o, n := split(read(t, dir, october)), split(read(t, dir, november))
	l := open(t, other, audit.Options{Now: (&clock{start}).now})
	appendAll(t, l, "foreign")
	foreign := read(t, other, november)
	for _, test := range []struct {
		name              string
		october, november string
		broken            string // nothing: the chain alone does not show it
		unproven          int
	}{
		{"as it was", join(o), join(n), "", 0},
		{"one deleted", o[0] + o[2], join(n), october + ", line 2", 5},
		{"the first deleted", o[1] + o[2], join(n), "the entries up to 1 are gone", 0},
		{"swapped", o[1] + o[0] + o[2], join(n), october + ", line 2", 4},
		{"doubled", o[0] + o[0] + o[1] + o[2], join(n), october + ", line 2", 5},
		{"put in", o[0] + foreign + o[1] + o[2], join(n), october + ", line 2", 5},
		{"put in front", foreign + join(o), join(n), october + ", line 2", 6},
		{"put at the end", join(o), join(n) + foreign, november + ", line 4", 0},
		{"an empty line", join(o) + "\n", join(n), october + ", line 4", 3},
		{"CRLF", strings.ReplaceAll(join(o), "\n", "\r\n"), join(n), october + ", line 1", 6},
		{"months swapped", join(n), join(o), november + ", line 1", 2},
		{"too long a line", join(o) + strings.Repeat("x", 1<<20) + "\n", join(n), october + ", line 4 does not verify: it has more than", 3},
		{"the last month's end cut off", join(o), join(n[:2]), "", 1},
		{"the last month emptied", join(o), "", "", 3},
		{"all emptied", "", "", "", 6},
	} {
		t.Run(test.name, func(t *testing.T) {
			put(t, test.october, dir, october)
			put(t, test.november, dir, november)
			alone := verify(t, dir)
			if err := alone.Err(); (err == nil) != (test.broken == "") || err != nil && !strings.Contains(err.Error(), test.broken) {
				t.Errorf("without heads: %v, want %q", err, test.broken)
			}
			report := verify(t, dir, heads...)
			if len(report.Unproven) != test.unproven && test.name != "the first deleted" {
				t.Errorf("unproven are %+v, want %d", report.Unproven, test.unproven)
			}
			if (report.Err() == nil) != (test.name == "as it was") {
				t.Errorf("with heads: %v", report.Err())
			}
		})
	}
}

// rewrite makes a chain that verifies out of lines, as somebody does who can write
// the files.
func rewrite(lines []string, edit func(line string) string) string {
	prev, text := strings.Repeat("0", 64), ""
	for _, line := range lines {
		body, _, _ := strings.Cut(edit(line), `,"prev":"`)
		body += `,"prev":"` + prev + `"`
		prev = fmt.Sprintf("%x", sha256.Sum256([]byte(body)))
		text += body + `,"hash":"` + prev + "\"}\n"
	}
	return text
}

func TestHeadsShowARewrittenChain(t *testing.T) {
	dir := t.TempDir()
	heads := write(t, dir)
	lines := append(split(read(t, dir, october)), split(read(t, dir, november))...)
	same := rewrite(lines, func(line string) string { return line })
	if same != join(lines) {
		t.Fatal("the test cannot write chains")
	}
	anew := split(rewrite(lines, func(line string) string { return strings.Replace(line, "r4", "r9", 1) }))
	put(t, join(anew[:3]), dir, october)
	put(t, join(anew[3:]), dir, november)
	if report := verify(t, dir); report.Err() != nil || report.Entries != 6 {
		t.Fatalf("the chain alone shows it: %+v", report)
	}
	report := verify(t, dir, heads...)
	if report.Proven != 3 || len(report.Unproven) != 3 || report.Unproven[0].Head != heads[3] || !strings.Contains(report.Err().Error(), "written anew") {
		t.Errorf("%+v", report)
	}
}

func TestHeadsAreExported(t *testing.T) {
	dir, path := t.TempDir(), filepath.Join(t.TempDir(), "heads")
	l := open(t, dir, audit.Options{Now: (&clock{start}).now})
	export := func() {
		t.Helper()
		if err := l.ExportHead(path); err != nil {
			t.Fatal(err)
		}
	}
	export() // there is none
	if _, err := os.Stat(path); err == nil {
		t.Error("the head of an empty log was written")
	}
	appendAll(t, l, "r1")
	export()
	appendAll(t, l, "r2", "r3")
	export()
	if want := "2026-11-29 3 " + l.Head().Hash.String() + "\n"; !strings.HasSuffix(read(t, path), "\n"+want) {
		t.Errorf("%q does not end with %q", read(t, path), want)
	}
	heads, err := audit.ReadHeads(strings.NewReader("# kept by Bo\n\n" + read(t, path)))
	if err != nil || len(heads) != 2 {
		t.Fatal(heads, err)
	}
	if report := verify(t, dir, heads...); report.Err() != nil || report.Proven != 2 {
		t.Errorf("%+v", report)
	}
	// The log's end is gone, and more was appended since.
	l.Close()
	put(t, split(read(t, dir, november))[0], dir, november)
	l = open(t, dir, audit.Options{Now: (&clock{start}).now})
	report := verify(t, dir, heads...)
	if len(report.Unproven) != 1 || !strings.Contains(report.Err().Error(), "the head 3 of 2026-11-29 is not in the log: the log ends with 1") {
		t.Errorf("%v", report.Err())
	}
	appendAll(t, l, "r2", "r4")
	if report := verify(t, dir, heads...); len(report.Unproven) != 1 {
		t.Errorf("%+v", report)
	}
	// A crash tore the last line.
	put(t, strings.TrimSuffix(read(t, path), "\n")[:100], path)
	export()
	if _, err := audit.ReadHeads(strings.NewReader(read(t, path))); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("a torn line: %v", err)
	}
	if lines := split(read(t, path)); len(lines) != 3 {
		t.Errorf("%q", lines)
	}
}

func TestReadHeadsRefuses(t *testing.T) {
	hash := strings.Repeat("a", 64)
	for text, want := range map[string]string{
		"2026-11-29 1":                   "2 fields",
		"29.11.2026 1 " + hash:           "date",
		"2026-11-29 0 " + hash:           "number",
		"2026-11-29 -1 " + hash:          "number",
		"2026-11-29 1 " + hash[1:]:       "64 lower-case",
		"2026-11-29 1 " + "A" + hash[1:]: "64 lower-case",
		"2026-11-29 1 " + hash + "aa":    "64 lower-case",
	} {
		if _, err := audit.ReadHeads(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
