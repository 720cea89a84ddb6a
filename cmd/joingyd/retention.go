package main

import (
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/metrics"
	"github.com/joingyd/joingyd/moderate"
	"github.com/joingyd/joingyd/moderate/audit"
	"github.com/joingyd/joingyd/privacy"
)

// retained is what one store keeps, for how long, and how it lets go of it. docs/privacy.md
// has the table.
type retained struct {
	store string // its name in metrics and answers
	what  string
	where string // in the data directory
	long  string // as the configuration has it

	forget func(now time.Time) (n int, err error) // nil: it goes with another, or stays
	count  func(*inventory) error
}

// daysText writes a time as days.
func daysText(d time.Duration) string { return fmt.Sprintf("%dd", d/(24*time.Hour)) }

// retention is all that the daemon keeps on disk. What lives in memory its owners forget
// by themselves.
func (d *daemon) retention() []retained {
	settings := d.current().Moderation
	caseFor := daysText(moderate.KeepFor)
	ipLogFor := "off (`privacy.recipients`, `privacy.ip_log_days`)"
	if len(d.cfg.Privacy.Recipients) > 0 && d.cfg.Privacy.IPLogDays > 0 {
		ipLogFor = fmt.Sprintf("%dd after its own day (`privacy.ip_log_days`); while it is held", d.cfg.Privacy.IPLogDays)
	}
	look := sync.OnceValues(d.cases.Kept) // which reads all of the file
	ofCases := func(count func(*inventory, func() (moderate.Kept, error)) error) func(*inventory) error {
		return func(r *inventory) error { return count(r, look) }
	}
	return []retained{
		{"bans", "a ban, and that there was one", banStoreFile, "until it ends, and " + daysText(ban.HistoryFor), d.forgetBans, d.countBans},
		{"cases", "a case: keyed hashes, reasons, the decision", caseFile, caseFor + " after it was decided or expired; while it is held", d.forgetCases, ofCases(countCases)},
		{"evidence", "evidence", evidenceDir + "/", "until its case is decided or expires, " + daysText(moderate.WaitFor) + " at most; " +
			daysText(settings.Hold) + " where somebody under 18 may be concerned (`moderation.hold`); while it is held", nil, d.countEvidence},
		{"reporters", "how good a reporter's word is, under a keyed hash", caseFile, caseFor + " after their last report", nil, ofCases(countReporters)},
		{"months", "figures of a month, which name nobody", caseFile, "for good", nil, ofCases(countMonths)},
		{"audit", "the audit log, in months", auditDir + "/", fmt.Sprintf("%dd (`moderation.audit_days`), in whole months", settings.AuditDays), d.forgetAudit, d.countAudit},
		{"ip_log", "a row of the IP log: sealed, with keyed hashes", ipLogDir + "/", ipLogFor, d.forgetIPLog, d.countIPLog},
		{"requests", "a request for data", requestsDir + "/", fmt.Sprintf("of whom it is, until it has ended, of an erasure %s more; the answer, %s more; that there was one, %s", daysText(privacy.AnswerFor), daysText(privacy.AnswerFor), daysText(privacy.KeepFor)), d.forgetRequests, d.countRequests},
		{"legal_holds", "what authorities asked to be kept, under keyed hashes", legalHoldDir + "/", "until it ends or is released", d.forgetHolds, d.countHolds},
		{"disclosures", "what authorities were told of, without addresses", disclosureDir + "/", fmt.Sprintf("%dd (`moderation.audit_days`)", settings.AuditDays), d.forgetDisclosures, d.countDisclosures},
		{"days", "figures of a day, which are of nobody", totalsDir + "/", "for good", nil, d.countDays},
		{"traffic", "bytes that the relay carried in each of six months, which are of nobody", trafficDir + "/", "for good", nil, d.countTraffic},
		{"known_images", "hashes of known images", knownImagesFile, "until `joingyd images remove`", nil, d.countImages},
	}
}

func (d *daemon) forgetBans(time.Time) (int, error) {
	before := d.bans.Stats().Forgotten
	err := d.bans.Sweep()
	return int(d.bans.Stats().Forgotten - before), err
}

func (d *daemon) forgetCases(time.Time) (int, error) {
	before := d.cases.Forgotten()
	err := d.cases.Sweep()
	return int(d.cases.Forgotten() - before), err
}

func (d *daemon) forgetAudit(now time.Time) (int, error) {
	return d.audit.Forget(audit.Rule("retention"), now.AddDate(0, 0, -d.current().Moderation.AuditDays))
}

func (d *daemon) forgetIPLog(time.Time) (int, error) {
	if d.iplog == nil {
		return 0, nil
	}
	return d.iplog.Forget()
}

func (d *daemon) forgetHolds(now time.Time) (int, error) {
	before := len(d.holds.List())
	err := d.holds.Forget(now, d.holdEnded)
	return before - len(d.holds.List()), err
}

func (d *daemon) forgetDisclosures(now time.Time) (int, error) {
	before := len(d.told.List())
	err := d.told.Forget(now.AddDate(0, 0, -d.current().Moderation.AuditDays))
	return before - len(d.told.List()), err
}

func (d *daemon) forgetRequests(time.Time) (int, error) { return d.requests.Sweep() }

// sweeper counts what the stores let go of, since the start.
type sweeper struct {
	mu        sync.Mutex // guards all of it
	forgotten map[string]uint64
	failures  map[string]uint64
	failed    []string  // stores, the last time
	last      time.Time // that it ran
}

// forget lets every store go of what it kept for long enough. What fails is tried again
// the next time.
func (d *daemon) forget(now time.Time) {
	forgotten, failed := make(map[string]int), []string{}
	for _, kept := range d.retention() {
		if kept.forget == nil {
			continue
		}
		n, err := kept.forget(now)
		if forgotten[kept.store] = n; err != nil {
			d.log.Error("what was kept for long enough is still there", "in", kept.store, "error", err)
			failed = append(failed, kept.store)
		}
	}
	s := &d.swept
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.forgotten == nil {
		s.forgotten, s.failures = make(map[string]uint64), make(map[string]uint64)
	}
	for store, n := range forgotten {
		s.forgotten[store] += uint64(n)
	}
	for _, store := range failed {
		s.failures[store]++
	}
	s.last, s.failed = now, failed
}

// sweptStores names those that the sweeper goes through.
func (d *daemon) sweptStores() (names []string) {
	for _, kept := range d.retention() {
		if kept.forget != nil {
			names = append(names, kept.store)
		}
	}
	return names
}

// retentionMetrics is what the sweeper did, and the requests that there are.
func (d *daemon) retentionMetrics() metrics.Retention {
	d.swept.mu.Lock()
	defer d.swept.mu.Unlock()
	m := metrics.Retention{Forgotten: maps.Clone(d.swept.forgotten), Failures: maps.Clone(d.swept.failures), Requests: d.requests.Counts()}
	if !d.swept.last.IsZero() {
		m.Last = float64(d.swept.last.Unix())
	}
	return m
}
