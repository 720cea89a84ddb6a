package admin_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban/list"
	"github.com/joingyd/joingyd/moderate"
)

// Bans are counted by what made them, cases or not; what changes nothing is not.
func TestBansAreTallied(t *testing.T) {
	c := newCourt(t, moderate.Options{})
	do := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(c.Ban(t.Context(), admin.BanRequest{Target: "203.0.113.1"}))
	do(c.Ban(t.Context(), admin.BanRequest{Target: "203.0.113.2", DryRun: true}))
	do(c.Ban(t.Context(), admin.BanRequest{Target: "203.0.113.3", By: "auto:filter"}))
	do(c.Ban(t.Context(), admin.BanRequest{Target: "203.0.113.4", By: "auto:still"}))
	do(c.Decide(t.Context(), admin.DecideRequest{Case: c.file(t, "nudity", "a"), Do: moderate.Ban, Reason: "because"})) // of two addresses
	do(c.Unban(t.Context(), admin.UnbanRequest{Target: "203.0.113.1"}))
	lines := bytes.NewBufferString("203.0.113.7\n203.0.113.8\n203.0.113.4\n")
	do(c.Import(t.Context(), admin.ImportRequest{Format: list.Plain, For: "24h"}, lines))
	do(c.Import(t.Context(), admin.ImportRequest{Format: list.Plain, DryRun: true}, strings.NewReader("203.0.113.9\n")))
	_, err := c.Unban(t.Context(), admin.UnbanRequest{Target: "203.0.113.1"})
	wantError(t, "again", err, admin.CodeNotFound, "no ban is on")

	result, err := c.client.Transparency(t.Context(), admin.TransparencyRequest{})
	if err != nil || len(result.Months) != 1 {
		t.Fatalf("%+v, %v", result, err)
	}
	m := result.Months[0]
	if want := map[string]int{"person": 3, "filter": 1, "still": 1, "import": 3}; !reflect.DeepEqual(m.Bans, want) || m.Unbanned != 1 {
		t.Errorf("bans %v, %d ended early; want %v and 1", m.Bans, m.Unbanned, want)
	}
	if !m.Running || m.MedianHours != 1 || m.P90Hours != 1 || m.Reports["nudity"] != 1 || m.Decisions["ban"] != 1 {
		t.Errorf("%+v", m)
	}
}

// A case whose evidence was taken for a report to NCMEC counts once.
func TestReportsToNCMECAreCounted(t *testing.T) {
	c := newCourt(t, moderate.Options{})
	service := admin.NewService(c.bans, &admin.Options{Cases: c.cases, Evidence: inMemory{new(moderate.Memory)}})
	id := c.file(t, "minor", "a")
	for _, use := range []admin.EvidenceUse{admin.ToJudge, admin.ToNCMEC, admin.ToNCMEC} {
		if _, err := service.Evidence(t.Context(), admin.EvidenceRequest{Case: id, For: use}); err != nil {
			t.Fatal(err)
		}
	}
	if result, err := service.Transparency(t.Context(), admin.TransparencyRequest{}); err != nil || result.Months[0].NCMEC != 1 {
		t.Errorf("%+v, %v", result, err)
	}
}

// inMemory is evidence in memory, of which none is sealed.
type inMemory struct{ *moderate.Memory }

func (inMemory) Sealed(string) ([]admin.SealedEvidence, error) { return nil, nil }

func TestMonths(t *testing.T) {
	c := newCourt(t, moderate.Options{})
	c.cases.Tally(func(m *moderate.Totals) { m.Unbanned++ })
	service := admin.NewService(c.bans, &admin.Options{Cases: c.cases, Now: func() time.Time { return noon.AddDate(0, 1, 0) }})
	for name, test := range map[string]struct {
		from, to string
		months   int
		err      string // how it begins
	}{
		"all":           {"", "", 1, ""},
		"that month":    {"2026-03", "2026-03", 1, ""},
		"before":        {"", "2026-02", 0, ""},
		"after":         {"2026-04", "", 0, ""},
		"no month":      {"2026-13", "", 0, `--from is "2026-13"; write a month like 2026-11`},
		"a day":         {"", "2026-11-29", 0, `--to is "2026-11-29"; write a month like 2026-11`},
		"a word":        {"", "now", 0, `--to is "now"; write`},
		"the wrong way": {"2026-11", "2026-10", 0, "--from 2026-11 is after --to 2026-10; swap them"},
	} {
		result, err := service.Transparency(t.Context(), admin.TransparencyRequest{From: test.from, To: test.to})
		if test.err != "" {
			wantError(t, name, err, admin.CodeInvalid, test.err)
			continue
		}
		if err != nil || len(result.Months) != test.months || test.months > 0 && result.Months[0].Running {
			t.Errorf("%s: %+v, %v; want %d months", name, result, err, test.months)
		}
	}
	_, err := admin.NewService(c.bans, nil).Transparency(t.Context(), admin.TransparencyRequest{})
	wantError(t, "offline", err, admin.CodeUnavailable, "leave out --offline")
}
