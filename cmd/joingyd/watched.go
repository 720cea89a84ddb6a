package main

import (
	"crypto/tls"
	"log/slog"
	"time"

	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/doctor"
	"github.com/joingyd/joingyd/metrics"
	"github.com/joingyd/joingyd/request"
)

// watched is what the daemon sees of itself while it runs.
type watched struct {
	clock  doctor.Clock
	logged doctor.LogCounts
	lines  doctor.Lines // the last of the log, for joingyd doctor; no address is whole in it
}

// log returns to, with its lines counted and the last of them kept, and the name of the
// request in each that is of one.
func (w *watched) log(to slog.Handler) slog.Handler {
	kept := newAddressLog(slog.NewTextHandler(&w.lines, &slog.HandlerOptions{Level: slog.LevelInfo, ReplaceAttr: impersonal}), config.AddressesTruncated)
	return request.NewLog(w.logged.Handler(slog.NewMultiHandler(to, kept)))
}

// portMetrics is what came in.
func (d *daemon) portMetrics() metrics.Ports {
	p := metrics.Ports{Listening: len(d.splitters), Connections: make(map[string]uint64), Closed: make(map[string]uint64), Admin: d.admin.Outcomes()}
	for _, splitter := range d.splitters {
		s := splitter.Stats()
		p.Pending += s.Pending
		p.AcceptFailures += s.AcceptErrors
		p.Connections["http"] += s.HTTP
		p.Connections["turn"] += s.TURN
		for reason, n := range s.Closed {
			p.Closed[reason.String()] += n
		}
	}
	if ends := d.certificateEnds(); !ends.IsZero() {
		p.CertificateExpiry = float64(ends.Unix())
	}
	p.Requests, p.HTTPSeconds = d.answered.Answered()
	return p
}

// certificateEnds is when the certificate that visitors are to get ends: zero where there
// is no TLS, and where the authority has not given one yet.
func (d *daemon) certificateEnds() time.Time {
	switch {
	case d.certificates == nil:
		return time.Time{}
	case d.acme != nil:
		return d.acme.Expiry()
	}
	shown, err := d.certificates.GetCertificate(new(tls.ClientHelloInfo))
	if err != nil || shown.Leaf == nil {
		return time.Time{}
	}
	return shown.Leaf.NotAfter
}

// keptMetrics is what is written down.
func (d *daemon) keptMetrics() metrics.Kept {
	k := metrics.Kept{
		AuditEntries: d.audit.Head().Seq, AuditFailures: d.audit.Failures(), AuditDamaged: d.audit.Damage() != nil,
		TotalsUnsaved: d.totals.Unsaved(), Disclosures: make(map[string]int),
	}
	s := d.evidence.sealed.Stats()
	k.EvidenceFiles, k.EvidenceHeld, k.EvidenceBytes, k.EvidenceLimit = s.Files, s.Held, s.Bytes, s.MaxBytes
	if d.iplog != nil {
		k.IPLogWaiting = d.iplog.Waiting()
		k.IPLogDropped, k.IPLogFailed = d.iplog.Lost()
	}
	k.LegalHolds = len(d.holds.List())
	if ends := d.nextHoldEnd(); !ends.IsZero() {
		k.LegalHoldEnds = float64(ends.Unix())
	}
	for _, r := range d.requests.List(false) {
		if due := float64(r.Due.Unix()); k.RequestDue == 0 || due < k.RequestDue {
			k.RequestDue = due
		}
	}
	for _, e := range d.told.List() {
		k.Disclosures[string(e.State)]++
	}
	return k
}

// nextHoldEnd is when the first legal hold ends; zero: there is none.
func (d *daemon) nextHoldEnd() (first time.Time) {
	for _, h := range d.holds.List() {
		if first.IsZero() || h.Until.Before(first) {
			first = h.Until
		}
	}
	return first
}

// hostMetrics is what the daemon needs of the machine.
func (d *daemon) hostMetrics() metrics.Host {
	free, size := doctor.Disk(d.cfg.DataDir)
	return metrics.Host{
		DiskFree: free, DiskSize: size, ClockSynchronized: doctor.ClockSynchronized(), ClockSteps: d.watched.clock.Steps(), Logged: d.watched.logged.Counts(),
	}
}
