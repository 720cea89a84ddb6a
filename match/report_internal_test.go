package match

import (
	"testing"
	"time"

	"github.com/joingyd/joingyd/match/pool"
)

// Reports are forgotten after a day, and the oldest first where there are too many.
func TestReportsAreBounded(t *testing.T) {
	h, _, _, _ := talk(pool.Text)
	l, now := &h.ledger, time.Now()
	for n := range maxReports + 2 {
		l.add(filed{Report{At: now.Add(time.Duration(n) * time.Second)}, nil})
	}
	if len(l.reports) != maxReports || l.forgotten != 2 || !l.reports[0].At.Equal(now.Add(2*time.Second)) {
		t.Errorf("%d reports are kept, the first of %v, and %d were forgotten", len(l.reports), l.reports[0].At, l.forgotten)
	}
	seen := make(map[string]bool)
	for _, r := range l.reports {
		if seen[r.ID] || l.find(r.ID).At != r.At {
			t.Fatalf("%s is not the id of one report", r.ID)
		}
		seen[r.ID] = true
	}
	for _, test := range []struct {
		age  time.Duration
		want int
	}{{0, maxReports}, {ReportsKept, maxReports}, {ReportsKept + 2*time.Second, maxReports - 1}, {2 * ReportsKept, 0}} {
		if l.expire(now.Add(test.age)); len(l.reports) != test.want {
			t.Errorf("after %v %d are kept, want %d", test.age, len(l.reports), test.want)
		}
	}
	if l.forgotten != 2 {
		t.Errorf("%d were forgotten for want of room, want still 2", l.forgotten)
	}
	h.Close(t.Context()) //nolint:errcheck // there are no connections
}
