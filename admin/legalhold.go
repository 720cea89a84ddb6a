package admin

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/joingyd/joingyd/legalhold"
	"github.com/joingyd/joingyd/moderate"
)

// LegalHoldRequest asks that all that there is about a session or an address is kept until
// a time: rows of the IP log, those to come too, and every case. At most one of Until and
// For says how long; without one it is 180 days.
type LegalHoldRequest struct {
	Session   string    `json:"session,omitempty"`
	Address   string    `json:"address,omitempty"` // IPv6: its /64 counts
	Until     time.Time `json:"until,omitzero"`
	For       string    `json:"for,omitempty"` // such as 180d, from now
	Reference string    `json:"reference"`     // of who asked for it; kept in the audit log, so it names no visitor

	By string `json:"-"` // as in BanRequest
}

// LegalReleaseRequest asks for the end of a hold.
type LegalReleaseRequest struct {
	ID     string `json:"-"`
	Reason string `json:"reason"`

	By string `json:"-"`
}

// LegalReleaseResult is the hold that has ended.
type LegalReleaseResult struct {
	Hold legalhold.Hold `json:"hold"`
	Kept int            `json:"kept"` // cases that stay held: they were before
}

// LegalHoldList is the holds that there are, the oldest first.
type LegalHoldList struct {
	Holds []legalhold.Hold `json:"holds"`
}

// legalHoldFor is how long a hold lasts where nobody says: what 18 U.S.C. 2703(f) gives, 90
// days that are renewed once.
const legalHoldFor = 180 * 24 * time.Hour

const maxReference = 200 // characters

var errNoHolds = &Error{CodeUnavailable, "holds are the running daemon's; start it"}

// Validate reports what is wrong with the request itself.
func (r LegalHoldRequest) Validate() error {
	if err := (AboutRequest{Address: r.Address, Session: r.Session}).Validate(); err != nil {
		return err
	}
	if addr, err := netip.ParseAddr(r.Address); err == nil && addr.Zone() != "" {
		return notAddress(r.Address)
	}
	if !r.Until.IsZero() && r.For != "" {
		return invalid("until and for both say how long; leave out one")
	}
	if r.For != "" {
		if _, err := parseFor(r.For); err != nil {
			return invalid("%s is not a time that a hold can last; write one like 90d or 365d, at most %dd", quote(r.For), longest)
		}
	}
	if len([]rune(r.Reference)) > maxReference {
		return invalid("the reference has more than %d characters; shorten it", maxReference)
	}
	if err := moderate.ValidReason(r.Reference, cmp.Or(r.By, unknownPeer)); err != nil || strings.ContainsFunc(r.Reference, unicode.IsControl) {
		return invalid("the reference is missing or no text; give the number of what was asked for with --reference")
	}
	return nil
}

// MakeLegalHold keeps all about a session or an address. Who does so, and why, is written
// down first; the address is not.
func (s *Service) MakeLegalHold(ctx context.Context, req LegalHoldRequest) (legalhold.Hold, error) {
	if s.opts.LegalHolds == nil {
		return legalhold.Hold{}, errNoHolds
	}
	req.By = cmp.Or(req.By, ownName())
	if err := req.Validate(); err != nil {
		return legalhold.Hold{}, err
	}
	now := s.opts.Now()
	until := req.Until
	switch {
	case req.For != "":
		lasts, err := parseFor(req.For)
		if err != nil {
			return legalhold.Hold{}, err
		}
		until = now.Add(lasts)
	case until.IsZero():
		until = now.Add(legalHoldFor)
	}
	if err := (&moderate.Hold{Until: until, By: req.By, Reason: req.Reference}).Validate(now); err != nil {
		return legalhold.Hold{}, invalid("%s", err)
	}
	subject := legalhold.Subject{Session: req.Session}
	if req.Address != "" {
		addr, err := netip.ParseAddr(req.Address)
		if err != nil {
			return legalhold.Hold{}, notAddress(req.Address)
		}
		subject.Address = addr.Unmap()
		subject.Pseudonyms = s.pseudonyms(subject.Address)
	}
	h, err := s.opts.LegalHolds.Make(subject, until, req.Reference, req.By, func(h legalhold.Hold) error {
		details := map[string]string{"until": h.Until.Format(time.RFC3339), "reference": h.Reference, "about": "address"}
		if h.Session != "" {
			details["about"] = "session " + h.Session
		}
		return s.record(req.By, "hold.make", h.ID, details)
	})
	if err != nil {
		return h, fromHolds(err)
	}
	s.opts.Log.InfoContext(ctx, "held", "hold", h.ID, "cases", len(h.Cases), "until", h.Until, "by", req.By)
	return h, nil
}

