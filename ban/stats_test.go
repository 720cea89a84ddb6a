package ban_test

import (
	"maps"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ban"
)

func TestStats(t *testing.T) {
	f := open(t)
	want := func(all, video, relay int) {
		t.Helper()
		if got, want := f.Stats().Active, map[ban.Scope]int{ban.ScopeAll: all, ban.ScopeVideo: video, ban.ScopeRelay: relay}; !maps.Equal(got, want) {
			t.Errorf("Active = %v, want %v", got, want)
		}
	}
	want(0, 0, 0)
	before := f.Stats()
	f.add(t, "203.0.113.1", time.Hour)
	f.add(t, "2001:db8::1", 0)
	f.add(t, "203.0.113.0/24", time.Hour)
	for _, e := range []ban.Entry{
		{Target: parse(t, "203.0.113.1"), Scope: ban.ScopeVideo},
		{Target: parse(t, "203.0.113.2"), Scope: ban.ScopeRelay, Until: noon.Add(time.Minute)},
		{Target: parse(t, "203.0.113.0/25"), Scope: ban.ScopeRelay},
	} {
		if _, err := f.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	want(3, 1, 2)
	f.Advance(2 * time.Minute)
	want(3, 1, 1) // expired, and not swept
	if err := f.Sweep(); err != nil {
		t.Fatal(err)
	}
	want(3, 1, 1)
	if s := f.Stats(); s.Changes != before.Changes+7 || s.Failures != 0 {
		t.Errorf("%d changes and %d failures, want 7 more than %d and none", s.Changes, s.Failures, before.Changes)
	}
}
