package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/moderate"
	"github.com/joingyd/joingyd/web"
)

// forms is what becomes of what visitors write on /appeal and /guardian, which are cases, and on /data.
func (d *daemon) forms(origins []string) *web.Forms {
	return &web.Forms{
		Addr: d.clients.Of, Origins: origins,
		Bans: d.bansShown, Appeal: d.appeal, Guardian: d.guardianWord, Outcome: d.outcome,
		Data: d.dataAsked, DataOutcome: d.dataOutcome, TakeBack: d.takeBack,
	}
}

// bansOn returns the bans that keep an address out of anything.
func (d *daemon) bansOn(addr netip.Addr) ([]ban.Ban, error) {
	if _, allowed := d.bans.AllowedBy(addr); allowed {
		return nil, nil
	}
	return d.bans.Matches(addr)
}

func (d *daemon) bansShown(r *http.Request) (shown []web.BanShown) {
	bans, err := d.bansOn(d.clients.Of(r))
	if err != nil {
		d.log.ErrorContext(r.Context(), "the bans on a visitor could not be read", "error", err)
	}
	for _, b := range bans {
		shown = append(shown, web.BanShown{
			BanNotice: web.BanNotice{Reason: b.Reason, Until: b.Until}, ID: b.ID.String(), Scope: string(b.Scope), Wide: b.Kind == ban.KindPrefix,
		})
	}
	return shown
}

// appeal opens a case against the bans on the requester, or against those referred to.
func (d *daemon) appeal(r *http.Request, a web.Appeal) (string, error) {
	addr := d.clients.Of(r)
	bans, err := d.appealed(addr, a.Reference)
	if err != nil {
		return "", err
	}
	now := time.Now().UTC()
	part, err := textPart("appeal", a.Words, now)
	if err != nil {
		return "", err
	}
	appealing := moderate.Appealing{Receipt: moderate.NewReceipt(), Appellant: d.pseudonym(addr), Parts: []moderate.Part{part}}
	for _, b := range bans {
		appealed := moderate.AppealedBan{ID: b.ID.String(), Scope: string(b.Scope), Reason: b.Reason, By: b.By, Report: b.Report, Until: b.Until}
		if b.Kind == ban.KindPrefix {
			appealed.Prefix = b.Prefix.String()
		}
		appealing.Bans = append(appealing.Bans, appealed)
	}
	id, err := d.cases.Appeal(appealing)
	if err != nil {
		return "", formError(err)
	}
	d.log.InfoContext(r.Context(), "appeal taken", "case", id)
	return appealing.Receipt.String(), nil
}

// appealed returns the bans that an appeal is against: by a ban's number, by the receipt
// of an earlier appeal, or those on the address.
func (d *daemon) appealed(addr netip.Addr, reference string) ([]ban.Ban, error) {
	if reference == "" {
		bans, err := d.bansOn(addr)
		if err == nil && len(bans) == 0 {
			err = web.ErrNotBanned
		}
		return bans, err
	}
	ids := []string{reference}
	if _, err := moderate.ParseReceipt(reference); err == nil {
		if ids, err = known(d, "/appealed", d.ownAppealed, reference); err != nil {
			return nil, err
		}
	}
	var bans []ban.Ban
	for _, text := range ids {
		id, err := ban.ParseID(text)
		if err != nil {
			return nil, web.ErrUnknown
		}
		b, found, err := d.bans.Get(id)
		if err != nil {
			return nil, err
		}
		if found {
			bans = append(bans, b)
		}
	}
	if len(bans) == 0 {
		return nil, web.ErrUnknown
	}
	return bans, nil
}

// ownAppealed returns the bans that an appeal to this node was against, by its receipt.
func (d *daemon) ownAppealed(_ context.Context, text string) (ids []string, err error) {
	receipt, err := moderate.ParseReceipt(text)
	if err != nil {
		return nil, web.ErrUnknown
	}
	k, err := d.cases.Receipted(receipt)
	switch {
	case err != nil:
		return nil, formError(err)
	case k.Appeal == nil:
		return nil, web.ErrUnknown
	}
	for _, b := range k.Appeal.Bans {
		ids = append(ids, b.ID)
	}
	return ids, nil
}

