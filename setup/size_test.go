package setup_test

import (
	"testing"

	"github.com/joingyd/joingyd/setup"
)

func TestParseSize(t *testing.T) {
	for _, tt := range []struct {
		text string
		want int // -1: refused
	}{
		{"20TB", 20e12}, {"20 TB", 20e12}, {"20tb", 20e12}, {"1.5TiB", 3 << 39}, {"500GB", 500e9}, {"1PB", 1e15}, {"2MiB", 2 << 20},
		{"20000000000001", 20000000000001}, {"1000000 B", 1e6}, {"0", 0}, {"0TB", 0},
		{"", -1}, {"TB", -1}, {"-1TB", -1}, {"1e3TB", -1}, {"NaN", -1}, {"Inf TB", -1}, {"0x1TB", -1}, {"1_0TB", -1}, {"20T", -1}, {"20XB", -1}, {"1..5TB", -1},
		{"2000PB", -1}, {"99999999999999999999", -1}, {"20", -1}, {"0.0000001B", -1}, {"20,5TB", -1},
	} {
		got, err := setup.ParseSize(tt.text)
		if (err != nil) != (tt.want < 0) || err == nil && got != tt.want {
			t.Errorf("ParseSize(%q) = %d, %v, want %d", tt.text, got, err, tt.want)
		}
	}
	for _, size := range []int{0, 1e6, 20e12, 1500e9, 20e12 + 1, 1<<60 - 1} {
		if got, err := setup.ParseSize(setup.FormatSize(size)); err != nil || got != size {
			t.Errorf("FormatSize(%d) = %q, which is read as %d, %v", size, setup.FormatSize(size), got, err)
		}
	}
}
