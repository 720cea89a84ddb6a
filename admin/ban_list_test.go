package admin_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
)

// lister is a service, or a client of one.
type lister interface {
	Bans(context.Context, admin.BansRequest) (admin.BanList, error)
}

// both returns the service and a client of it, which have to say the same.
func both(t *testing.T, f *fixture) map[string]lister {
	t.Helper()
	return map[string]lister{"service": f.Service, "client": connect(t, serve(t, f))}
}

func TestBansAreFilteredAndSorted(t *testing.T) {
	f := newTimed(t)
	add := func(by string, req admin.BanRequest) string {
		req.By = by
		f.now = f.now.Add(time.Second)
		return f.ban(t, req).Ban.ID.String()
	}
	a := add("root", admin.BanRequest{Target: "203.0.113.7", For: "3h", Reason: "Spam and more"})
	b := add("auto:filter", admin.BanRequest{Target: "203.0.113.8", For: "1h", Scope: ban.ScopeVideo})
	c := add("alice", admin.BanRequest{Target: "198.51.100.0/24", Permanent: true, Reason: "spam"})
	d := add("alice", admin.BanRequest{Target: "2001:db8::1", For: "2h", KeepAddress: true, Scope: ban.ScopeRelay})
	f.reports["r1"] = admin.Reported{Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}
	e := add("root", admin.BanRequest{Report: "r1", Permanent: true})
	yes, no := true, false
	tests := []struct {
		req   admin.BansRequest
		want  []string
		total int
	}{
		{admin.BansRequest{}, []string{a, b, c, d, e}, 5},
		{admin.BansRequest{Reverse: true}, []string{e, d, c, b, a}, 5},
		{admin.BansRequest{Limit: 2}, []string{a, b}, 5},
		{admin.BansRequest{Limit: 2, Offset: 1}, []string{b, c}, 5},
		{admin.BansRequest{Limit: 2, Offset: 4}, []string{e}, 5},
		{admin.BansRequest{Limit: 2, Offset: 5}, nil, 5},
		{admin.BansRequest{Limit: 2, Offset: 1, Reverse: true}, []string{d, c}, 5},
		{admin.BansRequest{Sort: admin.SortCreated, Limit: 5}, []string{a, b, c, d, e}, 5},
		{admin.BansRequest{Sort: admin.SortEnds}, []string{b, d, a, c, e}, 5},
		{admin.BansRequest{Sort: admin.SortEnds, Limit: 3}, []string{b, d, a}, 5},
		{admin.BansRequest{Sort: admin.SortEnds, Reverse: true}, []string{e, c, a, d, b}, 5},
		{admin.BansRequest{Sort: admin.SortBy}, []string{c, d, b, a, e}, 5},
		{admin.BansRequest{Sort: admin.SortBy, Limit: 1, Offset: 2}, []string{b}, 5},
		{admin.BansRequest{Scope: ban.ScopeAll}, []string{a, c, e}, 3},
		{admin.BansRequest{Scope: ban.ScopeVideo}, []string{b}, 1},
		{admin.BansRequest{Kind: ban.KindAddress}, []string{a, b, e}, 3},
		{admin.BansRequest{Kind: ban.KindNet64}, []string{d}, 1},
		{admin.BansRequest{Kind: ban.KindPrefix}, []string{c}, 1},
		{admin.BansRequest{By: "alice"}, []string{c, d}, 2},
		{admin.BansRequest{By: "alice", Limit: 1}, []string{c}, 2},
		{admin.BansRequest{By: "auto:"}, []string{b}, 1},
		{admin.BansRequest{By: "auto"}, nil, 0},
		{admin.BansRequest{By: "ro"}, nil, 0},
		{admin.BansRequest{Reason: "spam"}, []string{a, c}, 2},
		{admin.BansRequest{Report: "r1"}, []string{e}, 1},
		{admin.BansRequest{Permanent: &yes}, []string{c, e}, 2},
		{admin.BansRequest{Permanent: &no}, []string{a, b, d}, 3},
		{admin.BansRequest{EndsWithin: "2h"}, []string{b, d}, 2},
		{admin.BansRequest{ID: c}, []string{c}, 1},
		{admin.BansRequest{ID: c[:6]}, []string{c}, 1},
		{admin.BansRequest{Shown: true}, []string{c, d}, 2},
		{admin.BansRequest{Target: "198.51"}, []string{c}, 1},
		{admin.BansRequest{Target: "2001:db8::1"}, []string{d}, 1},
		{admin.BansRequest{Target: "203"}, nil, 0},
		{admin.BansRequest{Scope: ban.ScopeAll, By: "root", Sort: admin.SortEnds}, []string{a, e}, 2},
	}
	for name, l := range both(t, f.fixture) {
		for _, tt := range tests {
			got, err := l.Bans(t.Context(), tt.req)
			var ids []string
			for _, b := range got.Bans {
				ids = append(ids, b.ID.String())
			}
			if err != nil || !slices.Equal(ids, tt.want) || got.Total != tt.total || got.Active != 5 || got.Bans == nil {
				t.Errorf("%s, %+v: %v, %d of %d, %v; want %v, %d of 5", name, tt.req, ids, got.Total, got.Active, err, tt.want, tt.total)
			}
		}
	}
}

