package admin

import (
	"cmp"
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/joingyd/joingyd/privacy"
)

// PrivacyRequest is a request for data as the operator sees it.
type PrivacyRequest struct {
	ID       string        `json:"id"`
	Node     string        `json:"node,omitempty"` // that it was asked of, where there are several
	Kind     privacy.Kind  `json:"kind"`
	State    privacy.State `json:"state"`
	By       string        `json:"by"` // visitor, or an operator's name
	Asked    time.Time     `json:"asked"`
	Due      time.Time     `json:"due"`      // GDPR: one month
	Deadline time.Time     `json:"deadline"` // CCPA: 45 days
	Overdue  bool          `json:"overdue"`
	Happens  time.Time     `json:"happens,omitzero"` // an erasure that waits: by itself, then
	Session  string        `json:"session,omitempty"`
	Address  bool          `json:"address"` // it is about one as well, of which there is a pseudonym
	Contact  string        `json:"contact,omitempty"`
	Ended    time.Time     `json:"ended,omitzero"`
	EndedBy  string        `json:"ended_by,omitempty"`
	Answer   string        `json:"answer,omitempty"`
}

// PrivacyRequestList is requests: those that wait, the first due first, and then those that
// have ended, if asked for.
type PrivacyRequestList struct {
	Requests []PrivacyRequest `json:"requests"`
	Counts   map[string]int   `json:"counts"`            // of all that are kept, by state
	Missing  []string         `json:"missing,omitempty"` // nodes whose requests are not among them, and why
}

// EndRequest answers or refuses a request.
type EndRequest struct {
	Request string `json:"request"`
	Refuse  bool   `json:"refuse,omitempty"`
	Text    string `json:"text"` // the answer, or why it is refused; who has the receipt reads it on the site

	By string `json:"-"`
}

// longestAnswer is in characters.
const longestAnswer = 10_000

// Validate reports what is wrong with the request itself.
func (r EndRequest) Validate() error {
	switch {
	case r.Request == "":
		return invalid("request is missing; joingyd privacy requests list shows those that wait")
	case strings.TrimSpace(r.Text) == "":
		return invalid("text is missing; write the answer, or why the request is refused: who asked reads it on the site")
	case !utf8.ValidString(r.Text) || utf8.RuneCountInString(r.Text) > longestAnswer:
		return invalid("text is longer than %d characters, or no UTF-8; send the rest to the contact that was given", longestAnswer)
	}
	return nil
}

// PrivacyRequests lists requests for data.
func (s *Service) PrivacyRequests(_ context.Context, all bool) (PrivacyRequestList, error) {
	if s.opts.Requests == nil {
		return PrivacyRequestList{}, errNoRequests
	}
	list := PrivacyRequestList{Requests: []PrivacyRequest{}, Counts: s.opts.Requests.Counts()}
	for _, r := range s.opts.Requests.List(all) {
		list.Requests = append(list.Requests, s.privacyRequest(r))
	}
	return list, nil
}

// PrivacyRequest returns one.
func (s *Service) PrivacyRequest(_ context.Context, id string) (PrivacyRequest, error) {
	if s.opts.Requests == nil {
		return PrivacyRequest{}, errNoRequests
	}
	r, err := s.opts.Requests.Get(id)
	if err != nil {
		return PrivacyRequest{}, fromRequests(err, id)
	}
	return s.privacyRequest(r), nil
}

// EndPrivacyRequest answers a request, or refuses it. Who does so is written down first.
func (s *Service) EndPrivacyRequest(ctx context.Context, req EndRequest) (PrivacyRequest, error) {
	if s.opts.Requests == nil {
		return PrivacyRequest{}, errNoRequests
	}
	if err := req.Validate(); err != nil {
		return PrivacyRequest{}, err
	}
	r, err := s.opts.Requests.Get(req.Request)
	if err == nil && !r.Waits() {
		err = privacy.ErrEnded
	}
	if err != nil {
		return PrivacyRequest{}, fromRequests(err, req.Request)
	}
	if r.Kind == privacy.Erase && !req.Refuse {
		return PrivacyRequest{}, invalid("request %s is answered by erasing, which happens by itself; joingyd privacy erase --request %s does it now", r.ID, r.ID)
	}
	did, as := "privacy.answer", privacy.StateDone
	if req.Refuse {
		did, as = "privacy.refuse", privacy.StateRefused
	}
	by := cmp.Or(req.By, ownName())
	if err := s.record(by, did, r.ID, nil); err != nil {
		return PrivacyRequest{}, err
	}
	if r, err = s.opts.Requests.End(r.ID, as, by, req.Text); err != nil {
		return PrivacyRequest{}, fromRequests(err, req.Request)
	}
	s.opts.Log.InfoContext(ctx, "request for data ended", "request", r.ID, "as", as, "by", by)
	return s.privacyRequest(r), nil
}

func (s *Service) privacyRequest(r privacy.Request) PrivacyRequest {
	return PrivacyRequest{
		ID: r.ID, Node: s.node(), Kind: r.Kind, State: r.State, By: r.By, Asked: r.Asked, Due: r.Due, Deadline: r.Deadline(), Overdue: r.Overdue(s.opts.Now()),
		Happens: r.Happens, Session: r.Subject.Session, Address: len(r.Subject.Pseudonyms) > 0, Contact: r.Contact,
		Ended: r.Ended, EndedBy: r.EndedBy, Answer: r.Answer,
	}
}
