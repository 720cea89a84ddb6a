package pdq_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/joingyd/joingyd/moderate/pdq"
)

const (
	bridge = "d8f8f0cee0f4a84f0637022a078f67f0b36e2ed596621e1d33e6339c4e9c9b22"
	wee    = "6227401f601ff4ccafcc9fad4b0d95d371a2eb7265a3285234d228ca94deeb2d"
	small  = "0007001f003f003f007f00ff00ff00ff01ff01ff01ff01ff03ff03ff03ff03ff"
)

func TestImport(t *testing.T) {
	tests := []struct {
		name, text string
		want       map[string]int // by label
		refused    []string       // line and a piece of the reason
	}{
		{"nothing", "", nil, nil},
		{"a hash a line", "# a list\r\n" + bridge + "\r\n\r\n" + wee + ", violence \n", map[string]int{"given": 1, "violence": 1}, nil},
		{"byte order mark, upper case, no end", "\ufeff" + strings.ToUpper(wee), map[string]int{"given": 1}, nil},
		{"twice", wee + ",a\n" + strings.ToUpper(wee) + ",b\n", map[string]int{"a": 1}, nil},
		{"threatexchange hash", "pdq " + bridge + "\nvideo_md5 f09791b743c21f26a189c33b798b8e46\n", map[string]int{"given": 1}, []string{`2: it is of the kind "video_md5"`}},
		{
			"threatexchange dataset -P --csv", "signal_type,signal_str,collab,category,tags\n" +
				"pdq," + bridge + ",Sample Signals,POSITIVE_CLASS,\n" +
				"pdq," + wee + `,"a, ""b""",POSITIVE_CLASS,uploaded:x seen` + "\n" +
				"url,https://example.org/,Sample Signals,POSITIVE_CLASS,\n" +
				"pdq," + strings.Repeat("0f", 32) + ",Sample Signals,NEGATIVE_CLASS,\n" +
				"pdq," + strings.Repeat("0f", 32) + ",Sample Signals,INVESTIGATION_SEED,\n",
			map[string]int{"Sample Signals": 1, `a, "b" uploaded:x seen`: 1},
			[]string{`4: it is of the kind "url"`, "5: its category NEGATIVE_CLASS", "6: its category INVESTIGATION_SEED"},
		},
		{"state of threatexchange, HASH_PDQ.te", bridge + ",3186579388079637,2020-07-31T18:47:45+0000,media_type_photo\n", map[string]int{"3186579388079637": 1}, nil},
		{"ThreatExchange's API", "id,indicator,type,tags\n7," + bridge + ",HASH_PDQ,x\n8," + wee + ",HASH_SHA256,x\n", map[string]int{"x": 1}, []string{`3: it is of the kind "HASH_SHA256"`}},
		{"the reference's CSV", "FilePath,Hash\na.jpg," + bridge + "\n", map[string]int{"given": 1}, nil},
		{"quality", "hash,quality\n" + bridge + ",100\n" + wee + ",50\n" + small + ",49\n", map[string]int{"given": 2}, []string{"4: its quality 49 is under 50"}},
		{
			"lines of other kinds", "what\n" + wee + "," + strings.Repeat("a ", 99) + "\n" + bridge[1:] + "\n" + `"` + bridge + "\n" + `"` + bridge + `" x` + "\n,\n" +
				strings.Repeat("ef", 32) + "\n" + strings.Repeat("0", 64) + "\n" + strings.Repeat("x", 65<<10) + "\n" + bridge + ",\x1b[31m\xffred",
			map[string]int{strings.TrimSpace(strings.Repeat("a ", 40)): 1, "[31m red": 1},
			[]string{`1: the hash "what" is none`, "3: the hash " + `"` + bridge[1:], "4: a quote", "5: a quote", `6: the hash "" is none`, "7: 224 of its 256 bits", "8: 0 of its 256 bits", "9: it is longer than 64 KiB"},
		},
	}
	for _, test := range tests {
		list := new(pdq.List)
		checked, err := list.Check(strings.NewReader(test.text), "given")
		if err != nil || list.Len() != 0 {
			t.Errorf("%s: Check makes %d known, %v", test.name, list.Len(), err)
		}
		report, err := list.Import(iotest.OneByteReader(strings.NewReader(test.text)), "given")
		if err != nil || fmt.Sprint(report) != fmt.Sprint(checked) {
			t.Errorf("%s: %v, %v, but Check says %v", test.name, report, err, checked)
		}
		if got := list.Labels(); !maps.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
		if report.New != list.Len() || report.Refused != len(test.refused) || len(report.Refusals) != len(test.refused) {
			t.Errorf("%s: %+v", test.name, report)
			continue
		}
		for i, want := range test.refused {
			if got := report.Refusals[i].Error(); !strings.HasPrefix(got, "line "+want) || len(got) > 400 {
				t.Errorf("%s: %s\nwant line %s", test.name, got, want)
			}
		}
	}
}

