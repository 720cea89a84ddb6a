package admin_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
)

// allower is a service, or a client of one.
type allower interface {
	Allow(context.Context, admin.AllowRequest) (admin.AllowResult, error)
	Disallow(context.Context, admin.DisallowRequest) (admin.AllowResult, error)
	Allowed(context.Context) (admin.Allowlist, error)
}

func TestAllowlist(t *testing.T) {
	for _, over := range []string{"service", "client"} {
		f := newTimed(t)
		c := map[string]allower{"service": f.Service, "client": connect(t, serve(t, f.fixture))}[over]
		if list, err := c.Allowed(t.Context()); err != nil || list.Allowed == nil || len(list.Allowed) != 0 {
			t.Errorf("%s: %+v, %v; want an empty list", over, list, err)
		}
		made := f.ban(t, admin.BanRequest{Target: "203.0.113.7"}).Ban
		wide := f.ban(t, admin.BanRequest{Target: "203.0.113.0/24", Permanent: true}).Ban
		got, err := c.Allow(t.Context(), admin.AllowRequest{Target: "203.0.113.7", Note: "office", By: "alice"})
		if err != nil || got.Allowed.Prefix.String() != "203.0.113.7/32" || got.Allowed.Note != "office" || len(got.Bans) != 2 || got.Bans[0].Ban != wide || got.Bans[1].Ban != made {
			t.Fatalf("%s: %+v, %v; want the entry, and the two bans that are void", over, got, err)
		}
		if want := map[string]string{"service": "alice", "client": got.Allowed.By}[over]; got.Allowed.By != want || got.Allowed.By == "" {
			t.Errorf("%s: by %q, want %q", over, got.Allowed.By, want)
		}
		addr := netip.MustParseAddr("203.0.113.7")
		if _, banned := f.bans.Check(addr, ban.UseSite); banned {
			t.Errorf("%s: the allowlist does not win", over)
		}
		if list, err := c.Allowed(t.Context()); err != nil || len(list.Allowed) != 1 || list.Allowed[0] != got.Allowed {
			t.Errorf("%s: %+v, %v; want %+v", over, list, err, got.Allowed)
		}
		f.live.join("203.0.113.7")
		gone, err := c.Disallow(t.Context(), admin.DisallowRequest{Target: "203.0.113.7", By: "bob"})
		if err != nil || gone.Allowed != got.Allowed || len(gone.Bans) != 2 || gone.EndedSessions != 1 {
			t.Errorf("%s: %+v, %v; want the entry, two bans and the session that they end", over, gone, err)
		}
		if _, banned := f.bans.Check(addr, ban.UseSite); !banned {
			t.Errorf("%s: the bans are not in force again", over)
		}
		log := f.log.String()
		if !strings.Contains(log, "allowlist entry added") || !strings.Contains(log, "allowlist entry removed") || strings.Contains(log, "203.0.113") {
			t.Errorf("%s: log = %s, want both changes and no address", over, log)
		}
	}
}

func TestAllowlistRefuses(t *testing.T) {
	f := newTimed(t)
	c := connect(t, serve(t, f.fixture))
	for _, tt := range []struct {
		req    admin.AllowRequest
		code   admin.Code
		detail string
	}{
		{admin.AllowRequest{}, admin.CodeInvalid, "write one like"},
		{admin.AllowRequest{Target: "example.org"}, admin.CodeInvalid, "write one like"},
		{admin.AllowRequest{Target: "203.0.113.7", Note: "a\nb"}, admin.CodeInvalid, "U+000A"},
		{admin.AllowRequest{Target: "0.0.0.0/0"}, admin.CodeNeedsForce, "lets in very many people"},
		{admin.AllowRequest{Target: "2001::/31"}, admin.CodeNeedsForce, "--force"},
	} {
		_, err := c.Allow(t.Context(), tt.req)
		wantError(t, tt.detail, err, tt.code, tt.detail)
	}
	if _, err := c.Allow(t.Context(), admin.AllowRequest{Target: "10.0.0.0/8", Force: true}); err != nil {
		t.Errorf("with force: %v", err)
	}
	for target, want := range map[string]string{
		"192.0.2.1":      "192.0.2.1 is not on the allowlist; joingyd bans allowed shows it",
		"10.0.0.1":       "10.0.0.1 itself is not on the allowlist, but 10.0.0.0/8 covers it; disallow that",
		"10.0.0.0/7":     "is not on the allowlist; joingyd bans allowed",
		"2001:db8::/127": "is not on the allowlist",
	} {
		_, err := c.Disallow(t.Context(), admin.DisallowRequest{Target: target})
		wantError(t, target, err, admin.CodeNotFound, want)
	}
	_, err := c.Disallow(t.Context(), admin.DisallowRequest{Target: "x"})
	wantError(t, "junk", err, admin.CodeInvalid, "write one like")
}
