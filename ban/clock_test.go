package ban

import (
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// steps are what a wall clock may do while bans run.
var steps = []time.Duration{0, time.Hour, -time.Hour, -10 * 365 * 24 * time.Hour, 10 * 365 * 24 * time.Hour}

// TestP3ClockSteps steps the wall clock under a store, while it runs and between
// two runs, and asks at moments of true time whether bans are in force.
func TestP3ClockSteps(t *testing.T) {
	decisions, wrong := 0, 0
	check := func(s *Store, addr string, want bool, when string) {
		t.Helper()
		decisions++
		if _, got := s.Check(netip.MustParseAddr(addr), UseSite); got != want {
			wrong++
			t.Errorf("%s: %s banned %v, want %v", when, addr, got, want)
		}
	}
	boot := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, step := range steps {
		path := filepath.Join(t.TempDir(), "joingyd.db")
		elapsed := time.Duration(0) // true time since boot
		run := func(wall time.Time) *Store {
			t.Helper()
			s, err := Open(path, Keys{{1}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			var last state
			if err := s.view(func(tx *bbolt.Tx) (err error) { last, err = readState(tx.Bucket(metaBucket)); return err }); err != nil {
				t.Fatal(err)
			}
			started := elapsed
			s.now = newClock(wall, func() time.Duration { return elapsed - started }, last.seen).now
			return s
		}
		add := func(s *Store, addr string, lasts time.Duration) {
			t.Helper()
			if _, err := s.Add(Entry{Target: TargetFor(netip.MustParseAddr(addr)), Until: s.now().Add(lasts)}); err != nil {
				t.Fatal(err)
			}
		}
		s := run(boot)
		add(s, "203.0.113.1", 30*time.Minute)
		add(s, "203.0.113.2", 2*time.Hour)
		// The wall clock steps here, while the store runs: it does not look.
		when := "stepped by " + step.String()
		check(s, "203.0.113.1", true, when)
		add(s, "203.0.113.3", time.Hour)
		elapsed = 29 * time.Minute
		check(s, "203.0.113.1", true, when)
		elapsed = 31 * time.Minute
		check(s, "203.0.113.1", false, when)
		check(s, "203.0.113.2", true, when)
		if err := s.Sweep(); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if step > 0 {
			continue // at a start, a clock that went forward is one of a machine that was off
		}
		s = run(boot.Add(elapsed + step))
		when += ", restarted"
		check(s, "203.0.113.1", false, when)
		check(s, "203.0.113.2", true, when)
		elapsed = 58 * time.Minute
		check(s, "203.0.113.3", true, when)
		elapsed = 62 * time.Minute
		check(s, "203.0.113.3", false, when)
		elapsed = 122 * time.Minute
		check(s, "203.0.113.2", false, when)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("figure: %d decisions, %d wrong", decisions, wrong)
}
