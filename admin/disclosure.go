package admin

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/joingyd/joingyd/disclosure"
	"github.com/joingyd/joingyd/iplog"
	"github.com/joingyd/joingyd/moderate"
)

// DiscloseRequest asks for what there is to tell an authority. By is as in BanRequest.
type DiscloseRequest struct {
	disclosure.Ask

	By string `json:"-"`
}

// DiscloseResult is what there is. Where the disclosure is pending it has nothing but
// that: somebody else has to confirm it first, and then the same is asked again.
type DiscloseResult struct {
	Disclosure disclosure.Entry    `json:"disclosure"`
	Key        string              `json:"key"`              // the site's public key, hexadecimal
	NoLog      bool                `json:"no_log,omitempty"` // there is no IP log
	Rows       []DisclosureRow     `json:"rows"`             // for the operator's key to open
	Bans       []disclosure.Ban    `json:"bans"`
	Reports    []disclosure.Report `json:"reports"`
}

// DisclosureRow is a row of the IP log, sealed.
type DisclosureRow struct {
	Sealed []byte `json:"sealed"`         // age-encryption.org/v1; an iplog.Event
	Held   string `json:"held,omitempty"` // by which hold of the log alone it is kept
}

// SignRequest asks for the signature of a manifest with this digest, which ends a
// disclosure. By is as in BanRequest.
type SignRequest struct {
	ID     string `json:"-"`
	Digest string `json:"digest"` // SHA-256, hexadecimal

	By string `json:"-"`
}

// SignResult is the signature.
type SignResult struct {
	Disclosure disclosure.Entry `json:"disclosure"`
	Signature  []byte           `json:"signature"`
}

// ConfirmRequest is a second person's word that an emergency is one. By is as in
// BanRequest.
type ConfirmRequest struct {
	ID string
	By string
}

// RefuseRequest ends an emergency that was not made. By is as in BanRequest.
type RefuseRequest struct {
	ID     string `json:"-"`
	Reason string `json:"reason"`

	By string `json:"-"`
}

// DisclosureList is all that was asked for, the oldest first.
type DisclosureList struct {
	Disclosures []disclosure.Entry `json:"disclosures"`
}

// DisclosureKey is the public key with which disclosures are signed.
type DisclosureKey struct {
	Key string `json:"key"` // hexadecimal
}

var errNoDisclosures = &Error{CodeUnavailable, "disclosures are the running daemon's; start it"}

// nobody's names: whoever comes under one of them might be the same person.
func namesNobody(by string) bool { return by == unknownPeer || by == tokenPeer }

// Disclose hands out what an authority may be told, its rows sealed for the operator. Who
// asked, for whom and why is written down first.
func (s *Service) Disclose(ctx context.Context, req DiscloseRequest) (result DiscloseResult, err error) {
	if s.opts.Disclosures == nil || s.opts.Cases == nil {
		return result, errNoDisclosures
	}
	req.By = cmp.Or(req.By, ownName())
	if err := req.Validate(s.opts.Now()); err != nil {
		return result, invalid("%s", err)
	}
	if req.Emergency && namesNobody(req.By) {
		return result, invalid("nobody knows who you are, and an emergency needs two people: ask on the control socket, under your own user name")
	}
	pseudonyms := s.pseudonymsOf(&req.Ask)
	if result, err = s.disclosed(ctx, &req.Ask, pseudonyms); err != nil {
		return DiscloseResult{}, err
	}
	if result.Disclosure, err = s.opts.Disclosures.Begin(&req.Ask, pseudonyms, req.By, func(e disclosure.Entry) error {
		return s.record(req.By, "disclosure.ask", e.ID, askDetails(&e))
	}); err != nil {
		return DiscloseResult{}, fromDisclosures(err)
	}
	if result.Disclosure.State == disclosure.Pending {
		return DiscloseResult{Disclosure: result.Disclosure, Key: result.Key}, nil
	}
	s.opts.Log.InfoContext(ctx, "asked for a disclosure", "disclosure", result.Disclosure.ID, "kind", result.Disclosure.Kind, "by", req.By)
	return result, nil
}

func askDetails(e *disclosure.Entry) map[string]string {
	details := map[string]string{"kind": string(e.Kind), "authority": e.Authority, "from": e.From.Format(time.RFC3339), "to": e.To.Format(time.RFC3339), "about": "address"}
	if e.Session != "" {
		details["about"] = "session " + e.Session
	}
	if e.Reference != "" {
		details["reference"] = e.Reference
	}
	if len(e.Include) > 0 {
		var parts []string
		for _, part := range e.Include {
			parts = append(parts, string(part))
		}
		details["include"] = strings.Join(parts, ",")
	}
	return details
}

