package admin_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/ident"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 500, time.UTC)

// live is a daemon's sessions: a map, and the ban store to enforce.
type live struct {
	bans *ban.Store

	mu       sync.Mutex
	sessions map[ident.Session][]netip.Addr
	warned   []string // why
	kicked   []string // why; empty: untold

	crowd   []admin.Session // further ones, for lists
	details atomic.Int32    // how many were looked at closely
}

func (l *live) join(addrs ...string) ident.Session {
	l.mu.Lock()
	defer l.mu.Unlock()
	id := ident.NewSession()
	for _, addr := range addrs {
		l.sessions[id] = append(l.sessions[id], netip.MustParseAddr(addr))
	}
	return id
}

func (l *live) Affected(match func(netip.Addr) bool) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, addrs := range l.sessions {
		for _, addr := range addrs {
			if match(addr) {
				n++
				break
			}
		}
	}
	return n
}

func (l *live) Enforce(concerns func(netip.Addr) bool) (ended int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, addrs := range l.sessions {
		for _, addr := range addrs {
			if _, banned := l.bans.Check(addr, ban.UseSite); banned && (concerns == nil || concerns(addr)) {
				delete(l.sessions, id)
				ended++
				break
			}
		}
	}
	return ended
}

func (l *live) Addresses(id ident.Session) []netip.Addr {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sessions[id]
}

func (l *live) Warn(id ident.Session, reason string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.warned = append(l.warned, reason)
	return l.sessions[id] != nil
}

func (l *live) Kick(id ident.Session, reason string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, found := l.sessions[id]
	l.kicked = append(l.kicked, reason)
	delete(l.sessions, id)
	return found
}

func (l *live) Status() admin.LiveStatus {
	l.mu.Lock()
	defer l.mu.Unlock()
	return admin.LiveStatus{
		Online: len(l.sessions), Pairs: 1, VideoPairs: 1, Waiting: 2, Allocations: 3,
		Relayed: admin.Traffic{Packets: 10, Bytes: 9000}, RelayRate: 300,
		Refused: map[string]uint64{"banned": 2}, Warnings: []admin.Warning{{At: noon, Text: "store unwritable", Times: 3}},
	}
}

// fixture is a service over a store of its own.
type fixture struct {
	*admin.Service
	live *live
	bans *ban.Store
	log  bytes.Buffer
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	now := func() time.Time { return noon }
	bans, err := ban.Open(filepath.Join(t.TempDir(), "joingyd.db"), ban.Keys{{1}}, &ban.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bans.Close() })
	f := &fixture{bans: bans, live: &live{bans: bans, sessions: map[ident.Session][]netip.Addr{}}}
	f.reopen(nil)
	return f
}

// reopen makes the service anew, with other options.
func (f *fixture) reopen(change func(*admin.Options)) {
	o := &admin.Options{
		Live: f.live, Version: "1.2.3", Now: func() time.Time { return noon },
		Log: slog.New(slog.NewTextHandler(&f.log, nil)),
	}
	if change != nil {
		change(o)
	}
	f.Service = admin.NewService(f.bans, o)
}

// wantError fails the test unless err is an *admin.Error with this code, and a
// detail that contains detail.
func wantError(t *testing.T, what string, err error, code admin.Code, detail string) {
	t.Helper()
	got, ok := errors.AsType[*admin.Error](err)
	if !ok || got.Code != code || !strings.Contains(got.Detail, detail) {
		t.Errorf("%s: error %#v (%v), want code %s and a detail with %q", what, err, err, code, detail)
	}
}

