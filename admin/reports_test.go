package admin_test

import (
	"slices"
	"testing"
	"time"

	"github.com/joingyd/joingyd/admin"
)

func TestReports(t *testing.T) {
	f := newTimed(t)
	client := connect(t, serve(t, f.fixture))
	if list, err := client.Reports(t.Context()); err != nil || list.Reports == nil || len(list.Reports) != 0 {
		t.Errorf("%+v, %v; want an empty list", list, err)
	}
	f.reports["a"], f.reports["b"], f.reports["c"] = admin.Reported{}, admin.Reported{}, admin.Reported{}
	list, err := client.Reports(t.Context())
	if err != nil || len(list.Reports) != 3 || !slices.IsSortedFunc(list.Reports, func(a, b admin.Report) int { return b.At.Compare(a.At) }) {
		t.Errorf("%+v, %v; want three, the newest first", list, err)
	}
	if newest := list.Reports[0]; !newest.At.Equal(noon.Add(2*time.Second)) || newest.Reason != "spam" {
		t.Errorf("the newest is %+v", newest)
	}
	_, err = admin.NewService(f.bans, nil).Reports(t.Context())
	wantError(t, "offline", err, admin.CodeUnavailable, "leave out --offline")
}
