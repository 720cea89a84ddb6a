package main

import (
	"io"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/bench/markdown"
)

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1}, 1}, {[]float64{9, 1, 5}, 5}} {
		if got := median(test.values); got != test.want {
			t.Errorf("median(%v) = %v, want %v", test.values, got, test.want)
		}
	}
}

func TestTable(t *testing.T) {
	var out strings.Builder
	markdown.NewTable(&out, "a", "b").Row(thousands(20_000), micro(1234))
	if want := "| a | b |\n| --- | --- |\n| 20k | 1.23 |\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestOptions(t *testing.T) {
	o, err := parseOptions([]string{"-quick", "-rates", "20000,150000", "-client-gro", "on"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if len(o.rates) != 2 || len(o.pairs) != 1 || o.rounds != 1 || len(o.burstGRO()) != 1 || !o.runs("memory") {
		t.Errorf("options %+v", o)
	}
	for _, bad := range []string{"-rates=x", "-rates=1", "-sizes=8", "-pairs=5000", "-only=all", "-servers=bind", "-client-gro=maybe", "extra"} {
		if _, err := parseOptions([]string{bad}, io.Discard); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
}