func TestBansOfNobody(t *testing.T) {
	f := newFixture(t)
	for name, l := range both(t, f) {
		for _, limit := range []int{0, 10} {
			got, err := l.Bans(t.Context(), admin.BansRequest{Limit: limit})
			if err != nil || got.Bans == nil || len(got.Bans)+got.Total+got.Active != 0 {
				t.Errorf("%s, limit %d: %+v, %v; want an empty list", name, limit, got, err)
			}
		}
	}
}

func TestBansRequestRefuses(t *testing.T) {
	for _, tt := range []struct {
		req    admin.BansRequest
		detail string
	}{
		{admin.BansRequest{Scope: "audio"}, "write all, video or relay"},
		{admin.BansRequest{Kind: "host"}, "write address, net64 or prefix"},
		{admin.BansRequest{Sort: "reason"}, "write created, ends or by"},
		{admin.BansRequest{EndsWithin: "soon"}, "90m, 24h or 7d"},
		{admin.BansRequest{Limit: -1}, "at most 100000"},
		{admin.BansRequest{Limit: 1, Offset: -1}, "at most 100000"},
		{admin.BansRequest{Limit: 100_000, Offset: 1}, "at most 100000"},
		{admin.BansRequest{Limit: 1, Offset: 1<<63 - 1}, "at most 100000"},
		{admin.BansRequest{Offset: 1}, "goes with a limit"},
	} {
		_, err := newFixture(t).Bans(t.Context(), tt.req)
		wantError(t, tt.detail, err, admin.CodeInvalid, tt.detail)
	}
}

// fill bans n addresses, in the order of whose makers.
func fill(t testing.TB, bans *ban.Store, n int, by func(i int) string) {
	t.Helper()
	entries := make([]ban.Entry, n)
	for i := range entries {
		addr := netip.AddrFrom4([4]byte{198, 18 + byte(i>>16), byte(i >> 8), byte(i)})
		entries[i] = ban.Entry{Target: ban.TargetFor(addr), By: by(i), Reason: "spam", Until: noon.Add(time.Hour)}
	}
	if _, err := bans.AddAll(entries); err != nil {
		t.Fatal(err)
	}
}

// Whatever the order they come in, the first are the first.
func TestFirstOfMany(t *testing.T) {
	f := newFixture(t)
	const n = 5000
	places := rand.New(rand.NewPCG(1, 2)).Perm(n)
	fill(t, f.bans, n, func(i int) string { return fmt.Sprintf("%05d", places[i]) })
	got, err := f.Bans(t.Context(), admin.BansRequest{Sort: admin.SortBy, Limit: 7, Offset: 100})
	if err != nil || len(got.Bans) != 7 || got.Total != n {
		t.Fatalf("%d of %d, %v", len(got.Bans), got.Total, err)
	}
	for i, b := range got.Bans {
		if want := fmt.Sprintf("%05d", 100+i); b.By != want {
			t.Errorf("number %d is by %s, want %s", i, b.By, want)
		}
	}
}

func TestListStopsWithItsContext(t *testing.T) {
	f := newFixture(t)
	fill(t, f.bans, 3, func(int) string { return "test" })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Bans(ctx, admin.BansRequest{}); err == nil || !strings.Contains(err.Error(), context.Canceled.Error()) {
		t.Errorf("a list that nobody waits for: %v", err)
	}
}
