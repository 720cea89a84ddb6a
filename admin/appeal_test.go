package admin_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/moderate"
)

// appeal bans targets for a report and appeals the bans on an address.
func (c *court) appeal(t *testing.T, report, addr string, targets ...string) string {
	t.Helper()
	for _, target := range targets {
		if _, err := c.bans.Add(ban.Entry{Target: must(ban.ParseTarget(target)), Reason: "spam", By: "ann", Report: report, Until: noon.Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
	}
	a := moderate.Appealing{Receipt: moderate.NewReceipt(), Appellant: addr, Parts: []moderate.Part{{Name: "appeal", Data: []byte(`"x"`)}}}
	for _, b := range must(c.bans.Matches(netip.MustParseAddr(addr))) {
		appealed := moderate.AppealedBan{ID: b.ID.String(), By: b.By, Report: b.Report}
		if b.Kind == ban.KindPrefix {
			appealed.Prefix = b.Prefix.String()
		}
		a.Bans = append(a.Bans, appealed)
	}
	return must(c.cases.Appeal(a))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// What is lifted is what was appealed, and what the same case led to, and no more.
func TestLift(t *testing.T) {
	for name, test := range map[string]struct {
		report  string
		targets []string
		force   bool
		change  func(c *court) // between appeal and decision
		lifted  int
		stay    []string
		code    admin.Code
	}{
		"one":                        {"", []string{"203.0.113.9", "203.0.113.10"}, false, nil, 1, []string{"203.0.113.10"}, ""},
		"the addresses of a case":    {"k7m2x4q6", []string{"203.0.113.9", "203.0.113.10", "2001:db8::/64"}, false, nil, 3, nil, ""},
		"a network":                  {"", []string{"203.0.113.0/24"}, false, nil, 0, []string{"203.0.113.9", "203.0.113.10"}, admin.CodeNeedsForce},
		"a network, meant":           {"", []string{"203.0.113.0/24"}, true, nil, 1, nil, ""},
		"an address and its network": {"", []string{"203.0.113.9", "203.0.113.0/24"}, false, nil, 0, []string{"203.0.113.9", "203.0.113.10"}, admin.CodeNeedsForce},
		"what has ended": {"", []string{"203.0.113.9"}, false, func(c *court) {
			must(c.bans.Remove(must(ban.ParseTarget("203.0.113.9")), "", "bob"))
		}, 0, nil, ""},
		"another in its place": {"", []string{"203.0.113.9"}, false, func(c *court) {
			must(c.bans.Add(ban.Entry{Target: must(ban.ParseTarget("203.0.113.9")), Reason: "worse", By: "bob", Until: noon.Add(2 * time.Hour)}))
		}, 0, []string{"203.0.113.9"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCourt(t, moderate.Options{Evidence: moderate.NewMemory(1000)})
			id := c.appeal(t, test.report, "203.0.113.9", test.targets...)
			if test.change != nil {
				test.change(c)
			}
			k, err := c.client.Case(t.Context(), id)
			if err != nil || k.Kind != moderate.KindAppeal || !slices.Equal(k.Actions, []moderate.Action{moderate.Uphold, moderate.Lift}) || k.Appeal == nil {
				t.Fatalf("%+v, %v", k, err)
			}
			result, err := c.client.Decide(t.Context(), admin.DecideRequest{Case: id, Do: moderate.Lift, Reason: "a mistake", Force: test.force})
			if test.code != "" {
				wantError(t, name, err, test.code, "203.0.113.0/24")
			} else if err != nil || result.Case.State != moderate.StateDecided || len(result.Lifted) != test.lifted {
				t.Errorf("%+v, %v", result, err)
			}
			for _, addr := range []string{"203.0.113.9", "203.0.113.10", "2001:db8::1"} {
				if banned := c.bans.Banned(netip.MustParseAddr(addr), ban.UseSite); banned != slices.Contains(test.stay, addr) {
					t.Errorf("%s is banned: %v", addr, banned)
				}
			}
		})
	}
}

// Who made a ban is warned when they uphold it, or refused where two people are needed,
// which leaves the case to the others; no action is one of the other kind.
func TestUphold(t *testing.T) {
	for _, two := range []bool{false, true} {
		c := newCourt(t, moderate.Options{TwoPeople: two, Evidence: moderate.NewMemory(1000)})
		req := admin.DecideRequest{Case: c.appeal(t, "", "203.0.113.9", "203.0.113.9"), Do: moderate.Uphold, Reason: "as said", By: "ann"}
		result, err := c.Decide(t.Context(), req)
		if two {
			wantError(t, "ann's own ban", err, admin.CodeInvalid, "somebody else than who made the ban")
			req.By = "bob"
			result, err = c.Decide(t.Context(), req)
		}
		if err != nil || (result.Warning == "") != two || !c.bans.Banned(netip.MustParseAddr("203.0.113.9"), ban.UseSite) {
			t.Errorf("two people: %v: %+v, %v", two, result, err)
		}
	}
	c := newCourt(t, moderate.Options{})
	_, err := c.Decide(t.Context(), admin.DecideRequest{Case: c.file(t, "spam", "a"), Do: moderate.Lift, Reason: "x"})
	wantError(t, "lift of a report", err, admin.CodeInvalid, `"lift" is no way to decide a case of kind report`)
}