func TestBanDurations(t *testing.T) {
	f := newFixture(t)
	second := noon.Truncate(time.Second).Add(time.Second) // ends are rounded up
	tests := []struct {
		text string
		want time.Duration
	}{
		{"", 24 * time.Hour}, {"90m", 90 * time.Minute}, {"7d", 7 * 24 * time.Hour}, {"1d12h", 36 * time.Hour}, {"3650d", 3650 * 24 * time.Hour}, {"1ms", 0},
	}
	for _, tt := range tests {
		result, err := f.Ban(t.Context(), admin.BanRequest{Target: "203.0.113.7", For: tt.text})
		if err != nil || !result.Ban.Until.Equal(second.Add(tt.want)) {
			t.Errorf("for %q: until %v, %v; want %v", tt.text, result.Ban.Until, err, second.Add(tt.want))
		}
	}
	result, err := f.Ban(t.Context(), admin.BanRequest{Target: "203.0.113.7", Permanent: true})
	if err != nil || !result.Ban.Permanent() {
		t.Errorf("permanent: %+v, %v", result.Ban, err)
	}
	for _, text := range []string{"0", "0d", "-1h", "-1d", "1d-2h", "soon", "d", "1.5d", "3651d", "3650d1h", "99999999d", "1h1d", "10", "7d7d", "2562047h48m"} {
		_, err := f.Ban(t.Context(), admin.BanRequest{Target: "203.0.113.7", For: text})
		wantError(t, "for "+text, err, admin.CodeInvalid, "write one like 90m, 24h or 7d")
	}
	_, err = f.Ban(t.Context(), admin.BanRequest{Target: "203.0.113.7", For: "1h", Permanent: true})
	wantError(t, "both", err, admin.CodeInvalid, "leave out one of --for and --permanent")
}

func TestBanRefuses(t *testing.T) {
	f := newFixture(t)
	tests := []struct {
		name   string
		req    admin.BanRequest
		code   admin.Code
		detail string
	}{
		{"nothing", admin.BanRequest{}, admin.CodeInvalid, "either an address or prefix, or a session"},
		{"two things", admin.BanRequest{Target: "203.0.113.7", Session: "x"}, admin.CodeInvalid, "either"},
		{"junk", admin.BanRequest{Target: "example.org"}, admin.CodeInvalid, "write one like"},
		{"junk session", admin.BanRequest{Session: "x"}, admin.CodeInvalid, "26 characters"},
		{"unknown session", admin.BanRequest{Session: ident.NewSession().String()}, admin.CodeNotFound, "is not live"},
		{"session with address", admin.BanRequest{Session: "x", KeepAddress: true}, admin.CodeInvalid, "leave out --keep-address"},
		{"reason", admin.BanRequest{Target: "203.0.113.7", Reason: "a\nb"}, admin.CodeInvalid, "U+000A"},
		{"dry reason", admin.BanRequest{Target: "203.0.113.7", Reason: "a\nb", DryRun: true}, admin.CodeInvalid, "U+000A"},
		{"IPv4 loopback", admin.BanRequest{Target: "127.0.0.1"}, admin.CodeNeedsForce, "--force"},
		{"mapped loopback", admin.BanRequest{Target: "::ffff:127.0.0.1"}, admin.CodeNeedsForce, "--force"},
		{"IPv6 loopback", admin.BanRequest{Target: "::1"}, admin.CodeNeedsForce, "--force"},
		{"IPv4 unspecified", admin.BanRequest{Target: "0.0.0.0"}, admin.CodeNeedsForce, "unspecified"},
		{"IPv6 unspecified", admin.BanRequest{Target: "::/128"}, admin.CodeNeedsForce, "unspecified"},
		{"wide IPv4", admin.BanRequest{Target: "10.0.0.0/15"}, admin.CodeNeedsForce, "wider than a /16"},
		{"wide mapped", admin.BanRequest{Target: "::ffff:10.0.0.0/111"}, admin.CodeNeedsForce, "wider than a /16"},
		{"wide IPv6", admin.BanRequest{Target: "2001:d00::/31", DryRun: true}, admin.CodeNeedsForce, "wider than a /32"},
		{"everything", admin.BanRequest{Target: "::/0"}, admin.CodeNeedsForce, "--force"},
	}
	for _, tt := range tests {
		_, err := f.Ban(t.Context(), tt.req)
		wantError(t, tt.name, err, tt.code, tt.detail)
		if tt.code == admin.CodeNeedsForce {
			tt.req.Force = true
			if _, err := f.Ban(t.Context(), tt.req); err != nil {
				t.Errorf("%s with force: %v", tt.name, err)
			}
		}
	}
	for _, target := range []string{"10.0.0.0/16", "2001:db8::/32"} {
		if _, err := f.Ban(t.Context(), admin.BanRequest{Target: target}); err != nil {
			t.Errorf("%s needs no force, but: %v", target, err)
		}
	}
}

