package admin_test

import (
	"log/slog"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/ident"
)

// ledger is reports of the tests' own.
type ledger map[string]admin.Reported

func (l ledger) Reports() (list []admin.Report) {
	for id := range l {
		list = append(list, admin.Report{ID: id, At: noon.Add(time.Duration(len(list)) * time.Second), Reason: "spam"})
	}
	return list
}

func (l ledger) Reported(id string) (admin.Reported, bool) {
	who, found := l[id]
	return who, found
}

// timed is a fixture whose clock a test moves.
type timed struct {
	*fixture
	now     time.Time
	reports ledger
}

// newTimed returns a service with a few known shared prefixes, over a store that
// widens.
func newTimed(t testing.TB) *timed {
	t.Helper()
	f := &timed{fixture: new(fixture), now: noon.Truncate(time.Second), reports: ledger{}}
	clock := func() time.Time { return f.now }
	bans, err := ban.Open(filepath.Join(t.TempDir(), "joingyd.db"), ban.Keys{{1}}, &ban.Options{Now: clock, WidenAfter: 2, WidenFor: 5 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bans.Close() })
	f.bans, f.live = bans, &live{bans: bans, sessions: map[ident.Session][]netip.Addr{}}
	f.Service = admin.NewService(bans, &admin.Options{
		Live: f.live, Reports: f.reports, Now: clock, Log: slog.New(slog.NewTextHandler(&f.log, nil)),
		Steps: []time.Duration{time.Hour, 24 * time.Hour, 720 * time.Hour}, SharedFor: 2 * time.Hour,
		Shared: []netip.Prefix{netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("2001:db8:5::/48")},
	})
	return f
}

// ban makes a ban that must succeed.
func (f *timed) ban(t *testing.T, req admin.BanRequest) admin.BanResult {
	t.Helper()
	result, err := f.Ban(t.Context(), req)
	if err != nil {
		t.Fatalf("%+v: %v", req, err)
	}
	return result
}

// lasts is how long a ban is from now, 0 if it is permanent.
func (f *timed) lasts(b ban.Ban) time.Duration {
	if b.Permanent() {
		return 0
	}
	return b.Until.Sub(f.now)
}