func TestImportKeepsWhatIsKnown(t *testing.T) {
	list := new(pdq.List)
	for i, want := range []pdq.Report{{New: 1}, {New: 1, Known: 2}, {Known: 3}} {
		report, err := list.Import(strings.NewReader(strings.Join([]string{wee, bridge, wee}[:1+2*min(i, 1)], "\n")), fmt.Sprint(i))
		if err != nil || fmt.Sprint(report) != fmt.Sprint(want) {
			t.Errorf("%+v, %v, want %+v", report, err, want)
		}
	}
	if got := fmt.Sprint(list.Labels()); got != "map[0:1 1:1]" {
		t.Error(got)
	}
}

func TestImportOfABrokenReaderChangesNothing(t *testing.T) {
	list := new(pdq.List)
	broken := io.MultiReader(strings.NewReader(wee+"\n"+bridge), iotest.ErrReader(io.ErrUnexpectedEOF))
	if report, err := list.Import(broken, ""); !errors.Is(err, io.ErrUnexpectedEOF) || list.Len() != 0 {
		t.Errorf("%+v, %v, %d known", report, err, list.Len())
	}
}

func TestReportIsBounded(t *testing.T) {
	report, err := new(pdq.List).Check(strings.NewReader(strings.Repeat("x\n", 1000)), "")
	if err != nil || report.Refused != 1000 || len(report.Refusals) != 100 || report.Refusals[99].Line != 100 {
		t.Errorf("%d refused, %d told, %v", report.Refused, len(report.Refusals), err)
	}
}

// FuzzImport: whatever a file holds, what is imported of it can be saved and loaded, and
// each line is accounted for once.
func FuzzImport(f *testing.F) {
	for _, seed := range []string{
		bridge + ",a\n# b\n" + wee + "\n", "signal_type,signal_str,collab,category,tags\npdq," + bridge + `,"a ""b""",POSITIVE_CLASS,c`,
		"hash,quality,label\n" + wee + ",50,\xff\u2028\n", "pdq " + wee + "\n\"",
	} {
		f.Add(seed)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		list := new(pdq.List)
		report, err := list.Import(strings.NewReader(text), "given")
		if err != nil || report.New != list.Len() || report.New+report.Known+report.Refused > strings.Count(text, "\n")+1 {
			t.Fatalf("%+v, %v, %d known", report, err, list.Len())
		}
		for _, refusal := range report.Refusals {
			if refusal.Line < 1 || refusal.Line > strings.Count(text, "\n")+1 || refusal.Why == "" {
				t.Fatalf("%+v", refusal)
			}
		}
		path := dir + "/list"
		if err := list.Save(path); err != nil {
			t.Fatal(err)
		}
		again, err := pdq.Load(path)
		if err != nil || !maps.Equal(again.Labels(), list.Labels()) {
			t.Fatalf("%v became %v, %v", list.Labels(), again.Labels(), err)
		}
	})
}

func BenchmarkImport(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	var text strings.Builder
	for i := range 1_000_000 {
		fmt.Fprintf(&text, "%s,n%d\n", random(r), i%1000)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := new(pdq.List).Import(strings.NewReader(text.String()), ""); err != nil {
			b.Fatal(err)
		}
	}
}
