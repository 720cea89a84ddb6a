package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/disclosure"
	"github.com/joingyd/joingyd/iplog"
	"github.com/joingyd/joingyd/moderate/evidence"
)

// discloseJob makes one bundle, on the operator's machine.
type discloseJob struct {
	ask        disclosure.Ask
	keys       []evidence.Identity
	recipients []evidence.Recipient // none: in clear
	file       *os.File
}

// run asks the daemon for what there is, opens it, has it signed, and writes it.
func (j *discloseJob) run(ctx context.Context, c control) (done disclosed, err error) {
	told, err := c.Disclose(ctx, admin.DiscloseRequest{Ask: j.ask})
	if err != nil {
		return done, err
	}
	id := told.Disclosure.ID
	if told.Disclosure.State == disclosure.Pending {
		return done, fmt.Errorf("disclosure %s needs a second person: somebody else runs joingyd disclose confirm %s, and then you type the same command again, before %s",
			id, id, timeText(told.Disclosure.At.Add(disclosure.PendingFor)))
	}
	m := disclosure.Manifest{
		ID: id, Kind: told.Disclosure.Kind, Asked: j.ask, AskedBy: told.Disclosure.By, ConfirmedBy: told.Disclosure.ConfirmedBy,
		Made: time.Now().UTC().Truncate(time.Second), Bans: told.Bans, Reports: told.Reports, Notes: j.notes(told.NoLog), Key: told.Key,
	}
	if m.Rows, err = j.open(told.Rows); err != nil {
		return done, fmt.Errorf("%w; disclosure %s is not made", err, id)
	}
	bundle, err := disclosure.Prepare(m)
	if err != nil {
		return done, err
	}
	signed, err := c.SignDisclosure(ctx, admin.SignRequest{ID: id, Digest: bundle.Digest()})
	if err == nil {
		err = bundle.Complete(signed.Signature)
	}
	if err == nil {
		err = j.write(bundle)
	}
	return disclosed{
		ID: id, File: j.file.Name(), Sealed: len(j.recipients) > 0, Rows: len(m.Rows), Bans: len(m.Bans), Reports: len(m.Reports),
		Key: m.Key, Digest: bundle.Digest(), NoLog: told.NoLog,
	}, err
}

// open opens rows, and leaves out of them what was not asked for.
func (j *discloseJob) open(rows []admin.DisclosureRow) (list []disclosure.Row, err error) {
	if len(rows) > 0 && len(j.keys) == 0 {
		return nil, usageError{errors.New("the rows are sealed; name the file with the operator's private key with --identity")}
	}
	list = []disclosure.Row{}
	for _, row := range rows {
		plain, err := evidence.OpenMessage(row.Sealed, j.keys...)
		if errors.Is(err, evidence.ErrWrongKey) {
			return nil, errors.New("--identity: not all rows open with it; after a change of privacy.recipients the key before is needed too, name it with another --identity")
		}
		if err != nil {
			return nil, fmt.Errorf("a row: %w", err)
		}
		e, err := iplog.Decode(plain)
		if err != nil {
			return nil, err
		}
		if !j.isAbout(e) {
			return nil, fmt.Errorf("the daemon gave out a row of %s that is not of whom was asked about; do not trust its IP log", timeText(e.At))
		}
		if !j.ask.Within(e.At) { // rows are found by the minute
			continue
		}
		told := disclosure.Row{At: e.At.UTC(), Address: e.Address, Session: e.Session, Source: "IP log"}
		if row.Held != "" {
			told.Source = "IP log, kept by hold " + row.Held
		}
		if j.ask.Has(disclosure.Events) {
			told.Event, told.Pair = string(e.Kind), e.Pair
		}
		list = append(list, told)
	}
	return list, nil
}

// isAbout reports whether an event is of whom was asked about.
func (j *discloseJob) isAbout(e iplog.Event) bool {
	if j.ask.Session != "" {
		return e.Session == j.ask.Session
	}
	asked, err := j.ask.Addr()
	if err != nil {
		return false
	}
	bits := asked.BitLen()
	if asked.Is6() {
		bits = 64
	}
	return netip.PrefixFrom(asked, bits).Masked().Contains(e.Address.Addr().Unmap())
}

func (j *discloseJob) notes(noLog bool) []string {
	notes := []string{
		"Times are in UTC, by the clock of the site. Ports are those from which the site was reached: where many share an address, a carrier needs address, port and time together.",
		"A session and an address are not a person: several people may use either.",
		"What was said and seen in chats is not part of this bundle.",
	}
	if addr, err := j.ask.Addr(); err == nil && addr.Is6() {
		notes = append(notes, "Of IPv6 the whole /64 is told of, which is what one household usually has; each row has its exact address.")
	}
	if noLog {
		return append(notes, "This site keeps no log of addresses. That there are no rows says nothing about who was there.")
	}
	return append(notes, "Rows that are older than the site keeps them are gone, and some may never have been written: that there is none does not prove that nobody was there.")
}

// write writes the bundle, sealed or in clear.
func (j *discloseJob) write(bundle *disclosure.Bundle) error {
	data, err := bundle.Marshal()
	if err == nil && len(j.recipients) > 0 {
		data, err = evidence.SealFile(data, j.recipients)
	}
	if err == nil {
		_, err = j.file.Write(data)
	}
	if err == nil {
		err = j.file.Sync()
	}
	return err
}

// end closes the file, and removes it where nothing was made.
func (j *discloseJob) end(made bool) error {
	err := j.file.Close()
	if !made {
		err = errors.Join(err, os.Remove(j.file.Name()))
	}
	return err
}
