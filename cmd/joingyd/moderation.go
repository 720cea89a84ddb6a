package main

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"path/filepath"
	"time"

	"github.com/joingyd/joingyd/match"
	"github.com/joingyd/joingyd/moderate"
	"github.com/joingyd/joingyd/moderate/audit"
)

// caseFile is the file of cases, in the data directory.
const caseFile = "moderation.db"

func (d *daemon) openCases() error {
	var err error
	d.cases, err = moderate.Open(filepath.Join(d.cfg.DataDir, caseFile), moderate.Options{
		Evidence: d.evidence, TwoPeople: d.cfg.Moderation.TwoPeople, HoldFor: d.cfg.Moderation.Hold, Ended: d.caseEnded,
	})
	if err != nil {
		return err
	}
	d.closers = append(d.closers, d.cases.Close)
	// What a crash has left of cases that are decided or gone. Later a file may be there
	// before its case is.
	for _, id := range d.evidence.sealed.Holds() {
		if _, err := d.cases.Get(id); err == nil && !d.cases.Keeps(id) {
			if err := d.evidence.sealed.Release(id); err != nil {
				return err
			}
		}
	}
	if _, err = d.evidence.sealed.Sweep(time.Now(), d.cases.Keeps); err != nil {
		return err
	}
	d.missEvidence()
	return nil
}

// missEvidence says which cases are held and have no evidence any more, because that was
// in memory.
func (d *daemon) missEvidence() {
	missed := 0
	for _, k := range d.cases.HeldCases(0) {
		if len(k.Evidence) > 0 && len(d.evidence.sealed.List(k.ID)) == 0 {
			missed++
		}
	}
	if missed > 0 {
		d.log.Warn("the evidence of cases that are held was in memory only, and is lost; set moderation.recipients", "cases", missed)
	}
}

// caseEnded writes down what ends by itself: a case that nobody judged, and is held until
// a time; or a hold.
func (d *daemon) caseEnded(caseID string, heldUntil time.Time) error {
	record := audit.Record{By: audit.Rule("retention"), Did: "report.hold_over", On: caseID}
	if !heldUntil.IsZero() {
		record = audit.Record{By: audit.Rule("minor"), Did: "report.hold", On: caseID, Details: map[string]string{"until": timeText(heldUntil), "after": "expiry"}}
	}
	_, err := d.audit.Append(record)
	return err
}

// reported makes a report a part of a case.
func (d *daemon) reported(c match.Complaint) error {
	parts, err := evidenceOf(c)
	if err != nil {
		return err
	}
	filing := moderate.Filing{
		ID: c.ID, Reason: c.Reason, At: c.At, Session: c.Reported.String(), Suspects: c.Suspect.Pseudonyms,
		Lines: len(c.Lines), Note: c.Note != "", Parts: parts,
	}
	for _, addr := range c.Suspect.Addresses {
		filing.Suspects = append(filing.Suspects, d.pseudonym(addr))
	}
	if len(c.Reporters) > 0 {
		filing.Reporter = d.pseudonym(c.Reporters[0])
	}
	id, err := d.file(filing)
	d.holdFiled(id)
	return err
}

// file has a report take its place among those of its reporter, at any node.
func (d *daemon) file(f moderate.Filing) (caseID string, err error) {
	f.Before = d.reportsBefore(f.Reporter)
	return d.cases.File(f)
}

// risk is how much is held against a visitor. Where no case waits nothing is, and no
// address need be hashed.
func (d *daemon) risk(addrs []netip.Addr) float64 {
	if d.cases.Waiting() == 0 {
		return 0
	}
	suspects := make([]string, len(addrs))
	for i, addr := range addrs {
		suspects[i] = d.pseudonym(addr)
	}
	return d.cases.Risk(suspects)
}

// shownLine is a line of a chat in the evidence.
type shownLine struct {
	From string    `json:"from"` // reporter or reported
	At   time.Time `json:"at"`
	Body string    `json:"body"`
}

// evidenceOf returns what a report brings for a moderator to see.
func evidenceOf(c match.Complaint) (parts []moderate.Part, err error) {
	add := func(name string, value any) {
		data, failed := json.Marshal(value)
		if failed != nil {
			err = fmt.Errorf("evidence: %s: %w", name, failed)
		}
		parts = append(parts, moderate.Part{Name: name, Type: "application/json", At: c.At.UTC(), Data: data})
	}
	if len(c.Lines) > 0 {
		lines := make([]shownLine, len(c.Lines))
		for i, line := range c.Lines {
			lines[i] = shownLine{From: "reporter", At: line.At, Body: line.Body}
			if line.From == c.Reported {
				lines[i].From = "reported"
			}
		}
		add("chat", lines)
	}
	if c.Note != "" {
		add("note", c.Note)
	}
	if len(c.Suspect.Addresses) > 0 {
		add("addresses", c.Suspect.Addresses)
	}
	return parts, err
}
