package admin_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
)

func TestBanStats(t *testing.T) {
	f := newTimed(t)
	f.ban(t, admin.BanRequest{Target: "198.51.100.1", By: "alice", For: "3650d"})
	f.now = f.now.Add(6 * 24 * time.Hour)
	f.ban(t, admin.BanRequest{Target: "198.51.100.0/24", By: "alice", Permanent: true})
	f.now = f.now.Add(2 * 24 * time.Hour)
	f.endings(t)
	f.ban(t, admin.BanRequest{Target: "198.51.100.2", By: "auto:filter", For: "1h", Scope: ban.ScopeVideo})
	if _, err := f.Allow(t.Context(), admin.AllowRequest{Target: "192.0.2.1"}); err != nil {
		t.Fatal(err)
	}
	want := admin.BanStats{
		Active: 4, Permanent: 2, EndingDay: 1,
		Scopes:  map[ban.Scope]int{ban.ScopeAll: 3, ban.ScopeVideo: 1, ban.ScopeRelay: 0},
		Kinds:   map[ban.Kind]int{ban.KindAddress: 2, ban.KindNet64: 1, ban.KindPrefix: 1},
		By:      []admin.Maker{{By: "alice", Bans: 2}, {By: "auto:filter", Bans: 1}, {By: "root", Bans: 1}},
		MadeDay: 5, MadeWeek: 6,
		Ended:   map[ban.How]int{ban.HowRemoved: 1, ban.HowExpired: 1, ban.HowReplaced: 1},
		Allowed: 1,
		Keys:    []ban.KeyUse{{Number: 1, Current: true, Bans: 3}},
	}
	for name, c := range map[string]interface {
		BanStats(context.Context) (admin.BanStats, error)
	}{"service": f.Service, "client": connect(t, serve(t, f.fixture))} {
		got, err := c.BanStats(t.Context())
		if err != nil || got.Bytes <= 0 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		got.Bytes = 0
		for i := range got.Keys {
			got.Keys[i].Key = ban.Key{} // never on the wire
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, got, want)
		}
	}
}

func TestBanStatsOfNothing(t *testing.T) {
	got, err := newFixture(t).BanStats(t.Context())
	if err != nil || got.Active != 0 || len(got.Scopes) != 3 || len(got.Kinds) != 3 || len(got.Ended) != 3 || got.By == nil {
		t.Errorf("%+v, %v; want every count at zero", got, err)
	}
}

func TestBanStatsNamesTheMostActive(t *testing.T) {
	f := newFixture(t)
	fill(t, f.bans, 100, func(i int) string { return fmt.Sprintf("user%02d", min(i, 50)) })
	got, err := f.BanStats(t.Context())
	if err != nil || len(got.By) != 20 || got.By[0] != (admin.Maker{By: "user50", Bans: 50}) || got.By[1] != (admin.Maker{By: "user00", Bans: 1}) {
		t.Errorf("%+v, %v; want the first 20, user50 first", got.By, err)
	}
}
