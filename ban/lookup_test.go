package ban_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ban"
)

func TestLookup(t *testing.T) {
	f := open(t)
	f.add(t, "203.0.113.1", time.Hour)
	p := f.Pseudonym(netip.MustParseAddr("203.0.113.1"))
	f.rotate(t, ban.Key{2})
	f.add(t, "203.0.113.2", 2*time.Hour)
	f.add(t, "2001:db8::1", 0)
	f.add(t, "2001:db8:1::1/128", time.Hour)
	f.add(t, "198.51.100.0/24", 3*time.Hour)
	f.add(t, "192.0.2.1", time.Minute)
	if _, err := f.Add(ban.Entry{Target: parse(t, "203.0.113.3"), Scope: ban.ScopeRelay, By: "root", Until: noon.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	f.Advance(2 * time.Minute) // the one of a minute is over, and not swept yet
	const none, never = -1, 0
	tests := []struct {
		target string
		scope  ban.Scope
		want   time.Duration // after noon
	}{
		{"203.0.113.1", ban.ScopeAll, time.Hour}, // under the key before
		{"203.0.113.2", "", 2 * time.Hour},
		{"::ffff:203.0.113.2", ban.ScopeAll, 2 * time.Hour},
		{"203.0.113.2", ban.ScopeRelay, none},
		{"203.0.113.3", ban.ScopeRelay, time.Hour},
		{"203.0.113.3", ban.ScopeAll, none},
		{"2001:db8::2", ban.ScopeAll, never},
		{"2001:db8::1/128", ban.ScopeAll, none},
		{"2001:db8:1::1/128", ban.ScopeAll, time.Hour},
		{"198.51.100.0/24", ban.ScopeAll, 3 * time.Hour},
		{"198.51.100.0/25", ban.ScopeAll, none},
		{"198.51.100.1", ban.ScopeAll, none},
		{"192.0.2.1", ban.ScopeAll, none},
		{"203.0.113.1", "nowhere", none},
	}
	for _, tt := range tests {
		until, banned := f.Lookup(parse(t, tt.target), tt.scope)
		want := noon.Add(tt.want)
		if tt.want <= 0 {
			want = time.Time{}
		}
		if banned != (tt.want != none) || !until.Equal(want) {
			t.Errorf("Lookup(%s, %q) = %v, %v; want %v, %v", tt.target, tt.scope, until, banned, want, tt.want != none)
		}
	}
	if until, banned := f.Lookup(ban.TargetOf(p), ban.ScopeAll); !banned || !until.Equal(noon.Add(time.Hour)) {
		t.Errorf("Lookup of a pseudonym = %v, %v", until, banned)
	}
	if _, banned := f.Lookup(ban.Target{}, ban.ScopeAll); banned {
		t.Error("no target is banned")
	}
}
