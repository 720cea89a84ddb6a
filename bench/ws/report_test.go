package main

import (
	"strings"
	"testing"
	"time"
)

func TestReport(t *testing.T) {
	var out strings.Builder
	r := newReport(&out)
	r.figure(ofJoingyd, "KiB", 30, 1)
	r.text(ofJoingyd, "ms", "1 / 2 / 3")
	r.figure(ofBare, "KiB", 20, 1)
	r.figure(ofJoingyd, "pairs", 7, 0)
	r.print(1499 * time.Millisecond)
	const want = `| what | joingyd | bare coder/websocket | × |
|---|---|---|---|
| KiB | 30.0 | 20.0 | 1.50 |
| ms | 1 / 2 / 3 |  |  |
| pairs | 7 |  |  |

The run took 1s.
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	out.Reset()
	r.figure(ofCentrifugo, "KiB", 40, 1)
	r.print(0)
	if got := out.String(); !strings.HasPrefix(got, "| what | joingyd | bare coder/websocket | × | Centrifugo | × |\n|---|---|---|---|---|---|\n| KiB | 30.0 | 20.0 | 1.50 | 40.0 | 0.75 |\n| ms ") {
		t.Errorf("with a third server:\n%s", got)
	}
}

func TestOptions(t *testing.T) {
	o, err := parseOptions([]string{"-quick", "-sessions", "2000"}, new(strings.Builder))
	if err != nil || o.sessions != 2000 || o.chatPairs != 150 {
		t.Errorf("parseOptions = %+v, %v", o, err)
	}
	sum := 0
	for i := range o.loads {
		sum += o.share(1001, i)
	}
	if sum != 1001 {
		t.Errorf("shares of 1001 sum up to %d", sum)
	}
	for args, want := range map[string]string{
		"-sessions 19001":               "-sessions: 19001 is not in 2…19000",
		"-only held":                    `-only: "held" is not in joingyd,bare,centrifugo,crowd`,
		"-sessions 100 -chat-pairs 50":  "-call-pairs: 2000 is not in 1…0",
		"-sessions 100 -chat-pairs 100": "-chat-pairs: 100 is not in 1…50",
		"-call-pairs 7000":              "-call-pairs: 7000 is not in 1…4500",
		"-duration 1ms":                 "-duration: 0 is not in 1…600",
		"quick":                         `unexpected argument "quick"`,
	} {
		_, err := parseOptions(strings.Fields(args), new(strings.Builder))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", args, err, want)
		}
	}
}

func TestMetric(t *testing.T) {
	const text = "# TYPE go_goroutines gauge\ngo_goroutines 88\ngo_memstats_heap_alloc_bytes 2.3413688e+07\n"
	for name, want := range map[string]int{"go_goroutines": 88, "go_memstats_heap_alloc_bytes": 23413688} {
		if got, err := metric(text, name); got != want || err != nil {
			t.Errorf("%s = %d, %v; want %d", name, got, err, want)
		}
	}
	if _, err := metric(text, "go_memstats"); err == nil {
		t.Error("the start of a name was found")
	}
}
