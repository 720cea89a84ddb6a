package admin_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
)

func TestCheckNamesEveryRule(t *testing.T) {
	f := newTimed(t)
	for _, req := range []admin.BanRequest{
		{Target: "2001:db8:1:2::3/128", Scope: ban.ScopeRelay, Permanent: true},
		{Target: "2001:db8:1:2::3/128", For: "1h"},
		{Target: "2001:db8:1:2::3", Scope: ban.ScopeVideo},
		{Target: "2001:db8:1::/48", For: "2h"},
		{Target: "203.0.113.0/24", Scope: ban.ScopeVideo},
		{Target: "198.51.100.0/24"},
	} {
		f.ban(t, req)
	}
	for _, text := range []string{"198.51.100.128/25", "198.51.100.129", "192.0.2.1"} {
		target, err := ban.ParseTarget(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.bans.Allow(target, "", "test"); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		address string
		rules   []string
		allowed string
	}{
		{"2001:db8:1:2::3", []string{"all 2001:db8:1::/48", "all 2001:db8:1:2::3/128", "video 2001:db8:1:2::/64", "relay 2001:db8:1:2::3/128"}, ""},
		{"2001:db8:1:2::4", []string{"all 2001:db8:1::/48", "video 2001:db8:1:2::/64"}, ""},
		{"2001:db8:1:3::3", []string{"all 2001:db8:1::/48"}, ""},
		{"2001:db8:2::3", nil, ""},
		{"::ffff:203.0.113.7", []string{"video 203.0.113.0/24"}, ""},
		{"198.51.100.7", []string{"all 198.51.100.0/24"}, ""},
		{"198.51.100.129", []string{"all 198.51.100.0/24"}, "198.51.100.129/32"},
		{"198.51.100.130", []string{"all 198.51.100.0/24"}, "198.51.100.128/25"},
		{"192.0.2.1", nil, "192.0.2.1/32"},
	}
	for name, c := range map[string]interface {
		Check(context.Context, admin.CheckRequest) (admin.CheckResult, error)
	}{"service": f.Service, "client": connect(t, serve(t, f.fixture))} {
		for _, tt := range tests {
			got, err := c.Check(t.Context(), admin.CheckRequest{Address: tt.address})
			if err != nil || got.Bans == nil {
				t.Errorf("%s, %s: %+v, %v", name, tt.address, got, err)
				continue
			}
			var rules []string
			for _, m := range got.Bans {
				rules = append(rules, fmt.Sprintf("%s %s", m.Ban.Scope, m.Rule))
			}
			allowed := ""
			if got.Allowed != nil {
				allowed = got.Allowed.String()
			}
			if !slices.Equal(rules, tt.rules) || allowed != tt.allowed {
				t.Errorf("%s, %s: %q, allowed by %q; want %q, allowed by %q", name, tt.address, rules, allowed, tt.rules, tt.allowed)
			}
			if banned := len(tt.rules) > 0 && tt.allowed == ""; got.Banned != banned || banned && (*got.Ban != got.Bans[0].Ban || got.Rule != got.Bans[0].Rule.String()) || !banned && (got.Ban != nil || got.Rule != "") {
				t.Errorf("%s, %s: banned %t by %+v on %q, want %t by the first of %q", name, tt.address, got.Banned, got.Ban, got.Rule, banned, tt.rules)
			}
		}
		for _, address := range []string{"2001:db8::/64", "", "fe80::1%eth0", "example.org"} {
			_, err := c.Check(t.Context(), admin.CheckRequest{Address: address})
			wantError(t, address, err, admin.CodeInvalid, "is not an address")
		}
	}
}
