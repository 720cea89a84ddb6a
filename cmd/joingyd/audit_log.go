package main

import (
	"context"
	"path/filepath"
	"time"

	"github.com/joingyd/joingyd/moderate/audit"
)

const (
	auditDir      = "audit"        // in the data directory
	headsInterval = 24 * time.Hour // between exports of the audit log's head
)

func (d *daemon) openAudit() error {
	log, err := audit.Open(filepath.Join(d.cfg.DataDir, auditDir), audit.Options{Log: d.log})
	if err != nil {
		return err
	}
	d.audit = log
	d.closers = append(d.closers, log.Close)
	if damage := log.Damage(); damage != nil {
		d.log.Error("the audit log was changed or is damaged, and goes on from here; joingyd audit verify tells more", "error", damage)
	}
	return nil
}

// exportHeads writes the audit log's head to where it was told: at the start, every day,
// and when ctx ends.
func (d *daemon) exportHeads(ctx context.Context) error {
	ticker := time.NewTicker(headsInterval)
	defer ticker.Stop()
	for over := false; ; {
		if err := d.audit.ExportHead(d.cfg.Moderation.AuditHeads); err != nil {
			d.log.Error("moderation.audit_heads: the audit log's head could not be written", "error", err)
		}
		if over {
			return nil
		}
		select {
		case <-ctx.Done():
			over = true
		case <-ticker.C:
		}
	}
}
