package admin_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
)

// endings makes bans that end in every way: one a target.
func (f *timed) endings(t *testing.T) (removed, expired, replaced ban.Ban) {
	t.Helper()
	removed = f.ban(t, admin.BanRequest{Target: "203.0.113.7", By: "alice", For: "3h"}).Ban
	expired = f.ban(t, admin.BanRequest{Target: "203.0.113.0/24", By: "auto:filter", For: "2h"}).Ban
	replaced = f.ban(t, admin.BanRequest{Target: "2001:db8::1", By: "root", For: "3h"}).Ban
	f.now = f.now.Add(time.Hour)
	if _, err := f.Unban(t.Context(), admin.UnbanRequest{Target: "203.0.113.7", By: "bob"}); err != nil {
		t.Fatal(err)
	}
	f.now = f.now.Add(time.Hour)
	if err := f.bans.Sweep(); err != nil {
		t.Fatal(err)
	}
	f.now = f.now.Add(time.Minute)
	f.ban(t, admin.BanRequest{Target: "2001:db8::2", By: "root", Permanent: true})
	return removed, expired, replaced
}

func TestHistory(t *testing.T) {
	f := newTimed(t)
	removed, expired, replaced := f.endings(t)
	tests := []struct {
		req   admin.HistoryRequest
		want  []ban.Ban
		total int
	}{
		{admin.HistoryRequest{}, []ban.Ban{replaced, expired, removed}, 3},
		{admin.HistoryRequest{Limit: 2}, []ban.Ban{replaced, expired}, 3},
		{admin.HistoryRequest{Target: "203.0.113.7"}, []ban.Ban{expired, removed}, 2},
		{admin.HistoryRequest{Target: "203.0.113.7", How: ban.HowRemoved}, []ban.Ban{removed}, 1},
		{admin.HistoryRequest{Target: "203.0.113.8"}, []ban.Ban{expired}, 1},
		{admin.HistoryRequest{Target: "2001:db8::9"}, []ban.Ban{replaced}, 1},
		{admin.HistoryRequest{Target: "192.0.2.1"}, nil, 0},
		{admin.HistoryRequest{How: ban.HowExpired}, []ban.Ban{expired}, 1},
		{admin.HistoryRequest{By: "alice"}, []ban.Ban{removed}, 1},
		{admin.HistoryRequest{By: "bob"}, []ban.Ban{removed}, 1},
		{admin.HistoryRequest{By: "auto:"}, []ban.Ban{expired}, 1},
		{admin.HistoryRequest{By: "nobody"}, nil, 0},
	}
	for name, c := range map[string]interface {
		History(context.Context, admin.HistoryRequest) (admin.History, error)
	}{"service": f.Service, "client": connect(t, serve(t, f.fixture))} {
		for _, tt := range tests {
			got, err := c.History(t.Context(), tt.req)
			var bans []ban.Ban
			for _, e := range got.Ended {
				bans = append(bans, e.Ban)
			}
			if err != nil || !slices.Equal(bans, tt.want) || got.Total != tt.total || got.Ended == nil {
				t.Errorf("%s, %+v: %+v, %d in all, %v; want %+v, %d", name, tt.req, bans, got.Total, err, tt.want, tt.total)
			}
		}
		for _, tt := range []struct {
			req    admin.HistoryRequest
			detail string
		}{
			{admin.HistoryRequest{How: "forgiven"}, "write removed, expired or replaced"},
			{admin.HistoryRequest{Target: "example.org"}, "write one like"},
			{admin.HistoryRequest{Limit: -1}, "from 1 to 100000"},
			{admin.HistoryRequest{Limit: 100_001}, "from 1 to 100000"},
		} {
			_, err := c.History(t.Context(), tt.req)
			wantError(t, name+": "+tt.detail, err, admin.CodeInvalid, tt.detail)
		}
	}
	got, err := f.History(t.Context(), admin.HistoryRequest{How: ban.HowRemoved})
	if err != nil || got.Ended[0].By != "bob" || !got.Ended[0].At.Equal(noon.Truncate(time.Second).Add(time.Hour)) {
		t.Errorf("removed: %+v, %v; want by bob, an hour after noon", got.Ended[0], err)
	}
}
