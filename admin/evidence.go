package admin

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/joingyd/joingyd/moderate"
	"github.com/joingyd/joingyd/moderate/audit"
)

// Evidence is what was said and seen, as the daemon keeps it: in clear and in memory,
// or sealed for moderators who have keys. Its methods may be called at the same time.
type Evidence interface {
	// Parts returns what is kept in clear of a case, the oldest first.
	Parts(caseID string) []moderate.Part
	// Sealed returns what is kept sealed of a case, the oldest first.
	Sealed(caseID string) ([]SealedEvidence, error)
}

// EvidenceList is what there is of a case.
type EvidenceList struct {
	Case   string           `json:"case"`
	Parts  []EvidencePart   `json:"parts"`
	Sealed []SealedEvidence `json:"sealed"`
}

// EvidencePart is a piece of evidence in clear.
type EvidencePart struct {
	Name string    `json:"name"` // chat, note or addresses
	Type string    `json:"type"` // MIME
	At   time.Time `json:"at"`
	Data []byte    `json:"data"`
}

// SealedEvidence is a file that only who has one of the moderators' keys can open.
type SealedEvidence struct {
	ID   string    `json:"id"`
	At   time.Time `json:"at"`
	Data []byte    `json:"data"` // age-encryption.org/v1
}

// EvidenceRequest asks for the evidence of a case. By is as in BanRequest.
type EvidenceRequest struct {
	Case string
	For  EvidenceUse
	By   string
}

// EvidenceUse is what somebody wants evidence for. It is written down with who they are.
type EvidenceUse string

// The uses.
const (
	ToJudge EvidenceUse = "" // to judge a case
	ToNCMEC EvidenceUse = "ncmec"
)

// Evidence hands out what there is of a case. Who asked is written down first.
func (s *Service) Evidence(_ context.Context, req EvidenceRequest) (EvidenceList, error) {
	if s.opts.Cases == nil || s.opts.Evidence == nil {
		return EvidenceList{}, errNoCases
	}
	if err := validateReport(req.Case); err != nil {
		return EvidenceList{}, err
	}
	k, err := s.opts.Cases.Get(req.Case)
	if err != nil {
		return EvidenceList{}, fromCases(err, req.Case)
	}
	var details map[string]string
	switch req.For {
	case ToJudge:
	case ToNCMEC:
		details = map[string]string{"for": string(req.For)}
	default:
		return EvidenceList{}, invalid("for is %s; write ncmec, or leave it out", quote(string(req.For)))
	}
	if err := s.record(req.By, "evidence.open", k.ID, details); err != nil {
		return EvidenceList{}, err
	}
	if req.For == ToNCMEC {
		if err := s.opts.Cases.Tell(k.ID); err != nil {
			return EvidenceList{}, fromCases(err, k.ID)
		}
	}
	list := EvidenceList{Case: k.ID, Parts: []EvidencePart{}, Sealed: []SealedEvidence{}}
	for _, part := range s.opts.Evidence.Parts(k.ID) {
		list.Parts = append(list.Parts, EvidencePart(part))
	}
	sealed, err := s.opts.Evidence.Sealed(k.ID)
	if err != nil {
		return EvidenceList{}, &Error{CodeInternal, err.Error()}
	}
	list.Sealed = append(list.Sealed, sealed...)
	return list, nil
}

// record writes down who does what, before it is done. What cannot be written down is
// not done.
func (s *Service) record(by, did, on string, details map[string]string) error {
	if s.opts.Audit == nil {
		return nil
	}
	if by == "" {
		by = ownName()
	}
	if _, err := s.opts.Audit.Append(audit.Record{By: audit.User(by), Did: did, On: on, Details: details}); err != nil {
		return &Error{CodeInternal, "nothing was done, because it could not be written down: " + err.Error()}
	}
	return nil
}

func (s *Server) evidence(r *http.Request) (any, error) {
	query, err := readQuery(r, "for")
	if err != nil {
		return nil, err
	}
	return s.service.Evidence(r.Context(), EvidenceRequest{Case: r.PathValue("id"), For: EvidenceUse(query.Get("for")), By: peerOf(r.Context())})
}

// Evidence hands out what there is of a case. The server ignores req.By and asks the
// kernel.
func (c *Client) Evidence(ctx context.Context, req EvidenceRequest) (list EvidenceList, err error) {
	if err := validateReport(req.Case); err != nil {
		return list, err
	}
	path := "/v1/cases/" + url.PathEscape(req.Case) + "/evidence"
	if req.For != ToJudge {
		path += "?for=" + url.QueryEscape(string(req.For))
	}
	err = c.do(ctx, http.MethodGet, path, nil, &list)
	return list, err
}
