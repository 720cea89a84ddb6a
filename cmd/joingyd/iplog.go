package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/iplog"
	"github.com/joingyd/joingyd/match"
	"github.com/joingyd/joingyd/moderate/evidence"
)

const ipLogDir = "iplog" // in the data directory

// openIPLog opens the log of addresses, if there is a key to seal it with. Where it is
// turned off, nothing is added, and what an earlier configuration has left is found, held,
// erased and forgotten as before.
func (d *daemon) openIPLog() error {
	recipients, err := evidence.ParseRecipients(d.cfg.Privacy.Recipients)
	if err != nil {
		return fmt.Errorf("privacy.recipients: %w", err)
	}
	dir := filepath.Join(d.cfg.DataDir, ipLogDir)
	options := iplog.Options{Days: d.cfg.Privacy.IPLogDays, Log: d.log}
	logs := len(recipients) > 0 && d.cfg.Privacy.IPLogDays > 0
	if logs {
		options.Seal = func(plain []byte) ([]byte, error) { return evidence.SealMessage(plain, recipients) }
	} else if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if d.iplog, err = iplog.Open(dir, options); err != nil {
		return err
	}
	d.closers = append(d.closers, d.iplog.Close)
	if !logs {
		s, err := d.iplog.Stats()
		d.site.IPLogRest = s.Rows > 0 // the pages say that, too
		return err
	}
	// The pages say so, and everybody is asked for consent again.
	d.site.IPLogDays = d.cfg.Privacy.IPLogDays
	d.alsoAgreed("+addresses")
	return nil
}

// seen is what the matchmaker tells of each step of a visit; nil: nobody wants to know.
func (d *daemon) seen() func(match.Seen) {
	if d.site.IPLogDays == 0 {
		return nil
	}
	kinds := map[match.Step]iplog.Kind{
		match.StepCame: iplog.Came, match.StepResumed: iplog.Resumed, match.StepMatched: iplog.Matched, match.StepLeft: iplog.Left,
	}
	return func(s match.Seen) {
		e := iplog.Event{At: s.At, Kind: kinds[s.Step], Session: s.Session.String(), Address: s.From}
		if s.Step == match.StepMatched {
			e.Pair = s.Pair.String()
		}
		d.iplog.Add(e)
	}
}

// allocated is what the relay tells of where sessions use it from; nil: nobody wants to
// know.
func (d *daemon) allocated() func(ident.Session, netip.AddrPort) {
	if d.site.IPLogDays == 0 {
		return nil
	}
	return func(session ident.Session, client netip.AddrPort) {
		from := netip.AddrPortFrom(client.Addr().Unmap().WithZone(""), client.Port())
		d.iplog.Add(iplog.Event{At: time.Now().UTC(), Kind: iplog.Relayed, Session: session.String(), Address: from})
	}
}
