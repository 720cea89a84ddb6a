package agepass

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math"
	"mime"
	"net/http"
	"strconv"
	"time"
)

const (
	mostRedemption = 16 << 10 // bytes of a body
	retryChecker   = 10       // seconds until a checker that gave no answer may be asked again
)

// RedeemerOptions are what a Redeemer may need besides its Gate. None is required.
type RedeemerOptions struct {
	Wait   func(*http.Request) time.Duration // how long the requester must wait to be answered; nil: it need not
	Now    func() time.Time                  // nil: time.Now
	Logger *slog.Logger                      // told when the checker is out of order, and of no visitor; nil: nobody is
}

// Redeemer answers the POST of a Redemption with Issued, or with a Refusal. It is safe
// for concurrent use.
type Redeemer struct {
	gate  *Gate
	opts  RedeemerOptions
	cross *http.CrossOriginProtection
}

// NewRedeemer returns the Redeemer of a Gate.
func NewRedeemer(gate *Gate, o RedeemerOptions) *Redeemer {
	if o.Wait == nil {
		o.Wait = func(*http.Request) time.Duration { return 0 }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Redeemer{gate, o, http.NewCrossOriginProtection()}
}

// Refusal is the body of an answer that is none.
type Refusal struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// The codes of a Refusal.
const (
	codeBadMessage  = "bad_message"
	codeCrossOrigin = "cross_origin"
	codeRateLimited = "rate_limited"
	codeNotAdult    = "not_adult"
	codeState       = "state"
	codeCode        = "code"
	codeShort       = "short"
	codeUnavailable = "unavailable"
)

// ServeHTTP implements http.Handler. Requests of another site's pages are refused: a
// code of theirs would end up with our visitor.
func (d *Redeemer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		refuse(w, http.StatusMethodNotAllowed, codeBadMessage, "a code is posted")
		return
	}
	if err := d.cross.Check(r); err != nil {
		refuse(w, http.StatusForbidden, codeCrossOrigin, "a page of another site sent this")
		return
	}
	if wait := d.opts.Wait(r); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		refuse(w, http.StatusTooManyRequests, codeRateLimited, "too many codes of this address in a short time")
		return
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		refuse(w, http.StatusUnsupportedMediaType, codeBadMessage, "the body must be application/json")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostRedemption))
	if err != nil {
		refuse(w, http.StatusRequestEntityTooLarge, codeBadMessage, "the body must have 16 KiB at most")
		return
	}
	var redemption Redemption
	if err := json.Unmarshal(body, &redemption); err != nil {
		refuse(w, http.StatusBadRequest, codeBadMessage, "the body must be {state, nonce, code}")
		return
	}
	issued, err := d.gate.Redeem(r.Context(), d.opts.Now(), redemption)
	if err != nil {
		d.explain(w, r, err)
		return
	}
	answer(w, http.StatusOK, issued)
}

// explain answers with why there is no pass.
func (d *Redeemer) explain(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, ErrCode):
		refuse(w, http.StatusBadRequest, codeBadMessage, err.Error())
	case errors.Is(err, ErrNotAdult):
		refuse(w, http.StatusForbidden, codeNotAdult, err.Error())
	case errors.Is(err, ErrRefused):
		refuse(w, http.StatusConflict, codeCode, ErrRefused.Error())
	case errors.Is(err, ErrShort):
		refuse(w, http.StatusConflict, codeShort, err.Error())
	case errors.Is(err, ErrBusy), errors.Is(err, ErrUnreachable), errors.Is(err, ErrAnswer):
		if r.Context().Err() == nil {
			d.opts.Logger.WarnContext(r.Context(), "an age check failed", "error", err)
		}
		w.Header().Set("Retry-After", strconv.Itoa(retryChecker))
		refuse(w, http.StatusServiceUnavailable, codeUnavailable, "the age checker gave no answer; try again later")
	default: // the state
		refuse(w, http.StatusConflict, codeState, err.Error())
	}
}

func refuse(w http.ResponseWriter, status int, code, detail string) {
	answer(w, status, Refusal{code, detail})
}

func answer(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError) // of strings and a time it never is
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text) // the requester may be gone
}
