package main

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"path/filepath"
	"time"

	"github.com/joingyd/joingyd/match"
	"github.com/joingyd/joingyd/moderate"
)

// caseFile is the file of cases, in the data directory.
const caseFile = "moderation.db"

func (d *daemon) openCases() error {
	var err error
	d.cases, err = moderate.Open(filepath.Join(d.cfg.DataDir, caseFile), moderate.Options{
		Evidence: d.evidence, TwoPeople: d.cfg.Moderation.TwoPeople,
	})
	if err != nil {
		return err
	}
	d.closers = append(d.closers, d.cases.Close)
	// What a crash has left of cases that are decided or gone. Later a file may be there
	// before its case is.
	_, err = d.evidence.sealed.Sweep(time.Now(), d.cases.Undecided)
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
	_, err = d.cases.File(filing)
	return err
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
