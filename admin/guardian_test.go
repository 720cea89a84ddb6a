package admin_test

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/moderate"
)

// What a guardian says comes first, knows of whom it is if that can be known, and can be
// acted upon; no address is in it.
func TestGuardian(t *testing.T) {
	for name, test := range map[string]struct {
		req      func(c *court, report string) admin.GuardianRequest
		suspects []string // addresses
		joins    bool     // the case that there is
	}{
		"session": {func(c *court, _ string) admin.GuardianRequest {
			return admin.GuardianRequest{Session: c.session.String()}
		}, []string{"192.0.2.1", "198.51.100.1"}, true},
		"report": {func(_ *court, report string) admin.GuardianRequest {
			return admin.GuardianRequest{Report: report}
		}, []string{"192.0.2.1", "198.51.100.1"}, true},
		"address": {func(*court, string) admin.GuardianRequest {
			return admin.GuardianRequest{Address: "::ffff:203.0.113.9"}
		}, []string{"203.0.113.9"}, false},
		"nobody": {func(*court, string) admin.GuardianRequest { return admin.GuardianRequest{} }, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCourt(t, moderate.Options{Evidence: moderate.NewMemory(1000)})
			spam := c.file(t, "spam", "a")
			req := test.req(c, spam)
			req.Note = "Ms Roe: her son"
			result, err := c.client.Guardian(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			if k := result.Case; k.Gravity != "urgent" || (k.ID == spam) != test.joins || c.cases.Queue(1)[0].ID != k.ID {
				t.Errorf("%+v", k)
			}
			k, err := c.cases.Get(result.Case.ID)
			if err != nil {
				t.Fatal(err)
			}
			receipt, err := moderate.ParseReceipt(result.Receipt)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := c.cases.Receipted(receipt); err != nil || got.ID != k.ID {
				t.Errorf("the receipt is of %+v, %v", got, err)
			}
			var want []string
			for _, addr := range test.suspects {
				want = append(want, c.bans.Pseudonym(netip.MustParseAddr(addr)).String())
			}
			if !slices.Equal(k.Suspects, want) {
				t.Errorf("suspects %v, want %v", k.Suspects, want)
			}
			decided, err := c.client.Decide(t.Context(), admin.DecideRequest{Case: k.ID, Do: moderate.Ban, Reason: "because"})
			switch {
			case want == nil:
				wantError(t, "a ban of nobody", err, admin.CodeInvalid, "nobody to ban")
			case err != nil || decided.Ban == nil || len(decided.Ban.Also) != len(want)-1:
				t.Errorf("%+v, %v", decided, err)
			}
			if strings.Contains(c.log.String(), "203.0.113") || strings.Contains(c.log.String(), "Roe") {
				t.Errorf("the log tells too much:\n%s", c.log.String())
			}
		})
	}
}

// Where there is no room for what comes by forms the case is opened all the same.
func TestGuardianWithoutRoomForAReceipt(t *testing.T) {
	c := newCourt(t, moderate.Options{Forms: 1, Evidence: moderate.NewMemory(1000)})
	for i, want := range []bool{true, false} {
		result, err := c.client.Guardian(t.Context(), admin.GuardianRequest{Note: "Ms Roe", Address: netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}).String()})
		if err != nil || (result.Receipt != "") != want {
			t.Errorf("%d: %+v, %v", i, result, err)
		}
	}
}

func TestGuardianRefuses(t *testing.T) {
	c := newCourt(t, moderate.Options{})
	for detail, req := range map[string]admin.GuardianRequest{
		"the note is missing":      {},
		"longer than 4000":         {Note: strings.Repeat("x", 4001)},
		"name one of a session":    {Note: "x", Address: "192.0.2.1", Report: "a"},
		`"home" is not an address`: {Note: "x", Address: "home"},
		"is not a session":         {Note: "x", Session: "nobody"},
		"is not a report":          {Note: "x", Report: "a b"},
	} {
		_, err := c.client.Guardian(t.Context(), req)
		wantError(t, detail, err, admin.CodeInvalid, detail)
	}
	_, err := c.client.Guardian(t.Context(), admin.GuardianRequest{Note: "x", Report: "nothing"})
	wantError(t, "nothing", err, admin.CodeNotFound, "there is no case")
	_, err = c.client.Guardian(t.Context(), admin.GuardianRequest{Note: "x", Session: ident.NewSession().String()})
	wantError(t, "nobody", err, admin.CodeNotFound, "is not live")
	if failure, ok := errors.AsType[*admin.Error](err); !ok || c.cases.Waiting() != 0 {
		t.Errorf("%v; %d cases wait", failure, c.cases.Waiting())
	}
}
