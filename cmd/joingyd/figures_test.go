package main

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/moderate"
	"github.com/joingyd/joingyd/web"
)

// november is a month that has everything, october one that has nearly nothing.
func november() (november, october moderate.Totals) {
	november = moderate.Totals{
		Month: "2026-11", Reports: map[string]int{"spam": 12, "guardian": 1}, Decisions: map[string]int{"ban": 6, "dismiss": 7},
		Stills: 1200, Found: map[string]int{"porn": 30}, Flags: map[string]int{"porn": 28}, Judged: map[string]int{"porn": 20}, Dismissed: map[string]int{"porn": 5},
		Expired: 2, NCMEC: 1, Bans: map[string]int{"person": 9, "filter": 1}, Unbanned: 1, Appeals: map[string]int{"received": 3},
	}
	november.Delays[1], november.Delays[5] = 7, 6
	return november, moderate.Totals{Month: "2026-10", Reports: map[string]int{"other": 1}, Decisions: map[string]int{}}
}

// asRows writes tables as "NAME MONTH: COLUMN VALUE, …".
func asRows(tables []web.Figures) (rows []string) {
	for _, t := range tables {
		for _, m := range t.Months {
			var cells []string
			for i, value := range m.Values {
				key := t.Columns[i].Key
				cells = append(cells, fmt.Sprintf("%s %d", key[strings.LastIndexByte(key, '.')+1:], value))
			}
			running := ""
			if m.Running {
				running = "*"
			}
			rows = append(rows, fmt.Sprintf("%s %s%s: %s", t.Name, m.Start.Format("2006-01"), running, strings.Join(cells, ", ")))
		}
	}
	return rows
}

func TestFigureTables(t *testing.T) {
	full, empty := november()
	now := time.Date(2026, 11, 30, 23, 0, 0, 0, time.FixedZone("", -5*3600)) // December, in UTC
	for name, test := range map[string]struct {
		months []moderate.Totals
		now    time.Time
		want   []string
	}{
		"nothing": {nil, now, nil},
		"a bare month": {[]moderate.Totals{empty}, now, []string{
			"reports 2026-10: nudity 0, minor 0, violence 0, harassment 0, spam 0, other 1, guardian 0",
			"decisions 2026-10: dismiss 0, warn 0, end 0, ban 0, permanent 0, expired 0, median -1, ninety -1",
			"bans 2026-10: person 0, import 0, early 0",
		}},
		"two": {[]moderate.Totals{full, empty}, now.AddDate(0, 0, -1), []string{
			"reports 2026-11*: nudity 0, minor 0, violence 0, harassment 0, spam 12, other 0, guardian 1",
			"reports 2026-10: nudity 0, minor 0, violence 0, harassment 0, spam 0, other 1, guardian 0",
			"stills 2026-11*: looked 1200, porn 30, given 28, judged 20, wrong 5, error 25",
			"stills 2026-10: looked 0, porn 0, given 0, judged 0, wrong 0, error -1",
			"decisions 2026-11*: dismiss 7, warn 0, end 0, ban 6, permanent 0, expired 2, median 2, ninety 8",
			"decisions 2026-10: dismiss 0, warn 0, end 0, ban 0, permanent 0, expired 0, median -1, ninety -1",
			"bans 2026-11*: person 9, import 0, filter 1, early 1",
			"bans 2026-10: person 0, import 0, filter 0, early 0",
			"appeals 2026-11*: received 3", "appeals 2026-10: received 0",
			"authorities 2026-11*: ncmec 1", "authorities 2026-10: ncmec 0",
		}},
	} {
		if got := asRows(figureTables(test.months, test.now)); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s:\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(test.want, "\n"))
		}
	}
}

// What is told of a program's mistakes tells no small count.
func TestErrorRate(t *testing.T) {
	for _, test := range []struct{ judged, dismissed, wrong, percent int }{
		{0, 0, 0, -1}, {4, 0, -1, -1}, {20, 5, 5, 25}, {20, 3, 3, -1}, {8, 6, -1, -1}, {6, 6, 6, 100}, {12, 0, 0, 0},
	} {
		m := moderate.Totals{Judged: map[string]int{"a": test.judged}, Dismissed: map[string]int{"a": test.dismissed}}
		if wrong, percent := wrong(m), errorRate(m); wrong != test.wrong || percent != test.percent {
			t.Errorf("%d of %d: %d, %d %%; want %d, %d %%", test.dismissed, test.judged, wrong, percent, test.wrong, test.percent)
		}
	}
}

func TestTransparencyText(t *testing.T) {
	full, empty := november()
	months := admin.Transparency{Months: []admin.MonthFigures{{Totals: full, Running: true, MedianHours: 2, P90Hours: 8}, {Totals: empty}}}
	var text, csv strings.Builder
	if err := printFigures(&text, months); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"SUBJECT           FIGURE      2026-11*  2026-10\nreports           nudity      0         0\n",
		"\n                  guardian    1         0\nstills            looked_at   1,200     0\nstills_found      porn        30        0\n",
		"\nappeals           received    3         0\n* not over\n",
	} {
		if !strings.Contains(text.String(), line) {
			t.Errorf("%q is missing in\n%s", line, text.String())
		}
	}
	if err := writeFigures(&csv, months); err != nil {
		t.Fatal(err)
	}
	if got := csv.String(); !strings.HasPrefix(got, "month,subject,figure,value\n2026-10,reports,nudity,0\n") || !strings.Contains(got, "\n2026-11,stills_dismissed,porn,5\n") || strings.Contains(got, "2026-10,appeals") {
		t.Errorf("CSV:\n%s", got)
	}
	months.Months = make([]admin.MonthFigures, 7)
	for i := range months.Months {
		months.Months[i].Month = fmt.Sprintf("2026-%02d", 7-i)
	}
	text.Reset()
	if err := printFigures(&text, months); err != nil || !strings.Contains(text.String(), "2026-04  2026-03\n") || !strings.Contains(text.String(), "\n\nSUBJECT      FIGURE      2026-02  2026-01\n") {
		t.Errorf("%v\n%s", err, text.String())
	}
	text.Reset()
	if err := printFigures(&text, admin.Transparency{}); err != nil || text.String() != "no figures of these months\n" {
		t.Errorf("%v %q", err, text.String())
	}
}

// The page shows what was counted, unless the operator wants it not to.
func TestPublishedFigures(t *testing.T) {
	dir := t.TempDir()
	d, stop := startDaemonToStop(t, func(c *config.Config) { c.DataDir = dir })
	if status, body := get(t, d, "127.0.0.1", "/transparency"); status != http.StatusOK || !strings.Contains(body, "There is nothing to count yet.") {
		t.Errorf("%d %s", status, body)
	}
	command(t, d, "ban", "203.0.113.7")
	stop() // what was tallied is on disk
	for publish, want := range map[bool]string{true: `<caption id="figures-bans">`, false: "they are not published here"} {
		d, stop := startDaemonToStop(t, func(c *config.Config) { c.DataDir, c.Site.PublishFigures = dir, publish })
		if _, body := get(t, d, "127.0.0.1", "/transparency"); !strings.Contains(body, want) || strings.Contains(body, "under 5</td>") != publish {
			t.Errorf("published %v: %s", publish, body)
		}
		stop()
	}
}
