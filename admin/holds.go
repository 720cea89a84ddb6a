package admin

import (
	"cmp"
	"context"
	"net/netip"
	"strconv"
	"time"

	"github.com/joingyd/joingyd/moderate"
)

// HoldRequest asks that a case and its evidence are kept until a time, whatever becomes of
// the case. At most one of Until and For says how long; without one it is as long as the
// configuration holds what was said of minors.
type HoldRequest struct {
	Case   string    `json:"case"`
	Until  time.Time `json:"until,omitzero"`
	For    string    `json:"for,omitempty"` // such as 365d, from now
	Reason string    `json:"reason"`        // such as who asked for it; kept in the audit log, so it names no visitor

	By string `json:"-"` // as in BanRequest
}

// ReleaseRequest asks for the end of a hold.
type ReleaseRequest struct {
	Case   string `json:"case"`
	Reason string `json:"reason"` // as in HoldRequest

	By string `json:"-"`
}

// HoldResult is the case as it is now.
type HoldResult struct {
	Case Case `json:"case"`
}

// Validate reports what is wrong with the request itself.
func (r HoldRequest) Validate() error {
	if !r.Until.IsZero() && r.For != "" {
		return invalid("until and for both say how long; leave out one")
	}
	if r.For != "" {
		if _, err := parseFor(r.For); err != nil {
			return invalid("%s is not a time that a hold can last; write one like 90d or 365d, at most %dd", quote(r.For), longest)
		}
	}
	return ReleaseRequest{Case: r.Case, Reason: r.Reason, By: r.By}.Validate()
}

// Validate reports what is wrong with the request itself.
func (r ReleaseRequest) Validate() error {
	if err := moderate.ValidReason(r.Reason, cmp.Or(r.By, unknownPeer)); err != nil {
		return invalid("%s", err)
	}
	return validateReport(r.Case)
}

// Hold keeps a case and its evidence. Who does so, and why, is written down first.
func (s *Service) Hold(ctx context.Context, req HoldRequest) (HoldResult, error) {
	if s.opts.Cases == nil {
		return HoldResult{}, errNoCases
	}
	req.By = cmp.Or(req.By, ownName())
	if err := req.Validate(); err != nil {
		return HoldResult{}, err
	}
	now := s.opts.Now()
	h := moderate.Hold{Until: req.Until, By: req.By, Reason: req.Reason}
	switch {
	case req.For != "":
		lasts, err := parseFor(req.For)
		if err != nil {
			return HoldResult{}, err
		}
		h.Until = now.Add(lasts)
	case h.Until.IsZero():
		h.Until = now.Add(cmp.Or(s.opts.HoldFor, moderate.HoldFor))
	}
	if err := h.Validate(now); err != nil {
		return HoldResult{}, invalid("%s", err)
	}
	k, err := s.opts.Cases.Get(req.Case)
	if err != nil {
		return HoldResult{}, fromCases(err, req.Case)
	}
	details := map[string]string{"until": h.Until.UTC().Format(time.RFC3339), "reason": req.Reason}
	if err := s.record(req.By, "report.hold", k.ID, details); err != nil {
		return HoldResult{}, err
	}
	if k, err = s.opts.Cases.Hold(k.ID, h); err != nil {
		return HoldResult{}, fromCases(err, req.Case)
	}
	s.opts.Log.InfoContext(ctx, "case held", "case", k.ID, "until", h.Until, "by", req.By)
	return HoldResult{s.caseOf(k)}, nil
}

// Release ends a hold; the evidence of a case that has ended is deleted then. Who does so,
// and why, is written down first.
func (s *Service) Release(ctx context.Context, req ReleaseRequest) (HoldResult, error) {
	if s.opts.Cases == nil {
		return HoldResult{}, errNoCases
	}
	req.By = cmp.Or(req.By, ownName())
	if err := req.Validate(); err != nil {
		return HoldResult{}, err
	}
	k, err := s.opts.Cases.Get(req.Case)
	if err == nil && k.Hold == nil {
		err = moderate.ErrNotHeld
	}
	if err != nil {
		return HoldResult{}, fromCases(err, req.Case)
	}
	if err := s.record(req.By, "report.release", k.ID, map[string]string{"reason": req.Reason}); err != nil {
		return HoldResult{}, err
	}
	if k, err = s.opts.Cases.Unhold(k.ID); err != nil {
		return HoldResult{}, fromCases(err, req.Case)
	}
	s.opts.Log.InfoContext(ctx, "case released", "case", k.ID, "by", req.By)
	return HoldResult{s.caseOf(k)}, nil
}

// HeldCases lists the cases that are held, those first whose hold ends first; at most limit
// of them, 0 stands for all.
func (s *Service) HeldCases(_ context.Context, limit int) (CaseList, error) {
	if s.opts.Cases == nil {
		return CaseList{}, errNoCases
	}
	if err := ValidateLimit(limit); err != nil {
		return CaseList{}, err
	}
	return s.caseList(s.opts.Cases.HeldCases(limit), s.opts.Cases.Held()), nil
}

// AboutRequest asks which cases are about an address or a session: one of the two.
type AboutRequest struct {
	Address string // IPv6: its /64 counts
	Session string // also one that has ended

	By string
}

// Validate reports what is wrong with the request itself.
func (r AboutRequest) Validate() error {
	if given(r.Address != "", r.Session != "") != 1 {
		return invalid("name an address or a session, one of them")
	}
	if r.Session != "" {
		_, err := parseSession(r.Session)
		return err
	}
	if _, err := netip.ParseAddr(r.Address); err != nil {
		return notAddress(r.Address)
	}
	return nil
}

// CasesAbout lists the cases, waiting or ended, that are about an address or a session,
// the oldest first. It hashes the address with every key that there is; that it was
// asked, and by whom, is written down, the address is not.
func (s *Service) CasesAbout(_ context.Context, req AboutRequest) (CaseList, error) {
	if s.opts.Cases == nil {
		return CaseList{}, errNoCases
	}
	if err := req.Validate(); err != nil {
		return CaseList{}, err
	}
	var suspects []string
	if req.Address != "" {
		addr, err := netip.ParseAddr(req.Address)
		if err != nil {
			return CaseList{}, notAddress(req.Address)
		}
		suspects = s.pseudonyms(addr.Unmap().WithZone(""))
	}
	found, err := s.opts.Cases.About(req.Session, suspects)
	if err != nil {
		return CaseList{}, fromCases(err, "")
	}
	by := map[bool]string{true: "address", false: "session"}[req.Address != ""]
	if err := s.record(req.By, "report.search", "", map[string]string{"by": by, "found": strconv.Itoa(len(found))}); err != nil {
		return CaseList{}, err
	}
	return s.caseList(found, len(found)), nil
}

func (s *Service) caseList(cases []*moderate.Case, total int) CaseList {
	list := CaseList{Cases: []Case{}, Total: total}
	for _, k := range cases {
		list.Cases = append(list.Cases, s.caseOf(k))
	}
	return list
}

// Waits reports whether the case waits for a person.
func (k *Case) Waits() bool {
	return k.State == moderate.StateOpen || k.State == moderate.StatePending
}