// guardianWord opens an urgent case, as the command reports guardian does. Who wrote it
// is a reporter like any other: the case has their weight and their limits.
func (d *daemon) guardianWord(r *http.Request, g web.GuardianWord) (string, error) {
	addr := d.clients.Of(r)
	now := time.Now().UTC()
	f := moderate.Filing{
		ID: moderate.NewID(), Reason: moderate.Guardian, At: now, Reporter: d.pseudonym(addr), Note: true, Receipt: moderate.NewReceipt(),
	}
	if g.Reference != "" {
		of, err := known(d, "/referred", d.ownReferred, g.Reference)
		if err != nil {
			return "", err
		}
		f.Session, f.Suspects = of.Session, of.Suspects
	}
	if here := d.pseudonym(addr); g.Here && !slices.Contains(f.Suspects, here) {
		f.Suspects = append(slices.Clone(f.Suspects), here)
	}
	for _, said := range []struct{ name, text string }{{"note", g.Words}, {"when", g.When}, {"contact", g.Contact}} {
		part, err := textPart(said.name, said.text, now)
		if err != nil {
			return "", err
		}
		f.Parts = append(f.Parts, part)
	}
	id, err := d.file(f)
	if err != nil {
		return "", formError(err)
	}
	d.holdFiled(id)
	if id == "" { // more than a reporter's most of a day
		return "", web.ErrFull
	}
	d.log.Info("guardian's word taken", "case", id)
	return f.Receipt.String(), nil
}

// referred is of whom somebody writes.
type referred struct {
	Session  string
	Suspects []string
}

// ownReferred finds that, by the number of a live session or of a report.
func (d *daemon) ownReferred(_ context.Context, reference string) (of referred, err error) {
	if id, err := ident.ParseSession(reference); err == nil {
		addrs := d.hub.Addresses(id)
		if len(addrs) == 0 {
			return of, web.ErrUnknown
		}
		of.Session = id.String()
		for _, addr := range addrs {
			of.Suspects = append(of.Suspects, d.pseudonym(addr))
		}
		return of, nil
	}
	k, err := d.cases.Get(reference)
	switch {
	case err != nil:
		return of, formError(err)
	case k.Kind != moderate.KindReport:
		return of, web.ErrUnknown
	}
	return referred{k.Session, k.Suspects}, nil
}

// outcome tells what became of a case of any node.
func (d *daemon) outcome(text string) (web.Outcome, error) {
	return known(d, "/outcome", d.ownOutcome, text)
}

func (d *daemon) ownOutcome(_ context.Context, text string) (web.Outcome, error) {
	receipt, err := moderate.ParseReceipt(text)
	if err != nil {
		return web.Outcome{}, web.ErrUnknown
	}
	k, err := d.cases.Receipted(receipt)
	if err != nil {
		return web.Outcome{}, formError(err)
	}
	o := web.Outcome{Appeal: k.Kind == moderate.KindAppeal, State: web.OutcomeWaiting, At: k.Opened}
	switch k.State {
	case moderate.StateDecided:
		o.State, o.Decision, o.Reason, o.At = web.OutcomeDecided, string(k.Decision.Do), k.Decision.Reason, k.Decision.At
	case moderate.StateExpired:
		o.State = web.OutcomeExpired
	}
	return o, nil
}

// textPart is what somebody wrote, as evidence.
func textPart(name, text string, at time.Time) (moderate.Part, error) {
	data, err := json.Marshal(text)
	return moderate.Part{Name: name, Type: "application/json", At: at, Data: data}, err
}

// formError turns an error of the cases into one that the site tells visitors apart.
func formError(err error) error {
	switch {
	case errors.Is(err, moderate.ErrFull):
		return web.ErrFull
	case errors.Is(err, moderate.ErrAppealed):
		return web.ErrWaits
	case errors.Is(err, moderate.ErrNotFound):
		return web.ErrUnknown
	}
	return err
}