// ReleaseLegalHold ends a hold. Who does so, and why, is written down first.
func (s *Service) ReleaseLegalHold(ctx context.Context, req LegalReleaseRequest) (result LegalReleaseResult, err error) {
	if s.opts.LegalHolds == nil {
		return result, errNoHolds
	}
	req.By = cmp.Or(req.By, ownName())
	if err := moderate.ValidReason(req.Reason, req.By); err != nil {
		return result, invalid("%s", err)
	}
	result.Hold, result.Kept, err = s.opts.LegalHolds.Release(req.ID, func(h legalhold.Hold) error {
		return s.record(req.By, "hold.release", h.ID, map[string]string{"reason": req.Reason})
	})
	if err != nil {
		return result, fromHolds(err)
	}
	s.opts.Log.InfoContext(ctx, "released", "hold", req.ID, "by", req.By)
	return result, nil
}

// LegalHolds lists the holds.
func (s *Service) LegalHolds(context.Context) (LegalHoldList, error) {
	if s.opts.LegalHolds == nil {
		return LegalHoldList{}, errNoHolds
	}
	return LegalHoldList{append([]legalhold.Hold{}, s.opts.LegalHolds.List()...)}, nil
}

func fromHolds(err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	switch {
	case errors.Is(err, legalhold.ErrNotFound):
		return notFound("%s", err)
	case errors.Is(err, legalhold.ErrMany), errors.Is(err, legalhold.ErrNothing), errors.Is(err, legalhold.ErrBusy):
		return invalid("%s", err)
	}
	return &Error{CodeInternal, err.Error()}
}

func (s *Server) routeLegalHolds() {
	s.mux.HandleFunc("POST /v1/holds", s.answer(s.makeLegalHold))
	s.mux.HandleFunc("POST /v1/holds/{id}/release", s.answer(s.releaseLegalHold))
	s.mux.HandleFunc("GET /v1/holds", s.answer(s.legalHolds))
}

func (s *Server) makeLegalHold(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	var req LegalHoldRequest
	if err := decode(r, &req); err != nil {
		return nil, err
	}
	req.By = peerOf(r.Context())
	return s.service.MakeLegalHold(r.Context(), req)
}

func (s *Server) releaseLegalHold(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	var req LegalReleaseRequest
	if err := decode(r, &req); err != nil {
		return nil, err
	}
	req.ID, req.By = r.PathValue("id"), peerOf(r.Context())
	return s.service.ReleaseLegalHold(r.Context(), req)
}

func (s *Server) legalHolds(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	return s.service.LegalHolds(r.Context())
}

// MakeLegalHold keeps all about a session or an address. The server ignores req.By and
// asks the kernel.
func (c *Client) MakeLegalHold(ctx context.Context, req LegalHoldRequest) (h legalhold.Hold, err error) {
	err = c.do(ctx, http.MethodPost, "/v1/holds", req, &h)
	return h, err
}

// ReleaseLegalHold ends a hold. The server ignores req.By and asks the kernel.
func (c *Client) ReleaseLegalHold(ctx context.Context, req LegalReleaseRequest) (result LegalReleaseResult, err error) {
	err = c.do(ctx, http.MethodPost, "/v1/holds/"+url.PathEscape(req.ID)+"/release", req, &result)
	return result, err
}

// LegalHolds lists the holds.
func (c *Client) LegalHolds(ctx context.Context) (list LegalHoldList, err error) {
	err = c.do(ctx, http.MethodGet, "/v1/holds", nil, &list)
	return list, err
}
