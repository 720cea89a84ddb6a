package pdq_test

import (
	"strings"
	"testing"

	"github.com/joingyd/joingyd/moderate/pdq"
)

func TestParseHash(t *testing.T) {
	const text = "0007001f003f003f007f00ff00ff00ff01ff01ff01ff01ff03ff03ff03ff03ff"
	h := parse(t, text)
	if h.String() != text || parse(t, strings.ToUpper(text)) != h {
		t.Errorf("%s became %s", text, h)
	}
	for _, bad := range []string{"", text[1:], text + "0", text[:63] + "g", text[:62] + "é"} {
		if h, err := pdq.ParseHash(bad); err == nil || h != (pdq.Hash{}) {
			t.Errorf("ParseHash(%q) = %s, %v", bad, h, err)
		}
	}
}

func TestDistance(t *testing.T) {
	zero, one := pdq.Hash{}, parse(t, strings.Repeat("0", 63)+"1")
	all := parse(t, strings.Repeat("f", 64))
	for _, test := range []struct {
		a, b pdq.Hash
		want int
	}{{zero, zero, 0}, {zero, one, 1}, {one, all, 255}, {all, zero, 256}} {
		if got := test.a.Distance(test.b); got != test.want || test.b.Distance(test.a) != got {
			t.Errorf("%s to %s: %d, want %d", test.a, test.b, got, test.want)
		}
	}
}
