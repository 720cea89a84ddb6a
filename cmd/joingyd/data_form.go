package main

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/moderate"
	"github.com/joingyd/joingyd/privacy"
	"github.com/joingyd/joingyd/web"
)

// dataAsked answers what a visitor asks on /data. To see of which kinds something is held
// takes an address; what is held is told to who shows that a visit was theirs, by the
// operator. A deletion waits for a week. Each node writes the same request down, of what it
// holds itself, under one receipt; where one does not, nothing was asked.
func (d *daemon) dataAsked(r *http.Request, asked web.DataAsked) (answer web.DataAnswer, err error) {
	ask := dataAsk{Address: d.clients.Of(r), Delete: asked.Delete, Contact: asked.Contact}
	if asked.Visit != "" {
		ask.Session, err = known(d, "/visit", d.ownVisit, asked.Visit)
		switch {
		case errors.Is(err, web.ErrUnknown):
			return answer, web.ErrVisit
		case err != nil:
			return answer, err
		}
	}
	receipt := moderate.NewReceipt()
	ask.Receipt = receipt.Digest()
	var all []dataTaken
	if d.member != nil {
		if all, err = askForms[dataTaken](r.Context(), d, "/data", ask); err != nil {
			return answer, err
		}
	}
	taken, err := d.takeDataAsk(r.Context(), ask)
	if err != nil {
		return answer, err
	}
	answer.Held = taken.Held
	for _, other := range all {
		answer.Held = web.DataHeld{
			Bans: answer.Held.Bans || other.Held.Bans, Ended: answer.Held.Ended || other.Held.Ended, Cases: answer.Held.Cases || other.Held.Cases,
			Reporter: answer.Held.Reporter || other.Held.Reporter, Log: answer.Held.Log || other.Held.Log,
		}
	}
	if ask.isRequest() {
		answer.Receipt, answer.Due, answer.Happens = receipt.String(), taken.Due, taken.Happens
	}
	return answer, nil
}

// ownVisit returns the session of a visit, by the receipt that this node gave.
func (d *daemon) ownVisit(_ context.Context, text string) (string, error) {
	raw, err := d.receipts.Read(text)
	switch {
	case errors.Is(err, privacy.ErrExpired):
		return "", web.ErrVisitOver
	case err != nil:
		return "", web.ErrUnknown
	}
	return ident.Session(raw).String(), nil
}

// dataAsk is what a visitor asks of all nodes.
type dataAsk struct {
	Address netip.Addr
	Session string // of a visit that was theirs; empty: they do not show one
	Delete  bool
	Contact string
	Receipt string // hash
}

// isRequest reports whether it is to be written down: else an address asks what there is.
func (a *dataAsk) isRequest() bool { return a.Delete || a.Session != "" }

// dataTaken is what one node says to that.
type dataTaken struct {
	Held         web.DataHeld
	Due, Happens time.Time
}

func (d *daemon) takeDataAsk(ctx context.Context, ask dataAsk) (taken dataTaken, err error) {
	held, err := d.service.Categories(ctx, ask.Address, ask.Session)
	if err != nil {
		return taken, err
	}
	taken.Held = web.DataHeld{Bans: held["bans"], Ended: held["ended_bans"], Cases: held["cases"], Reporter: held["reporters"], Log: held["ip_log"]}
	if !ask.isRequest() {
		return taken, nil
	}
	request := privacy.Request{Kind: privacy.Access, By: privacy.Visitor, Receipt: ask.Receipt, Contact: ask.Contact}
	if ask.Delete {
		request.Kind = privacy.Erase
	}
	if request.Subject, err = d.service.Mark(ask.Address, ask.Session); err != nil {
		return taken, err
	}
	if request, err = d.requests.Add(request); err != nil {
		if errors.Is(err, privacy.ErrFull) {
			err = web.ErrFull
		}
		return taken, err
	}
	d.log.InfoContext(ctx, "request for data taken", "request", request.ID, "kind", request.Kind)
	taken.Due, taken.Happens = request.Due, request.Happens
	return taken, nil
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

// dataOutcome tells what became of a request at all nodes: it waits as long as it does at one.
func (d *daemon) dataOutcome(text string) (web.DataOutcome, error) {
	all, err := knownAnywhere(d, "/data/outcome", d.ownDataOutcome, text)
	if err != nil {
		return web.DataOutcome{}, err
	}
	return mergeOutcomes(all), nil
}

// mergeOutcomes is one outcome of those of several nodes.
func mergeOutcomes(all []web.DataOutcome) web.DataOutcome {
	o := all[0]
	var answers []string
	for _, one := range all {
		if one.Answer != "" && !slices.Contains(answers, one.Answer) {
			answers = append(answers, one.Answer)
		}
		if waits(one) && !waits(o) {
			o = one
		}
	}
	o.Answer = strings.Join(answers, "\n\n")
	return o
}

func waits(o web.DataOutcome) bool {
	return o.State == string(privacy.StateOpen) || o.State == string(privacy.StateErasing)
}

// ownDataOutcome is that at this node. What an erasure deleted, and of how many, is in the
// operator's answer alone: the page says it in its own words.
func (d *daemon) ownDataOutcome(_ context.Context, text string) (web.DataOutcome, error) {
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

// takeBack ends a request at all nodes, for who asked it.
func (d *daemon) takeBack(text string) error {
	_, err := knownAnywhere(d, "/data/back", d.ownTakeBack, text)
	return err
}

func (d *daemon) ownTakeBack(_ context.Context, text string) (done struct{}, err error) {
	r, err := d.dataRequest(text)
	if err != nil {
		return done, err
	}
	_, err = d.requests.End(r.ID, privacy.StateWithdrawn, privacy.Visitor, "")
	if errors.Is(err, privacy.ErrEnded) || errors.Is(err, privacy.ErrBegun) {
		return done, web.ErrLate
	}
	if err == nil {
		d.log.Info("request for data taken back", "request", r.ID)
	}
	return done, err
}
