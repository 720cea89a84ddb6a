package admin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"unicode/utf8"

	"github.com/joingyd/joingyd/moderate"
)

// GuardianRequest is what a parent or guardian told the operator: that a child uses, or
// used, the site. At most one of Session, Report and Address says of whom; none is for
// when it is not known.
type GuardianRequest struct {
	Session string `json:"session,omitempty"` // a live one
	Report  string `json:"report,omitempty"`  // whom this report or case is about
	Address string `json:"address,omitempty"` // that they were seen from
	Note    string `json:"note"`              // what was said, and how to reach who said it; kept as evidence

	By string `json:"-"` // as in BanRequest
}

// GuardianResult is the case that was opened.
type GuardianResult struct {
	Case    Case   `json:"case"`
	Receipt string `json:"receipt,omitempty"` // for who told it: the site's /guardian shows what became of it; empty: there was no room for it
}

const maxGuardianNote = 4000 // characters

// Validate reports what is wrong with the request itself.
func (r GuardianRequest) Validate() error {
	switch {
	case given(r.Session != "", r.Report != "", r.Address != "") > 1:
		return invalid("name one of a session, a report and an address, or none")
	case r.Note == "":
		return invalid("the note is missing; say what was told, and how to reach who told it")
	case utf8.RuneCountInString(r.Note) > maxGuardianNote:
		return invalid("the note is longer than %d characters", maxGuardianNote)
	case r.Session != "":
		_, err := parseSession(r.Session)
		return err
	case r.Report != "":
		return validateReport(r.Report)
	case r.Address != "":
		if _, err := netip.ParseAddr(r.Address); err != nil {
			return notAddress(r.Address)
		}
	}
	return nil
}

// Guardian opens an urgent case. Who does so is written down first.
func (s *Service) Guardian(ctx context.Context, req GuardianRequest) (GuardianResult, error) {
	if s.opts.Cases == nil {
		return GuardianResult{}, errNoCases
	}
	req.By = cmp.Or(req.By, ownName())
	if err := req.Validate(); err != nil {
		return GuardianResult{}, err
	}
	f := moderate.Filing{ID: moderate.NewID(), Reason: moderate.Guardian, At: s.opts.Now(), Reporter: req.By, Trusted: true, Note: true, Receipt: moderate.NewReceipt()}
	if err := s.guardianOf(req, &f); err != nil {
		return GuardianResult{}, err
	}
	note, err := json.Marshal(req.Note)
	if err != nil {
		return GuardianResult{}, &Error{CodeInternal, err.Error()}
	}
	f.Parts = append(f.Parts, moderate.Part{Name: "note", Type: "application/json", At: f.At.UTC(), Data: note})
	if err := s.record(req.By, "report.guardian", f.ID, nil); err != nil {
		return GuardianResult{}, err
	}
	id, err := s.opts.Cases.File(f)
	if errors.Is(err, moderate.ErrFull) || errors.Is(err, moderate.ErrNoRoom) { // what comes by forms has bounds; the case matters more
		f.Receipt = moderate.Receipt{}
		id, err = s.opts.Cases.File(f)
	}
	if err != nil {
		return GuardianResult{}, fromCases(err, f.ID)
	}
	k, err := s.opts.Cases.Get(id)
	if err != nil {
		return GuardianResult{}, fromCases(err, id)
	}
	if s.opts.LegalHolds != nil {
		if err := s.opts.LegalHolds.Filed(k.ID, k.Session, k.Suspects); err != nil {
			s.opts.Log.ErrorContext(ctx, "a case about somebody on hold is not held", "case", id, "error", err)
		}
	}
	s.opts.Log.InfoContext(ctx, "guardian's case opened", "case", id, "by", req.By)
	result := GuardianResult{Case: s.caseOf(k)}
	if !f.Receipt.IsZero() {
		result.Receipt = f.Receipt.String()
	}
	return result, nil
}

// guardianOf finds of whom it is. It notes pseudonyms, and no address.
func (s *Service) guardianOf(req GuardianRequest, f *moderate.Filing) error {
	var addrs []netip.Addr
	switch {
	case req.Report != "":
		k, err := s.opts.Cases.Get(req.Report)
		if err != nil {
			return fromCases(err, req.Report)
		}
		f.Session, f.Suspects = k.Session, k.Suspects
	case req.Session != "":
		id, err := s.session(req.Session)
		if err != nil {
			return err
		}
		if addrs = s.live.Addresses(id); len(addrs) == 0 {
			return noSuchSession(id)
		}
		f.Session = id.String()
	case req.Address != "":
		addr, err := netip.ParseAddr(req.Address)
		if err != nil {
			return notAddress(req.Address)
		}
		addrs = []netip.Addr{addr.Unmap().WithZone("")}
	}
	for _, addr := range addrs {
		f.Suspects = append(f.Suspects, s.bans.Pseudonym(addr).String())
	}
	return nil
}

func notAddress(text string) error {
	return invalid("%s is not an address; write one like 203.0.113.7 or 2001:db8::1", quote(text))
}

func (s *Server) guardian(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	var req GuardianRequest
	if err := decode(r, &req); err != nil {
		return nil, err
	}
	req.By = peerOf(r.Context())
	return s.service.Guardian(r.Context(), req)
}

// Guardian opens an urgent case. The server ignores req.By and asks the kernel.
func (c *Client) Guardian(ctx context.Context, req GuardianRequest) (result GuardianResult, err error) {
	err = c.do(ctx, http.MethodPost, "/v1/cases/guardian", req, &result)
	return result, err
}
