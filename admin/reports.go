package admin

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/joingyd/joingyd/ban"
)

// Reports is what the daemon remembers of visitors' reports. Its methods may be
// called at the same time.
type Reports interface {
	// Reports returns the reports, in any order.
	Reports() []Report
	// Reported returns whom a report is about, and whether there is such a report.
	Reported(id string) (Reported, bool)
}

// Report is what a visitor said of another. It names neither.
type Report struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Reason  string    `json:"reason"`            // the word that was chosen, such as spam
	Session string    `json:"session,omitempty"` // that it is about, while it lives
}

// Reported is every address of the visitor whom a report is about: itself, or the
// ban store's pseudonym for it (ban.Pseudonym as text), when it is known no longer.
type Reported struct {
	Addresses  []netip.Addr
	Pseudonyms []string
}

// ReportList is the reports that are remembered, the newest first.
type ReportList struct {
	Reports []Report `json:"reports"`
}

// maxReport is the longest id of a report, in bytes.
const maxReport = 64

// Reports lists what is remembered of reports.
func (s *Service) Reports(context.Context) (ReportList, error) {
	list := ReportList{Reports: []Report{}}
	if s.opts.Live == nil {
		return list, errNoReports
	}
	if s.opts.Reports != nil {
		list.Reports = append(list.Reports, s.opts.Reports.Reports()...)
	}
	slices.SortStableFunc(list.Reports, func(a, b Report) int { return b.At.Compare(a.At) })
	return list, nil
}

var errNoReports = &Error{CodeUnavailable, "reports live in the running daemon; start it, and leave out --offline"}

// reported returns what to ban for a report: at least one target, or an error.
func (s *Service) reported(id string) ([]ban.Target, error) {
	if s.opts.Live == nil {
		return nil, errNoReports
	}
	var who Reported
	if s.opts.Reports != nil {
		who, _ = s.opts.Reports.Reported(id)
	}
	targets := targetsFor(who.Addresses)
	for _, text := range who.Pseudonyms {
		p, err := ban.ParsePseudonym(text)
		if err != nil {
			return nil, &Error{CodeInternal, fmt.Sprintf("the report's address makes no sense: %s", err)}
		}
		targets = append(targets, ban.TargetOf(p))
	}
	if len(targets) == 0 {
		return nil, notFound("report %s is not remembered; joingyd reports list shows the cases that wait", quote(id))
	}
	return targets, nil
}

func validateReport(id string) error {
	if len(id) > maxReport || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return invalid("%s is not a report; write its id, as joingyd reports list shows it", quote(id))
	}
	return nil
}
