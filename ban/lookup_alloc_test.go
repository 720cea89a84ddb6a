//go:build !race

package ban_test

import (
	"testing"
	"time"

	"github.com/joingyd/joingyd/ban"
)

func TestLookupDoesNotAllocate(t *testing.T) {
	f := open(t)
	f.rotate(t, ban.Key{2})
	for _, text := range []string{"203.0.113.1", "203.0.113.2", "2001:db8::1", "198.51.100.0/24"} {
		f.add(t, text, time.Hour)
		target := parse(t, text)
		if n := testing.AllocsPerRun(100, func() { f.Lookup(target, ban.ScopeAll) }); n != 0 {
			t.Errorf("Lookup(%s) allocates %v times", text, n)
		}
	}
}