func TestEscalation(t *testing.T) {
	for _, tt := range []struct {
		name string
		req  admin.BanRequest
	}{
		{"flag", admin.BanRequest{Target: "203.0.113.7", Escalate: true}},
		{"rule", admin.BanRequest{Target: "203.0.113.7", By: "auto:test"}},
	} {
		f := newTimed(t)
		for i, want := range []struct {
			lasts time.Duration
			admin.Offence
		}{
			{time.Hour, admin.Offence{Number: 1, Step: 1, Steps: 3}},
			{24 * time.Hour, admin.Offence{Number: 2, Step: 2, Steps: 3}},
			{720 * time.Hour, admin.Offence{Number: 3, Step: 3, Steps: 3}},
			{720 * time.Hour, admin.Offence{Number: 4, Step: 3, Steps: 3}},
		} {
			for _, dry := range []bool{true, false} {
				req := tt.req
				req.DryRun = dry
				got := f.ban(t, req)
				if got.Offence == nil || *got.Offence != want.Offence || f.lasts(got.Ban) != want.lasts {
					t.Fatalf("%s, offence %d, dry run %t: %+v for %v, want %+v for %v", tt.name, i+1, dry, got.Offence, f.lasts(got.Ban), want.Offence, want.lasts)
				}
			}
			f.now = f.now.Add(want.lasts)
			if err := f.bans.Sweep(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestRulesWithATimeDoNotEscalate(t *testing.T) {
	f := newTimed(t)
	if got := f.ban(t, admin.BanRequest{Target: "203.0.113.7", By: "auto:test", For: "5h"}); got.Offence != nil || f.lasts(got.Ban) != 5*time.Hour {
		t.Errorf("%+v, want 5h", got)
	}
	_, err := f.Ban(t.Context(), admin.BanRequest{Target: "203.0.113.7", By: "auto:test", Permanent: true})
	wantError(t, "permanent rule", err, admin.CodeInvalid, "needs a person")
}

func TestSessionBanHasOneEnd(t *testing.T) {
	f := newTimed(t)
	f.ban(t, admin.BanRequest{Target: "203.0.113.8", For: "1m"})
	f.now = f.now.Add(time.Hour)
	if err := f.bans.Sweep(); err != nil {
		t.Fatal(err)
	}
	id := f.live.join("203.0.113.7", "203.0.113.8", "2001:db8::1")
	got := f.ban(t, admin.BanRequest{Session: id.String(), Escalate: true})
	if len(got.Also) != 2 || got.Offence.Step != 2 || got.EndedSessions != 1 {
		t.Fatalf("%+v, want three bans for the second step", got)
	}
	for _, b := range append(got.Also, got.Ban) {
		if f.lasts(b) != 24*time.Hour {
			t.Errorf("%s lasts %v, want 24h like the others", b.ID, f.lasts(b))
		}
	}
}

func TestSharedBansAreShort(t *testing.T) {
	nat, school := netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("2001:db8:5::/48")
	tests := []struct {
		name   string
		req    admin.BanRequest
		shared bool
		lasts  time.Duration
		known  []netip.Prefix
	}{
		{"flag", admin.BanRequest{Target: "203.0.113.7", Shared: true}, true, 2 * time.Hour, nil},
		{"flag on a first offence", admin.BanRequest{Target: "203.0.113.7", Shared: true, Escalate: true}, true, time.Hour, nil},
		{"flag where it is known", admin.BanRequest{Target: "100.64.1.1", Shared: true}, true, 2 * time.Hour, nil},
		{"rule", admin.BanRequest{Target: "203.0.113.7", For: "5h", By: "auto:test"}, false, 5 * time.Hour, nil},
		{"rule where it is known", admin.BanRequest{Target: "100.64.1.1", For: "5h", By: "auto:test"}, true, 2 * time.Hour, nil},
		{"short rule where it is known", admin.BanRequest{Target: "2001:db8:5:1::1", By: "auto:test"}, true, time.Hour, nil},
		{"by hand where it is known", admin.BanRequest{Target: "100.64.1.1", For: "5h"}, false, 5 * time.Hour, []netip.Prefix{nat}},
		{"permanent where it is known", admin.BanRequest{Target: "2001:db8:5:1::1", Permanent: true}, false, 0, []netip.Prefix{school}},
		{"the known prefix", admin.BanRequest{Target: "2001:db8:5::/48", For: "5h"}, false, 5 * time.Hour, []netip.Prefix{school}},
		{"around the known prefix", admin.BanRequest{Target: "2001:db8::/40", For: "5h"}, false, 5 * time.Hour, nil},
	}
	for _, tt := range tests {
		f := newTimed(t)
		for _, dry := range []bool{true, false} {
			tt.req.DryRun = dry
			got := f.ban(t, tt.req)
			if got.Ban.Shared != tt.shared || f.lasts(got.Ban) != tt.lasts || !slices.Equal(got.KnownShared, tt.known) {
				t.Errorf("%s: shared %t for %v, known %v; want %t for %v, known %v", tt.name, got.Ban.Shared, f.lasts(got.Ban), got.KnownShared, tt.shared, tt.lasts, tt.known)
			}
		}
	}
}

func TestWidenedBansAreTold(t *testing.T) {
	f := newTimed(t)
	f.ban(t, admin.BanRequest{Target: "2001:db8:0:1::1"})
	f.live.join("2001:db8:0:9::1") // in the /56, not in a banned /64
	for _, dry := range []bool{true, false} {
		got := f.ban(t, admin.BanRequest{Target: "2001:db8:0:2::1", Reason: "spam", DryRun: dry})
		if len(got.Widened) != 1 || got.Widened[0].Prefix.String() != "2001:db8::/56" || f.lasts(got.Widened[0]) != 5*time.Hour || got.EndedSessions != 1 {
			t.Errorf("dry run %t: %+v, want the /56 for 5h, and its session", dry, got)
		}
	}
	f.ban(t, admin.BanRequest{Target: "2001:db8:7:1::1", Shared: true})
	shared := f.ban(t, admin.BanRequest{Target: "2001:db8:7:2::1", Shared: true})
	if len(shared.Widened) != 0 {
		t.Errorf("a shared ban widens to %+v", shared.Widened)
	}
}

func TestBanOfOnesOwnAddressNeedsForce(t *testing.T) {
	f := newTimed(t)
	session := f.live.join("2001:db8::5", "198.51.100.9").String()
	own := []string{"::ffff:203.0.113.7", "2001:db8::1%eth0"}
	tests := []struct {
		req  admin.BanRequest
		want string // empty: no force is needed
	}{
		{admin.BanRequest{Session: session}, "2001:db8::/64 contains 2001:db8::1, "},
		{admin.BanRequest{Target: "203.0.113.7"}, "203.0.113.7 is the address that you are connected from; "},
		{admin.BanRequest{Target: "203.0.113.0/24"}, "203.0.113.0/24 contains 203.0.113.7, the address that you are connected from; "},
		{admin.BanRequest{Target: "203.0.113.7", Scope: ban.ScopeVideo, DryRun: true}, "connected from"},
		{admin.BanRequest{Target: "2001:db8::2"}, "2001:db8::/64 contains 2001:db8::1, "},
		{admin.BanRequest{Target: "2001:db8::1/128"}, "2001:db8::1/128 is the address "},
		{admin.BanRequest{Target: "2001:db8::2/128"}, ""},
		{admin.BanRequest{Target: "203.0.113.8"}, ""},
		{admin.BanRequest{Target: "2001:db8:1::/48"}, ""},
	}
	for _, tt := range tests {
		tt.req.Own = own
		_, err := f.Ban(t.Context(), tt.req)
		if tt.want == "" {
			if err != nil {
				t.Errorf("%+v: %v", tt.req, err)
			}
			continue
		}
		wantError(t, tt.req.Target, err, admin.CodeNeedsForce, tt.want)
		tt.req.Force = true
		f.ban(t, tt.req)
	}
	_, err := f.Ban(t.Context(), admin.BanRequest{Target: "203.0.113.8", Own: []string{"here"}})
	wantError(t, "junk", err, admin.CodeInvalid, `"here" is not an address of yours`)
	_, err = f.Ban(t.Context(), admin.BanRequest{Target: "203.0.113.8", Own: make([]string, 33)})
	wantError(t, "many", err, admin.CodeInvalid, "at most 32")
}

func TestAllowlistWinsOverBans(t *testing.T) {
	f := newTimed(t)
	for _, text := range []string{"203.0.113.7", "203.0.113.64/26", "2001:db8::7/128"} {
		target, err := ban.ParseTarget(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.bans.Allow(target, "", "test"); err != nil {
			t.Fatal(err)
		}
	}
	f.live.join("203.0.113.7")
	f.live.join("203.0.113.9")
	f.reports["r1"] = admin.Reported{Pseudonyms: []string{f.bans.Pseudonym(netip.MustParseAddr("203.0.113.7")).String()}}
	tests := []struct {
		req   admin.BanRequest
		want  string
		ended int
	}{
		{admin.BanRequest{Target: "203.0.113.8"}, "[]", 0},
		{admin.BanRequest{Target: "203.0.113.7"}, "[203.0.113.7/32]", 0},
		{admin.BanRequest{Target: "203.0.113.65"}, "[203.0.113.64/26]", 0},
		{admin.BanRequest{Report: "r1"}, "[203.0.113.7/32]", 0},
		{admin.BanRequest{Target: "2001:db8::1"}, "[2001:db8::7/128]", 0},
		{admin.BanRequest{Target: "203.0.113.0/24"}, "[203.0.113.64/26 203.0.113.7/32]", 1},
	}
	for _, tt := range tests {
		for _, dry := range []bool{true, false} {
			tt.req.DryRun = dry
			got := f.ban(t, tt.req)
			if text := strings.TrimSpace(prefixText(got.Allowed)); text != tt.want || got.EndedSessions != tt.ended {
				t.Errorf("%s%s, dry run %t: allowed %s, %d sessions; want %s, %d", tt.req.Target, tt.req.Report, dry, text, got.EndedSessions, tt.want, tt.ended)
			}
		}
	}
}

func prefixText(prefixes []netip.Prefix) string {
	var texts []string
	for _, p := range prefixes {
		texts = append(texts, p.String())
	}
	return "[" + strings.Join(texts, " ") + "]"
}

func TestScopedBansLimitSessions(t *testing.T) {
	f := newTimed(t)
	f.live.join("203.0.113.7")
	f.live.join("203.0.113.8")
	for _, scope := range []ban.Scope{ban.ScopeVideo, ban.ScopeRelay} {
		for _, dry := range []bool{true, false} {
			got := f.ban(t, admin.BanRequest{Target: "203.0.113.7", Scope: scope, DryRun: dry})
			if got.Ban.Scope != scope || got.LimitedSessions != 1 || got.EndedSessions != 0 {
				t.Errorf("%s, dry run %t: %+v, want one session limited and none ended", scope, dry, got)
			}
		}
	}
	if got := f.ban(t, admin.BanRequest{Target: "203.0.113.7"}); got.LimitedSessions != 0 || got.EndedSessions != 1 {
		t.Errorf("all: %+v, want one session ended", got)
	}
	_, err := f.Ban(t.Context(), admin.BanRequest{Target: "203.0.113.7", Scope: "audio"})
	wantError(t, "scope", err, admin.CodeInvalid, "write all, video or relay")
}

func TestBanOfAReport(t *testing.T) {
	f := newTimed(t)
	pseudonym := func(addr string) string { return f.bans.Pseudonym(netip.MustParseAddr(addr)).String() }
	f.reports["live"] = admin.Reported{Addresses: []netip.Addr{netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("2001:db8::7")}}
	f.reports["gone"] = admin.Reported{Pseudonyms: []string{pseudonym("198.51.100.1"), pseudonym("2001:db8:1::7")}}
	f.reports["proxy"] = admin.Reported{Pseudonyms: []string{pseudonym("127.0.0.1")}}
	f.reports["proxy6"] = admin.Reported{Pseudonyms: []string{pseudonym("::1")}}
	f.reports["damaged"] = admin.Reported{Pseudonyms: []string{"x"}}
	f.reports["empty"] = admin.Reported{}
	for id, addrs := range map[string][]string{"live": {"203.0.113.7", "2001:db8::8"}, "gone": {"198.51.100.1", "2001:db8:1::8"}} {
		f.live.join(addrs...)
		for _, dry := range []bool{true, false} {
			got := f.ban(t, admin.BanRequest{Report: id, Reason: "spam", DryRun: dry})
			if got.Ban.Report != id || len(got.Also) != 1 || got.Also[0].Report != id || got.EndedSessions != 1 {
				t.Errorf("%s, dry run %t: %+v, want two bans and one session", id, dry, got)
			}
		}
		for _, addr := range addrs {
			if v, banned := f.bans.Check(netip.MustParseAddr(addr), ban.UseSite); !banned || v.Reason != "spam" {
				t.Errorf("%s: %s is not banned", id, addr)
			}
		}
	}
	for b := range f.bans.Active() {
		if b.Address != "" || b.Prefix.IsValid() {
			t.Errorf("%+v shows an address", b)
		}
	}
	for _, tt := range []struct {
		req    admin.BanRequest
		code   admin.Code
		detail string
	}{
		{admin.BanRequest{Report: "proxy"}, admin.CodeNeedsForce, "the reported address is this machine's own"},
		{admin.BanRequest{Report: "proxy6"}, admin.CodeNeedsForce, "the reported address is this machine's own"},
		{admin.BanRequest{Report: "gone", Own: []string{"198.51.100.1"}}, admin.CodeNeedsForce, "the reported address is the address that you are connected from"},
		{admin.BanRequest{Report: "damaged"}, admin.CodeInternal, "makes no sense"},
		{admin.BanRequest{Report: "empty"}, admin.CodeNotFound, `report "empty" is not remembered`},
		{admin.BanRequest{Report: "nobody"}, admin.CodeNotFound, `report "nobody" is not remembered`},
		{admin.BanRequest{Report: "a\nb"}, admin.CodeInvalid, "is not a report"},
		{admin.BanRequest{Report: strings.Repeat("x", 65)}, admin.CodeInvalid, "is not a report"},
		{admin.BanRequest{Report: "live", KeepAddress: true}, admin.CodeInvalid, "leave out --keep-address"},
		{admin.BanRequest{Report: "live", Target: "203.0.113.7"}, admin.CodeInvalid, "either"},
	} {
		_, err := f.Ban(t.Context(), tt.req)
		wantError(t, tt.req.Report, err, tt.code, tt.detail)
	}
	_, err := admin.NewService(f.bans, nil).Ban(t.Context(), admin.BanRequest{Report: "live"})
	wantError(t, "offline", err, admin.CodeUnavailable, "leave out --offline")
}

func TestBanRefusesTwoEnds(t *testing.T) {
	for _, tt := range []struct {
		req    admin.BanRequest
		detail string
	}{
		{admin.BanRequest{For: "1h", Permanent: true}, "leave out one of --for and --permanent"},
		{admin.BanRequest{For: "1h", Escalate: true}, "leave out one of --for and --escalate"},
		{admin.BanRequest{Permanent: true, Escalate: true}, "leave out one of --permanent and --escalate"},
		{admin.BanRequest{Shared: true, For: "1h"}, "leave out one of --shared and --for"},
		{admin.BanRequest{Shared: true, Permanent: true}, "leave out one of --shared and --permanent"},
	} {
		tt.req.Target = "203.0.113.7"
		wantError(t, tt.detail, tt.req.Validate(), admin.CodeInvalid, tt.detail)
	}
}

func TestUnbanByScope(t *testing.T) {
	f := newTimed(t)
	makeAll := func() (bans []ban.Ban) {
		for _, scope := range ban.Scopes() {
			bans = append(bans, f.ban(t, admin.BanRequest{Target: "203.0.113.7", Scope: scope}).Ban)
		}
		return bans
	}
	bans := makeAll()
	got, err := f.Unban(t.Context(), admin.UnbanRequest{Target: "203.0.113.7", Scope: ban.ScopeVideo})
	if err != nil || got.Ban != bans[1] || len(got.Also) != 0 || got.StillBanned == nil {
		t.Errorf("video: %+v, %v; want %+v alone, and others are left", got, err, bans[1])
	}
	_, err = f.Unban(t.Context(), admin.UnbanRequest{Target: "203.0.113.7", Scope: ban.ScopeVideo})
	wantError(t, "again", err, admin.CodeNotFound, "no ban of scope video is on 203.0.113.7, but one of scope ")
	got, err = f.Unban(t.Context(), admin.UnbanRequest{Target: "203.0.113.7"})
	if err != nil || got.Ban != bans[0] || !slices.Equal(got.Also, bans[2:]) || got.StillBanned != nil {
		t.Errorf("every scope: %+v, %v; want %+v and %+v", got, err, bans[0], bans[2])
	}
	bans = makeAll()
	got, err = f.Unban(t.Context(), admin.UnbanRequest{ID: bans[2].ID.String()})
	if err != nil || got.Ban != bans[2] || len(got.Also) != 0 || got.StillBanned != nil {
		t.Errorf("by id: %+v, %v; want %+v", got, err, bans[2])
	}
	for _, tt := range []struct {
		req    admin.UnbanRequest
		detail string
	}{
		{admin.UnbanRequest{Target: "203.0.113.7", Scope: "audio"}, "write all, video or relay"},
		{admin.UnbanRequest{ID: bans[0].ID.String(), Scope: ban.ScopeAll}, "leave out --scope"},
		{admin.UnbanRequest{ID: "x"}, "8 characters"},
	} {
		_, err := f.Unban(t.Context(), tt.req)
		wantError(t, tt.detail, err, admin.CodeInvalid, tt.detail)
	}
	if log := f.log.String(); strings.Count(log, "ban removed") != 4 || strings.Contains(log, "203.0.113") {
		t.Errorf("log = %s, want four removals and no address", log)
	}
}
