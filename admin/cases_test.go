package admin_test

import (
	"net/netip"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/moderate"
)

// court is a service with cases, and the live session that they are about.
type court struct {
	*fixture
	cases   *moderate.Store
	client  *admin.Client
	session ident.Session
	filed   int
}

// suspects are whom the cases are about, as the daemon finds them.
type suspects struct{ *court }

func (s suspects) Reports() []admin.Report { return nil }

func (s suspects) Reported(id string) (admin.Reported, bool) {
	k, err := s.cases.Get(id)
	if err != nil {
		return admin.Reported{}, false
	}
	return admin.Reported{Pseudonyms: k.Suspects}, true
}

func newCourt(t *testing.T, o moderate.Options) *court {
	t.Helper()
	return newCourtWith(t, o, func(*admin.Options) {})
}

func newCourtWith(t *testing.T, o moderate.Options, change func(*admin.Options)) *court {
	t.Helper()
	o.Now = func() time.Time { return noon }
	cases, err := moderate.Open(filepath.Join(t.TempDir(), "moderation.db"), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cases.Close() })
	c := &court{fixture: newFixture(t), cases: cases, session: ident.NewSession()}
	c.live.sessions[c.session] = []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("198.51.100.1")}
	c.reopen(func(o *admin.Options) {
		o.Cases, o.Reports = cases, suspects{c}
		change(o)
	})
	c.client = connect(t, serve(t, c.fixture))
	return c
}

// file reports the live session.
func (c *court) file(t *testing.T, reason, reporter string) string {
	t.Helper()
	c.filed++
	f := moderate.Filing{ID: "report" + string(rune('a'+c.filed)) + "a", Reason: reason, At: noon, Session: c.session.String(), Reporter: reporter, Lines: 2}
	for _, addr := range c.live.Addresses(c.session) {
		f.Suspects = append(f.Suspects, c.bans.Pseudonym(addr).String())
	}
	id, err := c.cases.File(f)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestCases(t *testing.T) {
	c := newCourt(t, moderate.Options{})
	id := c.file(t, "spam", "pseudonym-a")
	c.file(t, "nudity", "pseudonym-b")
	c.file(t, "spam", "pseudonym-a")
	list, err := c.client.Cases(t.Context(), 0)
	if err != nil || list.Total != 1 || len(list.Cases) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	k := list.Cases[0]
	var reporters []int
	for _, r := range k.Reports {
		reporters = append(reporters, r.Reporter)
	}
	if k.ID != id || k.Gravity != "grave" || k.Session != c.session.String() || !slices.Equal(reporters, []int{1, 2, 1}) || k.Reports[0].Lines != 2 {
		t.Errorf("%+v", k)
	}
	if one, err := c.client.Case(t.Context(), k.Reports[1].ID); err != nil || !reflect.DeepEqual(one, k) {
		t.Errorf("by a report's id: %+v, %v", one, err)
	}
	delete(c.live.sessions, c.session)
	if one, err := c.client.Case(t.Context(), id); err != nil || one.Session != "" {
		t.Errorf("after the end: %+v, %v", one, err)
	}
	stats, err := c.client.CaseStats(t.Context())
	if err != nil || stats.Waiting["grave"] != 1 || len(stats.Months) != 1 || stats.Months[0].Reports["spam"] != 2 {
		t.Errorf("%+v, %v", stats, err)
	}
	_, err = c.client.Case(t.Context(), "nothing")
	wantError(t, "Case of nothing", err, admin.CodeNotFound, "joingyd reports list")
	_, err = c.client.Case(t.Context(), "no thing")
	wantError(t, "Case of nonsense", err, admin.CodeInvalid, "is not a report")
	_, err = c.client.Cases(t.Context(), -1)
	wantError(t, "Cases", err, admin.CodeInvalid, "limit is -1")
	_, err = admin.NewService(c.bans, nil).Cases(t.Context(), 0)
	wantError(t, "offline", err, admin.CodeUnavailable, "leave out --offline")
}

// What is decided is carried out, and then written down.
func TestDecisions(t *testing.T) {
	for name, test := range map[string]struct {
		req    admin.DecideRequest
		banned bool
		alive  bool
		check  func(*court, admin.DecideResult) bool
	}{
		"dismiss": {admin.DecideRequest{Do: moderate.Dismiss}, false, true, func(c *court, r admin.DecideResult) bool { return r.Ban == nil && len(c.live.warned) == 0 }},
		"warn": {admin.DecideRequest{Do: moderate.Warn}, false, true, func(c *court, r admin.DecideResult) bool {
			return r.Warned && slices.Equal(c.live.warned, []string{"because"})
		}},
		"end": {admin.DecideRequest{Do: moderate.End}, false, false, func(c *court, r admin.DecideResult) bool {
			return r.Ended && slices.Equal(c.live.kicked, []string{"because"})
		}},
		"ban": {admin.DecideRequest{Do: moderate.Ban}, true, false, func(_ *court, r admin.DecideResult) bool {
			return r.Ban.Ban.Until.Sub(noon).Round(time.Hour) == time.Hour && len(r.Ban.Also) == 1 && r.Ban.Ban.Reason == "because" && r.Ban.Ban.Report == r.Case.ID
		}},
		"a day": {admin.DecideRequest{Do: moderate.Ban, For: "24h"}, true, false, func(_ *court, r admin.DecideResult) bool {
			return r.Ban.Ban.Until.Sub(noon).Round(time.Hour) == 24*time.Hour
		}},
		"permanent": {admin.DecideRequest{Do: moderate.Permanent}, true, false, func(_ *court, r admin.DecideResult) bool { return r.Ban.Ban.Permanent() && r.Ban.EndedSessions == 1 }},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCourt(t, moderate.Options{})
			test.req.Case, test.req.Reason = c.file(t, "nudity", "a"), "because"
			result, err := c.client.Decide(t.Context(), test.req)
			if err != nil {
				t.Fatal(err)
			}
			if !test.check(c, result) || result.Case.State != moderate.StateDecided || result.Case.Decision.By == "" {
				t.Errorf("%+v", result)
			}
			for _, addr := range []string{"192.0.2.1", "198.51.100.1"} {
				if _, banned := c.bans.Check(netip.MustParseAddr(addr), ban.UseSite); banned != test.banned {
					t.Errorf("%s is banned: %v, want %v", addr, banned, test.banned)
				}
			}
			if alive := c.live.Addresses(c.session) != nil; alive != test.alive {
				t.Errorf("the session lives: %v, want %v", alive, test.alive)
			}
			_, err = c.client.Decide(t.Context(), test.req)
			wantError(t, "again", err, admin.CodeInvalid, "is decided already")
		})
	}
}

