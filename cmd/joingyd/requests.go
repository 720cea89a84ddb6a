package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/moderate"
	"github.com/joingyd/joingyd/moderate/audit"
	"github.com/joingyd/joingyd/privacy"
)

// In the data directory: requests for data, and the keys of the receipts of visits.
const (
	requestsDir  = "privacy"
	visitKeyFile = "visits.secret"
)

// openRequests opens what visitors ask about their data.
func (d *daemon) openRequests() (err error) {
	if d.requests, err = privacy.Open(filepath.Join(d.cfg.DataDir, requestsDir), privacy.Options{Log: d.log}); err != nil {
		return err
	}
	d.closers = append(d.closers, d.requests.Close)
	keys, err := config.LoadOrCreateSecrets(config.SecretPath(d.cfg.DataDir, visitKeyFile))
	if err != nil {
		return err
	}
	d.receipts = privacy.NewVisits(keys, visitDays(d.cfg.Privacy.IPLogDays), nil)
	return nil
}

// visitDays is how many days a receipt is good for: as long as something may be found by it.
func visitDays(ipLogDays int) int {
	return max(ipLogDays, int((moderate.WaitFor+moderate.KeepFor)/(24*time.Hour)))
}

// visitRing is the keys of receipts in a data directory. use is nil where nobody uses them.
func visitRing(dir string, days int, use func([][config.SecretSize]byte) error) admin.KeyRing {
	return fileRing{path: config.SecretPath(dir, visitKeyFile), keep: time.Duration(days+1) * 24 * time.Hour, use: use}
}

// visitReceipt is what a session gets to show later that it was theirs.
func (d *daemon) visitReceipt(id ident.Session) string { return d.receipts.Receipt(id) }

// erasePending carries out the erasures whose time has come, and those that a process that
// was killed had begun. What fails is tried again the next time.
func (d *daemon) erasePending(ctx context.Context) {
	for _, r := range d.requests.Pending() {
		if _, err := d.service.CarryOut(ctx, r.ID, string(audit.Rule("request")), 0); err != nil {
			d.log.Error("what was asked to be erased is still there", "request", r.ID, "error", fmt.Sprint(err))
		}
	}
}
