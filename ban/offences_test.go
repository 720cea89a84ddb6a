package ban_test

import (
	"testing"
	"time"

	"github.com/joingyd/joingyd/ban"
)

func TestOffences(t *testing.T) {
	f := open(t)
	count := func(want int, targets ...string) {
		t.Helper()
		var list []ban.Target
		for _, target := range targets {
			list = append(list, parse(t, target))
		}
		if got, err := f.Offences(list); err != nil || got != want {
			t.Errorf("Offences(%v) = %d, %v; want %d", targets, got, err, want)
		}
	}
	count(0, "203.0.113.7", "203.0.113.0/24")
	f.add(t, "203.0.113.7", time.Hour)
	count(1, "203.0.113.7")
	count(0, "203.0.113.8", "203.0.113.0/24")
	f.Advance(2 * time.Hour)
	count(1, "203.0.113.7") // over, whether or not it was swept
	if err := f.Sweep(); err != nil {
		t.Fatal(err)
	}
	count(1, "203.0.113.7")
	f.add(t, "203.0.113.7", time.Hour)
	f.add(t, "203.0.113.7", 2*time.Hour) // corrects the one before
	count(2, "203.0.113.7", "198.51.100.1")
	if _, err := f.Remove(parse(t, "203.0.113.7"), ban.ScopeAll, "root"); err != nil { // it was a mistake
		t.Fatal(err)
	}
	count(1, "203.0.113.7")
	f.add(t, "203.0.113.0/24", time.Minute)
	f.Advance(time.Hour)
	count(1, "203.0.113.0/24", "203.0.113.7")
}