func TestBanEndsSessions(t *testing.T) {
	f := newFixture(t)
	f.live.join("203.0.113.7")
	f.live.join("198.51.100.1", "203.0.113.7")
	stays := f.live.join("203.0.113.8")
	req := admin.BanRequest{Target: "203.0.113.7", Reason: "spam", By: "alice", DryRun: true}
	dry, err := f.Ban(t.Context(), req)
	if err != nil || dry.EndedSessions != 2 || !dry.DryRun || dry.Ban.ID != 0 {
		t.Errorf("dry run: %+v, %v; want 2 sessions and no ID", dry, err)
	}
	if f.live.Status().Online != 3 || f.bans.Len() != 0 {
		t.Fatal("the dry run did something")
	}
	req.DryRun = false
	result, err := f.Ban(t.Context(), req)
	if err != nil || result.EndedSessions != 2 || result.Ban.By != "alice" || result.Ban.Reason != "spam" {
		t.Errorf("ban: %+v, %v; want 2 sessions ended", result, err)
	}
	if f.live.Addresses(stays) == nil {
		t.Error("somebody else's session ended")
	}
	if log := f.log.String(); !strings.Contains(log, "by=alice") || strings.Contains(log, "203.0.113") {
		t.Errorf("log = %s, want who but not whom", log)
	}
}

func TestBanIsLoggedWithItsEnd(t *testing.T) {
	f := newFixture(t)
	for _, tt := range []struct {
		req  admin.BanRequest
		want string
	}{
		{admin.BanRequest{Target: "203.0.113.7", For: "1h"}, " until=2026-03-01T13:00:01Z "},
		{admin.BanRequest{Target: "203.0.113.8", Permanent: true}, " until=permanent "},
	} {
		f.log.Reset()
		if _, err := f.Ban(t.Context(), tt.req); err != nil {
			t.Fatal(err)
		}
		if log := f.log.String(); !strings.Contains(log, tt.want) {
			t.Errorf("log = %s, want%s", log, tt.want)
		}
	}
}

func TestBanSession(t *testing.T) {
	f := newFixture(t)
	id := f.live.join("203.0.113.7", "2001:db8::7", "2001:db8::8")
	result, err := f.Ban(t.Context(), admin.BanRequest{Session: id.String()})
	if err != nil || len(result.Also) != 1 || result.EndedSessions != 1 {
		t.Fatalf("%+v, %v; want two bans and one ended session", result, err)
	}
	for _, addr := range []string{"203.0.113.7", "2001:db8::9"} {
		if _, banned := f.bans.Check(netip.MustParseAddr(addr), ban.UseSite); !banned {
			t.Errorf("%s is not banned", addr)
		}
	}
	for b := range f.bans.Active() {
		if b.Address != "" || b.Prefix.IsValid() {
			t.Errorf("%+v shows the address", b)
		}
	}
	home := f.live.join("127.0.0.1")
	_, err = f.Ban(t.Context(), admin.BanRequest{Session: home.String()})
	wantError(t, "behind a proxy", err, admin.CodeNeedsForce, "proxy")
}

func TestUnban(t *testing.T) {
	f := newFixture(t)
	made, err := f.Ban(t.Context(), admin.BanRequest{Target: "203.0.113.7", For: "1h"})
	if err != nil {
		t.Fatal(err)
	}
	wide, err := f.Ban(t.Context(), admin.BanRequest{Target: "203.0.113.0/24", For: "2h"})
	if err != nil {
		t.Fatal(err)
	}
	result, err := f.Unban(t.Context(), admin.UnbanRequest{Target: "203.0.113.7"})
	if err != nil || result.Ban != made.Ban || result.StillBanned == nil || *result.StillBanned != wide.Ban {
		t.Errorf("Unban = %+v, %v; want %+v, still banned by %+v", result, err, made.Ban, wide.Ban)
	}
	_, err = f.Unban(t.Context(), admin.UnbanRequest{Target: "203.0.113.7"})
	wantError(t, "covered", err, admin.CodeNotFound, "the one on 203.0.113.0/24 covers it")
	if result, err := f.Unban(t.Context(), admin.UnbanRequest{ID: wide.Ban.ID.String()}); err != nil || result.Ban != wide.Ban || result.StillBanned != nil {
		t.Errorf("Unban by ID = %+v, %v; want %+v", result, err, wide.Ban)
	}
	_, err = f.Unban(t.Context(), admin.UnbanRequest{ID: wide.Ban.ID.String()})
	wantError(t, "unknown ID", err, admin.CodeNotFound, "bans list")
	_, err = f.Unban(t.Context(), admin.UnbanRequest{Target: "203.0.113.0/24"})
	wantError(t, "unknown target", err, admin.CodeNotFound, "no ban is on 203.0.113.0/24")
	_, err = f.Unban(t.Context(), admin.UnbanRequest{Target: "x"})
	wantError(t, "junk", err, admin.CodeInvalid, "write one like")
	for _, req := range []admin.UnbanRequest{{}, {Target: "203.0.113.7", ID: "x"}} {
		_, err = f.Unban(t.Context(), req)
		wantError(t, "not one", err, admin.CodeInvalid, "either")
	}
}

