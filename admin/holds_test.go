package admin_test

import (
	"errors"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/moderate"
	"github.com/joingyd/joingyd/moderate/audit"
)

const day = 24 * time.Hour

// newRecordedCourt is a court that writes down what it does, and what tells what is written.
func newRecordedCourt(t *testing.T, options moderate.Options) (c *court, did func() []string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "audit")
	log, err := audit.Open(dir, audit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	c = newCourtWith(t, options, func(o *admin.Options) { o.Audit, o.HoldFor = log, 100*day })
	return c, func() (list []string) {
		for e, err := range audit.Entries(dir) {
			if err != nil {
				t.Fatal(err)
			}
			text := e.Did + " " + e.On
			for _, name := range []string{"until", "held", "reason", "by", "found"} {
				if value := e.Details[name]; value != "" {
					text += " " + value
				}
			}
			list = append(list, text)
		}
		return list
	}
}

// A case is held and released, and it is written down by whom and why.
func TestHolds(t *testing.T) {
	c, did := newRecordedCourt(t, moderate.Options{})
	id := c.file(t, "spam", "a")
	end := time.Date(2028, 7, 1, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		req  admin.HoldRequest
		want time.Time
	}{
		{admin.HoldRequest{}, noon.Add(100 * day)},
		{admin.HoldRequest{For: "120d"}, noon.Add(120 * day)},
		{admin.HoldRequest{Until: end}, end},
	} {
		test.req.Case, test.req.Reason = id, "police"
		result, err := c.client.Hold(t.Context(), test.req)
		if err != nil || result.Case.Hold == nil || !result.Case.Hold.Until.Equal(test.want.Truncate(time.Second)) || result.Case.Hold.By == "" || result.Case.Hold.Reason != "police" || !result.Case.Waits() {
			t.Errorf("%+v: %+v, %v; want %v", test.req, result.Case.Hold, err, test.want)
		}
	}
	if decided, err := c.client.Decide(t.Context(), admin.DecideRequest{Case: id, Do: moderate.Dismiss, Reason: "because"}); err != nil || decided.Case.Hold == nil {
		t.Errorf("%+v, %v", decided, err)
	}
	if list, err := c.client.HeldCases(t.Context(), 1); err != nil || list.Total != 1 || len(list.Cases) != 1 || list.Cases[0].ID != id || list.Cases[0].Waits() {
		t.Errorf("held: %+v, %v", list, err)
	}
	if result, err := c.client.Release(t.Context(), admin.ReleaseRequest{Case: id, Reason: "done"}); err != nil || result.Case.Hold != nil {
		t.Errorf("released: %+v, %v", result, err)
	}
	if list, err := c.client.HeldCases(t.Context(), 0); err != nil || list.Total != 0 || list.Cases == nil {
		t.Errorf("held: %+v, %v", list, err)
	}
	want := []string{
		"report.hold " + id + " " + noon.Add(100*day).Format(time.RFC3339) + " police",
		"report.hold " + id + " " + noon.Add(120*day).Format(time.RFC3339) + " police",
		"report.hold " + id + " 2028-07-01T00:00:00Z police",
		"report.decide " + id + " 2028-07-01",
		"report.release " + id + " done",
	}
	if got := did(); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("written down is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestHoldsRefuse(t *testing.T) {
	c := newCourt(t, moderate.Options{})
	id := c.file(t, "spam", "a")
	if _, err := c.client.Hold(t.Context(), admin.HoldRequest{Case: id, For: "10d", Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	for detail, req := range map[string]admin.HoldRequest{
		"reason: is missing":                   {Case: id, For: "20d"},
		"leave out one":                        {Case: id, For: "20d", Until: noon.Add(day), Reason: "x"},
		`"soon" is not a time that a hold can`: {Case: id, For: "soon", Reason: "x"},
		"has passed":                           {Case: id, Until: noon.Add(-day), Reason: "x"},
		"more than 3650 days away":             {Case: id, Until: noon.Add(4000 * day), Reason: "x"},
		"release it first":                     {Case: id, For: "1d", Reason: "x"},
		"is not a report":                      {Case: "a b", Reason: "x"},
	} {
		_, err := c.client.Hold(t.Context(), req)
		wantError(t, detail, err, admin.CodeInvalid, detail)
	}
	_, err := c.client.Hold(t.Context(), admin.HoldRequest{Case: "nothing", Reason: "x"})
	wantError(t, "nothing", err, admin.CodeNotFound, "there is no case")
	_, err = c.client.Release(t.Context(), admin.ReleaseRequest{Case: id})
	wantError(t, "no reason", err, admin.CodeInvalid, "reason: is missing")
	for range 2 {
		_, err = c.client.Release(t.Context(), admin.ReleaseRequest{Case: id, Reason: "x"})
	}
	wantError(t, "twice", err, admin.CodeInvalid, "the case is not held")
	_, err = c.client.HeldCases(t.Context(), -1)
	wantError(t, "limit", err, admin.CodeInvalid, "limit is -1")
	offline := admin.NewService(c.bans, nil)
	_, err = offline.Hold(t.Context(), admin.HoldRequest{Case: id, Reason: "x"})
	wantError(t, "offline", err, admin.CodeUnavailable, "leave out --offline")
}

// full is evidence on a full disk.
type full struct{ deleted bool }

func (*full) Seal(string, []moderate.Part) (string, error) { return "", nil }
func (*full) Hold(string, time.Time) error                 { return errors.New("no space left on device") }
func (*full) Release(string) error                         { return nil }
func (f *full) Delete(string) error                        { f.deleted = true; return nil }

// A decision whose hold cannot be written down is not carried out, and nothing is deleted.
func TestADecisionWithoutItsHold(t *testing.T) {
	disk := &full{}
	c, did := newRecordedCourt(t, moderate.Options{Evidence: disk})
	id := c.file(t, "minor", "a")
	_, err := c.client.Decide(t.Context(), admin.DecideRequest{Case: id, Do: moderate.Ban, Reason: "because"})
	wantError(t, "decided", err, admin.CodeInternal, "nothing was decided: case "+id+" is not held: no space left on device")
	if _, banned := c.bans.Check(netip.MustParseAddr("192.0.2.1"), ban.UseSite); banned || c.live.Addresses(c.session) == nil || disk.deleted || !c.cases.Undecided(id) || len(did()) != 0 {
		t.Errorf("banned: %v, deleted: %v, written down: %q", banned, disk.deleted, did())
	}
	if _, err := c.client.Decide(t.Context(), admin.DecideRequest{Case: id, Do: moderate.Dismiss, Reason: "because"}); err != nil {
		t.Errorf("a dismissal holds nothing: %v", err)
	}
}

// Cases about an address are found after the keys were changed, and by a session that has
// ended.
func TestCasesAbout(t *testing.T) {
	c, did := newRecordedCourt(t, moderate.Options{})
	id := c.file(t, "spam", "a")
	if _, err := c.client.Decide(t.Context(), admin.DecideRequest{Case: id, Do: moderate.End, Reason: "because"}); err != nil {
		t.Fatal(err)
	}
	if err := c.bans.Rotate(ban.Key{7}, func(ban.Keys) error { return nil }); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		req  admin.AboutRequest
		want int
	}{
		{admin.AboutRequest{Address: "198.51.100.1"}, 1},
		{admin.AboutRequest{Address: "::ffff:192.0.2.1"}, 1},
		{admin.AboutRequest{Address: "203.0.113.9"}, 0},
		{admin.AboutRequest{Session: c.session.String()}, 1},
		{admin.AboutRequest{Session: ident.NewSession().String()}, 0},
	} {
		list, err := c.client.CasesAbout(t.Context(), test.req)
		if err != nil || list.Total != test.want || len(list.Cases) != test.want || test.want == 1 && list.Cases[0].ID != id {
			t.Errorf("%+v: %+v, %v; want %d", test.req, list, err, test.want)
		}
	}
	if got := strings.Join(did()[1:], ", "); got != "report.search  address 1, report.search  address 1, report.search  address 0, report.search  session 1, report.search  session 0" {
		t.Errorf("written down is %q", got)
	}
	for detail, req := range map[string]admin.AboutRequest{
		"one of them":       {},
		"is not an address": {Address: "everybody"},
		"is not a session":  {Session: "x"},
	} {
		_, err := c.client.CasesAbout(t.Context(), req)
		wantError(t, detail, err, admin.CodeInvalid, detail)
	}
}