// pseudonymsOf lists those of what is asked about; none for a session.
func (s *Service) pseudonymsOf(a *disclosure.Ask) []string {
	addr, err := a.Addr()
	if a.Address == "" || err != nil {
		return nil
	}
	return s.pseudonyms(addr)
}

// disclosed finds what is asked for.
func (s *Service) disclosed(ctx context.Context, a *disclosure.Ask, pseudonyms []string) (result DiscloseResult, err error) {
	key, err := s.signingKey()
	if err != nil {
		return result, err
	}
	result = DiscloseResult{Key: publicKey(key), NoLog: s.opts.IPLog == nil, Rows: []DisclosureRow{}, Bans: []disclosure.Ban{}, Reports: []disclosure.Report{}}
	if s.opts.IPLog != nil {
		query := iplog.Query{Session: a.Session, From: a.From, To: a.To}
		if a.Address != "" {
			if query.Address, err = a.Addr(); err != nil {
				return result, notAddress(a.Address)
			}
		}
		rows, err := s.opts.IPLog.Find(query)
		if err != nil {
			return result, &Error{CodeInternal, "nothing is told: " + err.Error()}
		}
		if len(rows) > disclosure.MaxRows {
			return result, invalid("there are %d rows, and a bundle has %d at most; narrow --from and --to", len(rows), disclosure.MaxRows)
		}
		for _, row := range rows {
			result.Rows = append(result.Rows, DisclosureRow{row.Sealed, row.Held})
		}
	}
	if !a.Has(disclosure.Bans) && !a.Has(disclosure.Reports) {
		return result, nil
	}
	cases, err := s.opts.Cases.About(a.Session, pseudonyms)
	if err != nil {
		return result, fromCases(err, "")
	}
	if a.Has(disclosure.Reports) {
		for _, k := range cases {
			result.Reports = append(result.Reports, reportsIn(a, k)...)
		}
	}
	if a.Has(disclosure.Bans) {
		if result.Bans, err = s.bansIn(ctx, a, cases); err != nil {
			return result, err
		}
	}
	return result, nil
}

// reportsIn lists the reports of a case that were made in the span.
func reportsIn(a *disclosure.Ask, k *moderate.Case) (list []disclosure.Report) {
	for _, r := range k.Reports {
		if !a.Within(r.At) {
			continue
		}
		report := disclosure.Report{Case: k.ID, Reason: r.Reason, At: r.At.UTC(), State: string(k.State), Source: "cases"}
		if k.Decision != nil {
			report.Decided = string(k.Decision.Do)
		}
		list = append(list, report)
	}
	return list
}

// bansIn lists the bans that were in force at some time of the span: those on the address,
// or those that reports of the session led to.
func (s *Service) bansIn(ctx context.Context, a *disclosure.Ask, cases []*moderate.Case) (list []disclosure.Ban, err error) {
	reports := make(map[string]bool)
	for _, k := range cases {
		reports[k.ID] = true
		for _, r := range k.Reports {
			reports[r.ID] = true
		}
	}
	add := func(b disclosure.Ban) {
		if !b.Made.After(a.To) && (b.Ended.IsZero() || !b.Ended.Before(a.From)) {
			list = append(list, b)
		}
	}
	if a.Address != "" {
		found, err := s.Check(ctx, CheckRequest{Address: a.Address})
		if err != nil {
			return nil, err
		}
		for _, m := range found.Bans {
			add(disclosure.Ban{ID: m.Ban.ID.String(), Reason: m.Ban.Reason, Made: m.Ban.Created, Ended: m.Ban.Until, Source: "bans"})
		}
	} else {
		found, err := s.Bans(ctx, BansRequest{})
		if err != nil {
			return nil, err
		}
		for _, b := range found.Bans {
			if b.Report != "" && reports[b.Report] {
				add(disclosure.Ban{ID: b.ID.String(), Reason: b.Reason, Made: b.Created, Ended: b.Until, Source: "bans"})
			}
		}
	}
	history, err := s.History(ctx, HistoryRequest{Target: a.Address, Limit: MaxListed})
	if err != nil {
		return nil, err
	}
	for _, e := range history.Ended {
		if a.Address != "" || e.Ban.Report != "" && reports[e.Ban.Report] {
			add(disclosure.Ban{ID: e.Ban.ID.String(), Reason: e.Ban.Reason, Made: e.Ban.Created, Ended: e.At, Source: "history of bans"})
		}
	}
	slices.SortStableFunc(list, func(a, b disclosure.Ban) int { return a.Made.Compare(b.Made) })
	return list, nil
}

