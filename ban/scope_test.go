package ban_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ban"
)

func TestScopes(t *testing.T) {
	tests := []struct {
		scope              ban.Scope
		site, video, relay bool
	}{
		{"", true, true, true},
		{ban.ScopeAll, true, true, true},
		{ban.ScopeVideo, false, true, true},
		{ban.ScopeRelay, false, false, true},
	}
	for _, target := range []string{"203.0.113.7", "203.0.113.0/24"} {
		for _, tt := range tests {
			f := open(t)
			if _, err := f.Add(ban.Entry{Target: parse(t, target), Scope: tt.scope}); err != nil {
				t.Fatal(err)
			}
			for range 2 { // as made, and as read back
				for use, want := range map[ban.Use]bool{ban.UseSite: tt.site, ban.UseVideo: tt.video, ban.UseRelay: tt.relay} {
					if _, got := f.Check(netip.MustParseAddr("203.0.113.7"), use); got != want {
						t.Errorf("%s, scope %q: Check(use %d) = %v, want %v", target, tt.scope, use, got, want)
					}
				}
				f.reopen(t)
			}
		}
	}
}

func TestOneBanAScope(t *testing.T) {
	f := open(t)
	target := parse(t, "203.0.113.7")
	add := func(scope ban.Scope, d time.Duration) ban.Ban {
		t.Helper()
		b, err := f.Add(ban.Entry{Target: target, Scope: scope, Until: f.Now().Add(d)})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	video := add(ban.ScopeVideo, 30*24*time.Hour)
	all := add(ban.ScopeAll, time.Hour) // leaves the longer one for video alone
	if v, _ := f.Check(target.Prefix().Addr(), ban.UseSite); v != verdict(all) {
		t.Errorf("Check(site) = %+v, want %+v", v, all)
	}
	if v, _ := f.Check(target.Prefix().Addr(), ban.UseVideo); v != verdict(video) {
		t.Errorf("Check(video) = %+v, want the one that lasts longer, %+v", v, video)
	}
	f.Advance(2 * time.Hour)
	if f.banned("203.0.113.7") {
		t.Error("the ban for all is not over")
	}
	if _, is := f.Check(target.Prefix().Addr(), ban.UseVideo); !is {
		t.Error("the ban for video is over too")
	}
	if gone, err := f.Remove(target, ban.ScopeVideo, "root"); err != nil || gone != video {
		t.Errorf("Remove(video) = %+v, %v; want %+v", gone, err, video)
	}
}

func TestUnknownScope(t *testing.T) {
	f := open(t)
	if _, err := f.Add(ban.Entry{Target: parse(t, "203.0.113.7"), Scope: "text"}); err == nil {
		t.Error("a ban of scope text was made")
	}
}