// A permanent ban that needs two is one for a time until the second agrees.
func TestPermanentByTwo(t *testing.T) {
	c := newCourt(t, moderate.Options{TwoPeople: true})
	req := admin.DecideRequest{Case: c.file(t, "minor", "a"), Do: moderate.Permanent, Reason: "because", By: "ann"}
	result, err := c.Decide(t.Context(), req)
	if err != nil || result.Case.State != moderate.StatePending || result.Ban.Ban.Permanent() {
		t.Fatalf("%+v, %v", result, err)
	}
	_, err = c.Decide(t.Context(), req)
	wantError(t, "ann again", err, admin.CodeInvalid, "somebody else")
	req.By = "bob"
	if result, err = c.Decide(t.Context(), req); err != nil || result.Case.State != moderate.StateDecided || !result.Ban.Ban.Permanent() || result.Case.Decision.Confirmed != "bob" {
		t.Errorf("%+v, %v", result, err)
	}
}

func TestDecideRefuses(t *testing.T) {
	c := newCourt(t, moderate.Options{})
	id := c.file(t, "spam", "a")
	for detail, req := range map[string]admin.DecideRequest{
		`do: "" is none of`:  {Case: id, Reason: "x"},
		"reason: is missing": {Case: id, Do: moderate.Ban},
		"only a ban has":     {Case: id, Do: moderate.Warn, Reason: "x", For: "1h"},
		"is not a report":    {Case: "a b", Do: moderate.Warn, Reason: "x"},
		`"tomorrow"`:         {Case: id, Do: moderate.Ban, Reason: "x", For: "tomorrow"},
	} {
		_, err := c.client.Decide(t.Context(), req)
		wantError(t, detail, err, admin.CodeInvalid, detail)
	}
	_, err := c.client.Decide(t.Context(), admin.DecideRequest{Case: "nothing", Do: moderate.Warn, Reason: "x"})
	wantError(t, "nothing", err, admin.CodeNotFound, "there is no case")
	if _, err := c.cases.Claim(id, "ann"); err != nil {
		t.Fatal(err)
	}
	_, err = c.client.Decide(t.Context(), admin.DecideRequest{Case: id, Do: moderate.End, Reason: "x"})
	wantError(t, "ann's case", err, admin.CodeUnavailable, "ann looks at it until")
	if c.live.Addresses(c.session) == nil {
		t.Error("a refused decision was carried out")
	}
}
