//go:build !race

package admin_test

import (
	"strings"
	"testing"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/internal/memtest"
)

// A list is not held, whatever it is.
func TestImportHoldsLittle(t *testing.T) {
	f := newFixture(t)
	if _, err := f.Import(t.Context(), admin.ImportRequest{Permanent: true}, strings.NewReader("203.0.113.1\n")); err != nil {
		t.Fatal(err)
	}
	for name, line := range map[string]string{
		"known":    "203.0.113.1\n",
		"refused":  "10.0.0.0/8\n",
		"garbage":  "garbage\n",
		"far from": "203.0.113.1 #" + strings.Repeat("x", 60<<10) + "\n",
	} {
		lines := 100_000
		if len(line) > 1000 {
			lines = 2_000
		}
		r := &memtest.Reader{From: &repeated{text: line, times: lines}, Every: 256 << 10}
		before := memtest.Held()
		got, err := f.Import(t.Context(), admin.ImportRequest{}, r)
		if err != nil || got.Known+got.Refused != lines {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if grown := int64(r.Highest) - int64(before); grown > 40<<20 {
			t.Errorf("%s: %d KiB are held for %d KiB of list", name, grown>>10, len(line)*lines>>10)
		}
	}
}
