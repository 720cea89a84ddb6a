package desk

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/joingyd/joingyd/admin"
)

// shown is how many cases the queue shows.
const shown = 100

// codeRest refuses a case to who has seen enough for now.
const codeRest admin.Code = "rest"

// Queue is the cases that wait, and how the person is doing.
type Queue struct {
	admin.CaseList
	State State `json:"state"`
}

// Opened is a case that is the person's for now, with its evidence.
type Opened struct {
	Case     admin.Case         `json:"case"`
	Evidence admin.EvidenceList `json:"evidence"`
	State    State              `json:"state"`
}

func (d *Desk) cases(w http.ResponseWriter, r *http.Request, s session) {
	list, err := d.opts.Court.Cases(r.Context(), shown)
	answer(w, Queue{list, d.stateOf(s.name)}, err)
}

// open claims a case and hands out its evidence.
func (d *Desk) open(w http.ResponseWriter, r *http.Request, s session) {
	req := admin.ClaimRequest{Case: r.PathValue("id"), By: s.name}
	k, err := d.opts.Court.Claim(r.Context(), req)
	if err != nil {
		answer(w, nil, err)
		return
	}
	if k.ID != s.open {
		if rest := d.pace.take(s.name); !rest.IsZero() {
			d.giveBack(r, s, k.ID)
			answer(w, nil, restError(d.opts.Hourly, rest))
			return
		}
		if before := d.sessions.turn(s.id, k.ID); before != k.ID {
			d.giveBack(r, s, before)
		}
	}
	list, err := d.opts.Court.Evidence(r.Context(), admin.EvidenceRequest{Case: k.ID, By: s.name})
	answer(w, Opened{k, withoutAddresses(list), d.stateOf(s.name)}, err)
}

func restError(hourly int, until time.Time) *admin.Error {
	return &admin.Error{Code: codeRest, Detail: fmt.Sprintf("You have looked at %d cases within an hour, and that is a lot to see. Please take a break until %s (UTC); the cases will be here.", hourly, until.UTC().Format("15:04"))}
}

// withoutAddresses leaves out what nobody needs to judge a case. joingyd evidence open
// shows it to who asks for it.
func withoutAddresses(list admin.EvidenceList) admin.EvidenceList {
	parts := []admin.EvidencePart{}
	for _, part := range list.Parts {
		if part.Name != "addresses" {
			parts = append(parts, part)
		}
	}
	list.Parts = parts
	return list
}

// keep claims the open case for longer.
func (d *Desk) keep(w http.ResponseWriter, r *http.Request, s session) {
	if !d.isOpen(w, r, s) {
		return
	}
	k, err := d.opts.Court.Claim(r.Context(), admin.ClaimRequest{Case: s.open, By: s.name})
	answer(w, k, err)
}

// release gives the open case back.
func (d *Desk) release(w http.ResponseWriter, r *http.Request, s session) {
	if !d.isOpen(w, r, s) {
		return
	}
	d.giveBack(r, s, d.sessions.turn(s.id, ""))
	writeJSON(w, http.StatusOK, d.stateOf(s.name))
}

// decide decides the open case: nobody judges what they have not looked at.
func (d *Desk) decide(w http.ResponseWriter, r *http.Request, s session) {
	if !d.isOpen(w, r, s) {
		return
	}
	var req admin.DecideRequest
	if !decode(w, r, &req) {
		return
	}
	req.Case, req.By = s.open, s.name
	result, err := d.opts.Court.Decide(r.Context(), req)
	if err == nil {
		d.sessions.turn(s.id, "")
	} else if failure, ok := err.(*admin.Error); ok && failure.Code == admin.CodeNeedsForce {
		err = &admin.Error{Code: failure.Code, Detail: strings.ReplaceAll(failure.Detail, "; if you mean it, add --force", "")}
	}
	answer(w, result, err)
}

// isOpen reports whether the session looks at the case that the request is about, and
// answers if not.
func (d *Desk) isOpen(w http.ResponseWriter, r *http.Request, s session) bool {
	if s.open != "" && s.open == r.PathValue("id") {
		return true
	}
	writeError(w, http.StatusConflict, admin.CodeInvalid, "you do not look at that case now; open it first")
	return false
}

// giveBack releases a case, "" for none.
func (d *Desk) giveBack(r *http.Request, s session, id string) {
	if id == "" {
		return
	}
	if err := d.opts.Court.Unclaim(r.Context(), admin.ClaimRequest{Case: id, By: s.name}); err != nil {
		d.opts.Log.WarnContext(r.Context(), "a case was not given back, and is its moderator's for some minutes", "case", id, "error", err)
	}
}
