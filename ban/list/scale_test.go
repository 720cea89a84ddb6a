//go:build !race

package list_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ban/list"
	"github.com/joingyd/joingyd/internal/memtest"
)

// repeated is text over and over, n bytes of it.
func repeated(text string, n int) io.Reader {
	return io.LimitReader(&cycle{text: strings.Repeat(text, 1+(64<<10)/len(text))}, int64(n))
}

type cycle struct {
	text string
	at   int
}

func (c *cycle) Read(p []byte) (int, error) {
	n := copy(p, c.text[c.at:])
	c.at = (c.at + n) % len(c.text)
	return n, nil
}

func TestReadHoldsLittle(t *testing.T) {
	tests := []struct {
		name   string
		format list.Format
		head   string
		text   string // repeated behind head
	}{
		{"lines", list.Plain, "", "192.0.2.1 # spam\n"},
		{"no line end", list.Plain, "", "x"},
		{"comments", list.Plain, "", "# spam\n"},
		{"records", list.CSV, "ip,reason\n", "192.0.2.1,\"spam\"\n"},
		{"quote", list.CSV, "ip,reason\n192.0.2.1,\"", "x\n"},
		{"quote without line end", list.CSV, "ip,reason\n192.0.2.1,\"", "x"},
		{"fields over lines", list.CSV, "ip,reason\n\"", "\n\",\""},
		{"fields", list.CSV, "ip,reason\n", ","},
		{"comments", list.CSV, "", "#\n"},
		{"objects", list.CrowdSec, "", "{\"value\":\"192.0.2.1\"}\n"},
		{"alert", list.CrowdSec, "{\"decisions\":[{}", ",{\"value\":\"192.0.2.1\"}"},
		{"events", list.CrowdSec, "{\"events\":[1", ",\n1"},
		{"string", list.CrowdSec, "{\"value\":\"", "x"},
		{"depth", list.CrowdSec, "", "["},
		{"white space", list.CrowdSec, "", "\n"},
		{"addresses", list.Fail2ban, "", "192.0.2.1 "},
		{"jails", list.Fail2ban, "[", "{'sshd': ['192.0.2.1']}, "},
		{"no line end", list.Fail2ban, "", "x"},
		{"word", list.Fail2ban, "192.0.2.1 ", "x"},
		{"log", list.Fail2ban, "", "x fail2ban.actions [1]: NOTICE [a] Ban 192.0.2.1\nx fail2ban.actions [1]: NOTICE [a] Unban 192.0.2.1\n"},
	}
	for _, tt := range tests {
		t.Run(string(tt.format)+" "+tt.name, func(t *testing.T) {
			r := &memtest.Reader{From: io.MultiReader(strings.NewReader(tt.head), repeated(tt.text, 3<<20)), Every: 1 << 20}
			before := memtest.Held()
			for range list.Read(r, tt.format, now) {
			}
			if r.Highest > before+512<<10 {
				t.Errorf("%d KiB held; want 512 at most", (r.Highest-before)>>10)
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	const n, line = 1_000_000, "198.51.100.77\n"
	b.ReportAllocs()
	for b.Loop() {
		lines := 0
		for _, err := range list.Read(repeated(line, n*len(line)), list.Plain, time.Now()) {
			if err != nil {
				b.Fatal(err)
			}
			lines++
		}
		if lines != n {
			b.Fatalf("%d lines; want %d", lines, n)
		}
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
