package main

import (
	"time"

	"github.com/joingyd/joingyd/moderate/audit"
)

// forgetting is how one store lets go of what it kept for long enough. docs/moderation.md
// has a table of how long that is.
type forgetting struct {
	store  string
	forget func(now time.Time) error
}

// retention is all that the daemon keeps for a time on disk. What lives in memory its
// owners forget by themselves.
func (d *daemon) retention() []forgetting {
	return []forgetting{
		{"the ban store", func(time.Time) error { return d.bans.Sweep() }},
		{"the cases and their evidence", func(time.Time) error { return d.cases.Sweep() }},
		{"the audit log", func(now time.Time) error {
			_, err := d.audit.Forget(audit.Rule("retention"), now.AddDate(0, 0, -d.cfg.Moderation.AuditDays))
			return err
		}},
		{"the IP log", func(time.Time) error {
			if d.iplog == nil {
				return nil
			}
			_, err := d.iplog.Forget()
			return err
		}},
		{"the legal holds", func(now time.Time) error { return d.holds.Forget(now, d.holdEnded) }},
		{"the register of disclosures", func(now time.Time) error { return d.told.Forget(now.AddDate(0, 0, -d.cfg.Moderation.AuditDays)) }},
	}
}

// forget lets every store go of what it kept for long enough. What fails is tried again
// the next time.
func (d *daemon) forget(now time.Time) {
	for _, f := range d.retention() {
		if err := f.forget(now); err != nil {
			d.log.Error("what was kept for long enough is still there", "in", f.store, "error", err)
		}
	}
}