// SignDisclosure signs what was made, once it is written down, and counts it.
func (s *Service) SignDisclosure(ctx context.Context, req SignRequest) (result SignResult, err error) {
	if s.opts.Disclosures == nil || s.opts.Cases == nil {
		return result, errNoDisclosures
	}
	req.By = cmp.Or(req.By, ownName())
	if raw, err := hex.DecodeString(req.Digest); err != nil || len(raw) != 32 || strings.ToLower(req.Digest) != req.Digest {
		return result, invalid("digest is %s; write the 64 hexadecimal digits of a SHA-256", quote(req.Digest))
	}
	key, err := s.signingKey()
	if err != nil {
		return result, err
	}
	result.Disclosure, err = s.opts.Disclosures.Made(req.ID, req.By, req.Digest, func(e disclosure.Entry) error {
		return s.record(req.By, "disclosure.make", e.ID, map[string]string{"kind": string(e.Kind), "sha256": e.Digest})
	})
	if err != nil {
		return result, fromDisclosures(err)
	}
	if err := s.CountDisclosures(); err != nil {
		return result, &Error{CodeInternal, err.Error()}
	}
	s.opts.Log.InfoContext(ctx, "disclosed", "disclosure", req.ID, "kind", result.Disclosure.Kind, "by", req.By)
	result.Signature = disclosure.Sign(key, req.ID, req.Digest)
	return result, nil
}

// CountDisclosures brings those into the monthly figures that are made and not in them. A
// process that dies in between counts one twice rather than never.
func (s *Service) CountDisclosures() error {
	for _, e := range s.opts.Disclosures.Uncounted() {
		if err := s.opts.Cases.Disclosed(string(e.Kind)); err != nil {
			return err
		}
		if err := s.opts.Disclosures.Counted(e.ID); err != nil {
			return err
		}
	}
	return nil
}

// ConfirmDisclosure is a second person's word. That somebody tried to be their own is
// written down too.
func (s *Service) ConfirmDisclosure(_ context.Context, req ConfirmRequest) (disclosure.Entry, error) {
	if s.opts.Disclosures == nil {
		return disclosure.Entry{}, errNoDisclosures
	}
	req.By = cmp.Or(req.By, ownName())
	if namesNobody(req.By) {
		return disclosure.Entry{}, invalid("nobody knows who you are: confirm on the control socket, under your own user name")
	}
	e, err := s.opts.Disclosures.Confirm(req.ID, req.By, func(e disclosure.Entry) error {
		return s.record(req.By, "disclosure.confirm", e.ID, nil)
	})
	if errors.Is(err, disclosure.ErrSamePerson) {
		err = errors.Join(err, s.record(req.By, "disclosure.refuse", req.ID, map[string]string{"reason": "confirmed by who asked"}))
	}
	return e, fromDisclosures(err)
}

// RefuseDisclosure ends an emergency that was not made.
func (s *Service) RefuseDisclosure(_ context.Context, req RefuseRequest) (disclosure.Entry, error) {
	if s.opts.Disclosures == nil {
		return disclosure.Entry{}, errNoDisclosures
	}
	req.By = cmp.Or(req.By, ownName())
	if err := moderate.ValidReason(req.Reason, req.By); err != nil {
		return disclosure.Entry{}, invalid("%s", err)
	}
	e, err := s.opts.Disclosures.Refuse(req.ID, func(e disclosure.Entry) error {
		return s.record(req.By, "disclosure.refuse", e.ID, map[string]string{"reason": req.Reason})
	})
	return e, fromDisclosures(err)
}

// Disclosures lists all that was asked for.
func (s *Service) Disclosures(context.Context) (DisclosureList, error) {
	if s.opts.Disclosures == nil {
		return DisclosureList{}, errNoDisclosures
	}
	return DisclosureList{append([]disclosure.Entry{}, s.opts.Disclosures.List()...)}, nil
}

// DisclosureKey returns the public key of the signatures.
func (s *Service) DisclosureKey(context.Context) (DisclosureKey, error) {
	key, err := s.signingKey()
	if err != nil {
		return DisclosureKey{}, err
	}
	return DisclosureKey{publicKey(key)}, nil
}

func (s *Service) signingKey() (ed25519.PrivateKey, error) {
	if s.opts.SigningKey == nil {
		return nil, errNoDisclosures
	}
	key, err := s.opts.SigningKey()
	if err != nil {
		return nil, &Error{CodeInternal, err.Error()}
	}
	return key, nil
}

func publicKey(key ed25519.PrivateKey) string {
	return fmt.Sprintf("%x", key[ed25519.SeedSize:])
}

// fromDisclosures turns an error of the register into one for the wire.
func fromDisclosures(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if errors.Is(err, disclosure.ErrNotFound) {
		return notFound("%s", err)
	}
	for _, known := range []error{disclosure.ErrSamePerson, disclosure.ErrNotPending, disclosure.ErrLate, disclosure.ErrNotAsker, disclosure.ErrNotAllowed, disclosure.ErrMade, disclosure.ErrFull} {
		if errors.Is(err, known) {
			return invalid("%s", known)
		}
	}
	return &Error{CodeInternal, err.Error()}
}
