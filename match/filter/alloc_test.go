//go:build !race

package filter

import (
	"testing"
	"time"
)

// The race detector makes pools forget at random.
func TestPlainLineAllocatesNothing(t *testing.T) {
	f := strict()
	line := Line{Body: plainLine, At: time.Unix(1, 0)}
	if n := testing.AllocsPerRun(100, func() { f.Check(line) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
	counting := New(Options{Links: Mask, Contacts: Mask, Words: Mask, Repeats: 5, MuteAfter: 3})
	counting.Check(line)
	if n := testing.AllocsPerRun(100, func() { counting.Check(line) }); n > 0 {
		t.Errorf("%v allocations with fingerprints", n)
	}
}
