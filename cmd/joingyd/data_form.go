package main

import (
	"errors"
	"net/http"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/moderate"
	"github.com/joingyd/joingyd/privacy"
	"github.com/joingyd/joingyd/web"
)

// dataAsked answers what a visitor asks on /data. To see of which kinds something is held
// takes an address; what is held is told to who shows that a visit was theirs, by the
// operator. A deletion waits for a week.
func (d *daemon) dataAsked(r *http.Request, asked web.DataAsked) (answer web.DataAnswer, err error) {
	addr, session := d.clients.Of(r), ""
	if asked.Visit != "" {
		raw, err := d.receipts.Read(asked.Visit)
		switch {
		case errors.Is(err, privacy.ErrExpired):
			return answer, web.ErrVisitOver
		case err != nil:
			return answer, web.ErrVisit
		}
		session = ident.Session(raw).String()
	}
	held, err := d.service.Categories(r.Context(), addr, session)
	if err != nil {
		return answer, err
	}
	answer.Held = web.DataHeld{Bans: held["bans"], Ended: held["ended_bans"], Cases: held["cases"], Reporter: held["reporters"], Log: held["ip_log"]}
	if !asked.Delete && session == "" {
		return answer, nil
	}
	receipt := moderate.NewReceipt()
	request := privacy.Request{Kind: privacy.Access, By: privacy.Visitor, Receipt: receipt.Digest(), Contact: asked.Contact}
	if asked.Delete {
		request.Kind = privacy.Erase
	}
	if request.Subject, err = d.service.Mark(addr, session); err != nil {
		return answer, err
	}
	if request, err = d.requests.Add(request); err != nil {
		if errors.Is(err, privacy.ErrFull) {
			err = web.ErrFull
		}
		return answer, err
	}
	d.log.Info("request for data taken", "request", request.ID, "kind", request.Kind)
	answer.Receipt, answer.Due, answer.Happens = receipt.String(), request.Due, request.Happens
	return answer, nil
}

// dataRequest returns the request that a receipt is of.
func (d *daemon) dataRequest(text string) (privacy.Request, error) {
	receipt, err := moderate.ParseReceipt(text)
	if err != nil {
		return privacy.Request{}, web.ErrUnknown
	}
	r, err := d.requests.Receipted(receipt.Digest())
	if errors.Is(err, privacy.ErrNotFound) {
		err = web.ErrUnknown
	}
	return r, err
}

// dataOutcome tells what became of a request. What an erasure deleted, and of how many, is
// in the operator's answer alone: the page says it in its own words.
func (d *daemon) dataOutcome(text string) (web.DataOutcome, error) {
	r, err := d.dataRequest(text)
	if err != nil {
		return web.DataOutcome{}, err
	}
	o := web.DataOutcome{Delete: r.Kind == privacy.Erase, State: string(r.State), At: r.Asked, Due: r.Due, Happens: r.Happens, Answer: r.Answer}
	if !r.Waits() {
		o.At = r.Ended
	}
	if o.Delete && r.State == privacy.StateDone {
		o.Answer = ""
	}
	return o, nil
}

// takeBack ends a request for who asked it.
func (d *daemon) takeBack(text string) error {
	r, err := d.dataRequest(text)
	if err != nil {
		return err
	}
	_, err = d.requests.End(r.ID, privacy.StateWithdrawn, privacy.Visitor, "")
	if errors.Is(err, privacy.ErrEnded) || errors.Is(err, privacy.ErrBegun) {
		return web.ErrLate
	}
	if err == nil {
		d.log.Info("request for data taken back", "request", r.ID)
	}
	return err
}
