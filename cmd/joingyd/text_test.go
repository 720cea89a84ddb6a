package main

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
)

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 12_345: "12,345", 1_000_000: "1,000,000"} {
		if got := thousands(n); got != want {
			t.Errorf("thousands(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestSeveral(t *testing.T) {
	var list []netip.Addr
	for i, want := range []string{"", "10.0.0.1", "10.0.0.1, 10.0.0.2", "10.0.0.1, 10.0.0.2, 10.0.0.3", "10.0.0.1, 10.0.0.2, 10.0.0.3 and 1 more"} {
		if got := several(list); got != want {
			t.Errorf("several of %d: %q, want %q", i, got, want)
		}
		list = append(list, netip.AddrFrom4([4]byte{10, 0, 0, byte(i + 1)}))
	}
}

func TestTotals(t *testing.T) {
	for _, tt := range []struct {
		shown, total, active int
		want                 string
	}{
		{0, 0, 0, "no bans"},
		{0, 0, 1000, "no bans match, of 1,000"},
		{1, 1, 1, "1 ban"},
		{3, 3, 3, "3 bans"},
		{1, 1, 3, "1 ban matches, of 3"},
		{3, 3, 1000, "3 bans match, of 1,000"},
		{100, 1_000_000, 1_000_000, "100 of 1,000,000 bans"},
		{100, 12_345, 1_000_000, "100 of 12,345 bans that match, of 1,000,000"},
	} {
		list := admin.BanList{Bans: make([]ban.Ban, tt.shown), Total: tt.total, Active: tt.active}
		if got := howMany(list); got != tt.want {
			t.Errorf("%d, %d, %d: %q, want %q", tt.shown, tt.total, tt.active, got, tt.want)
		}
	}
}

// What cannot come out of a script is told here: sessions, and what a daemon knows.
func TestPrintBan(t *testing.T) {
	now := time.Now()
	single := ban.Ban{ID: 1, Kind: ban.KindAddress, Scope: ban.ScopeAll, Until: now.Add(time.Hour)}
	video := ban.Ban{ID: 2, Kind: ban.KindNet64, Scope: ban.ScopeVideo}
	wide := ban.Ban{ID: 3, Kind: ban.KindPrefix, Scope: ban.ScopeAll, Prefix: netip.MustParsePrefix("2001:db8::/56"), Until: now.Add(time.Hour)}
	shared := single
	shared.Shared = true
	tests := []struct {
		name   string
		req    admin.BanRequest
		result admin.BanResult
		live   bool
		want   []string
	}{
		{"session", admin.BanRequest{Session: "x", For: "1h"}, admin.BanResult{Ban: single, Also: []ban.Ban{single}, EndedSessions: 1}, true,
			[]string{"banned hidden address (id ", "banned hidden address (id ", "ended 1 live session"}},
		{"video", admin.BanRequest{Target: "2001:db8::1", Permanent: true}, admin.BanResult{Ban: video, LimitedSessions: 2}, true,
			[]string{"banned 2001:db8::/64 from video chats (id hrxpg4x6); ends: never: permanent", "cut off 2 live sessions from video chats"}},
		{"dry run", admin.BanRequest{Target: "2001:db8::1", Permanent: true, DryRun: true}, admin.BanResult{Ban: video, LimitedSessions: 2, DryRun: true}, true,
			[]string{"would ban 2001:db8::/64 from video chats (id ", "would cut off 2 live sessions from video chats"}},
		{"step", admin.BanRequest{Target: "203.0.113.7", Escalate: true}, admin.BanResult{Ban: single, Offence: &admin.Offence{Number: 5, Step: 3, Steps: 3}}, false,
			[]string{"banned 203.0.113.7 (id ", "offence 5: step 3 of 3 (bans.steps)"}},
		{"shared step", admin.BanRequest{Target: "203.0.113.7", Escalate: true, Shared: true}, admin.BanResult{Ban: shared, Offence: &admin.Offence{Number: 1, Step: 1, Steps: 3}}, false,
			[]string{"banned 203.0.113.7 (id ", "offence 1: step 1 of 3 (bans.steps), but no longer than bans.shared_for"}},
		{"widened", admin.BanRequest{Target: "2001:db8::1", For: "1h"}, admin.BanResult{Ban: single, Widened: []ban.Ban{wide}}, true,
			[]string{"banned 2001:db8::/64 (id ", "also banned 2001:db8::/56 (id 3ktg2ld5), as enough of its /64s are banned (bans.widen_after); ends: ", "ended 0 live sessions"}},
		{"warnings", admin.BanRequest{Target: "100.64.0.0/16", For: "1h"}, admin.BanResult{
			Ban: single, Allowed: []netip.Prefix{netip.MustParsePrefix("100.64.0.1/32")}, KnownShared: []netip.Prefix{netip.MustParsePrefix("100.64.0.0/10")},
		}, false, []string{"banned 100.64.0.0/16 (id ", "warning: many people share 100.64.0.0/10 (bans.shared), ", "warning: the allowlist wins, and lets 100.64.0.1/32 in"}},
	}
	for _, tt := range tests {
		var out bytes.Buffer
		if err := printBan(&out, tt.req, tt.result, tt.live, now); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if len(lines) != len(tt.want) {
			t.Errorf("%s:\n%s\nwant %d lines", tt.name, &out, len(tt.want))
			continue
		}
		for i, want := range tt.want {
			if !strings.HasPrefix(lines[i], want) {
				t.Errorf("%s: %q, want %q", tt.name, lines[i], want)
			}
		}
	}
}