func TestUnbanOfAPrefixIsNotCoveredByItsFirstAddress(t *testing.T) {
	f := newFixture(t)
	if _, err := f.Ban(t.Context(), admin.BanRequest{Target: "203.0.113.0"}); err != nil {
		t.Fatal(err)
	}
	_, err := f.Unban(t.Context(), admin.UnbanRequest{Target: "203.0.113.0/24"})
	wantError(t, "prefix", err, admin.CodeNotFound, "no ban is on 203.0.113.0/24; ")
}

func TestKick(t *testing.T) {
	f := newFixture(t)
	id := f.live.join("203.0.113.7")
	if result, err := f.Kick(t.Context(), admin.KickRequest{Session: id.String()}); err != nil || result.Session != id.String() {
		t.Errorf("Kick = %+v, %v", result, err)
	}
	_, err := f.Kick(t.Context(), admin.KickRequest{Session: id.String()})
	wantError(t, "gone", err, admin.CodeNotFound, "is not live")
	_, err = f.Kick(t.Context(), admin.KickRequest{Session: id.String(), Reason: strings.Repeat("ä", 301)})
	wantError(t, "a long reason", err, admin.CodeInvalid, "the reason has 301 characters; shorten it to 300")
}

func TestServiceWithoutDaemon(t *testing.T) {
	f := newFixture(t)
	offline := admin.NewService(f.bans, nil)
	result, err := offline.Ban(t.Context(), admin.BanRequest{Target: "203.0.113.7", Permanent: true})
	if err != nil || result.EndedSessions != 0 || result.Ban.By == "" {
		t.Errorf("Ban = %+v, %v; want a ban by this user that ends no session", result, err)
	}
	id := ident.NewSession().String()
	_, err = offline.Ban(t.Context(), admin.BanRequest{Session: id})
	wantError(t, "session", err, admin.CodeUnavailable, "leave out --offline")
	_, err = offline.Kick(t.Context(), admin.KickRequest{Session: id})
	wantError(t, "kick", err, admin.CodeUnavailable, "leave out --offline")
}

func TestStoreFailure(t *testing.T) {
	f := newFixture(t)
	f.bans.Close()
	_, err := f.Ban(context.Background(), admin.BanRequest{Target: "203.0.113.7"})
	wantError(t, "closed store", err, admin.CodeInternal, "nothing was changed")
}

func TestEscalationShortensNothing(t *testing.T) {
	f := newFixture(t)
	long, err := f.Ban(t.Context(), admin.BanRequest{Target: "203.0.113.7", Permanent: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, req := range []admin.BanRequest{{Target: "203.0.113.7", Escalate: true}, {Target: "203.0.113.7", By: "auto:filter"}} {
		got, err := f.Ban(t.Context(), req)
		if err != nil || !got.Kept || got.Ban != long.Ban || f.bans.Len() != 1 {
			t.Errorf("%+v: %+v, %v; want to keep the permanent ban", req, got, err)
		}
	}
	if got, err := f.Ban(t.Context(), admin.BanRequest{Target: "203.0.113.7", For: "1h"}); err != nil || got.Kept {
		t.Errorf("a time that a person chose: %+v, %v", got, err)
	}
}
