package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/joingyd/joingyd/iplog"
	"github.com/joingyd/joingyd/legalhold"
	"github.com/joingyd/joingyd/moderate"
	"github.com/joingyd/joingyd/moderate/audit"
)

const legalHoldDir = "holds" // in the data directory

// openLegalHolds opens the register of holds, and finishes what a process that was killed
// has left half done.
func (d *daemon) openLegalHolds() (err error) {
	var rows legalhold.Rows
	if d.iplog != nil {
		rows = heldRows{d.iplog}
	}
	if d.holds, err = legalhold.Open(filepath.Join(d.cfg.DataDir, legalHoldDir), rows, heldCases{d.cases}, nil); err != nil {
		return err
	}
	d.closers = append(d.closers, d.holds.Close)
	return d.holds.Complete(d.holdEnded)
}

// holdEnded writes down what becomes of a hold by itself.
func (d *daemon) holdEnded(h legalhold.Hold, what legalhold.Ended) error {
	if what == legalhold.Undone {
		d.log.Warn("a hold on an address was begun and not made: whoever asked for it got no answer, and has to ask again", "hold", h.ID, "by", h.By)
	}
	_, err := d.audit.Append(audit.Record{By: audit.Rule("retention"), Did: "hold." + string(what), On: h.ID})
	return err
}

// holdFiled holds a case that was filed just now, if it is about somebody on hold.
func (d *daemon) holdFiled(id string) {
	if id == "" || d.holds.Empty() {
		return
	}
	k, err := d.cases.Get(id)
	if err == nil {
		err = d.holds.Filed(k.ID, k.Session, k.Suspects)
	}
	if err != nil {
		d.log.Error("a case about somebody on hold is not held", "case", id, "error", err)
	}
}

// heldRows is the IP log, as holds want it.
type heldRows struct{ log *iplog.Log }

// Hold implements legalhold.Rows.
func (r heldRows) Hold(s legalhold.Subject, until time.Time) (string, error) {
	h, err := r.log.Hold(iplog.Query{Address: s.Address, Session: s.Session}, until)
	return h.ID, err
}

// Release implements legalhold.Rows.
func (r heldRows) Release(id string) error {
	if err := r.log.Release(id); !errors.Is(err, iplog.ErrNoHold) {
		return err
	}
	return nil
}

// Holds implements legalhold.Rows.
func (r heldRows) Holds() (ids []string) {
	for _, h := range r.log.Holds() {
		ids = append(ids, h.ID)
	}
	return ids
}

// heldCases is the store of cases, as holds want it.
type heldCases struct{ store *moderate.Store }

// About implements legalhold.Cases.
func (c heldCases) About(s legalhold.Subject) (ids []string, err error) {
	cases, err := c.store.About(s.Session, s.Pseudonyms)
	for _, k := range cases {
		ids = append(ids, k.ID)
	}
	return ids, err
}

// Hold implements legalhold.Cases.
func (c heldCases) Hold(id string, until time.Time, by, reason string) (before string, ok bool, err error) {
	k, err := c.store.Get(id)
	if errors.Is(err, moderate.ErrNotFound) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	if k.Hold != nil {
		before = k.Hold.Reason
	}
	_, err = c.store.Hold(k.ID, moderate.Hold{Until: until, By: by, Reason: reason})
	switch {
	case errors.Is(err, moderate.ErrLonger):
		return before, true, nil
	case errors.Is(err, moderate.ErrNothing), errors.Is(err, moderate.ErrNotFound):
		return "", false, nil
	case err != nil:
		return "", false, fmt.Errorf("it is not held: %w", err)
	}
	return before, true, nil
}

// Release implements legalhold.Cases.
func (c heldCases) Release(id string) error {
	if _, err := c.store.Unhold(id); !errors.Is(err, moderate.ErrNotHeld) && !errors.Is(err, moderate.ErrNotFound) {
		return err
	}
	return nil
}
