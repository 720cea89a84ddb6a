package admin

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"

	"github.com/joingyd/joingyd/ident"
)

// WarnRequest names the session whose visitor is to be warned. By is as in BanRequest.
type WarnRequest struct {
	Session string `json:"-"`      // in the path
	Reason  string `json:"reason"` // shown to the visitor
	By      string `json:"-"`
}

// WarnResult names the session that was warned.
type WarnResult struct {
	Session string `json:"session"`
}

// Warn tells a session's visitor why they were reported.
func (s *Service) Warn(ctx context.Context, req WarnRequest) (WarnResult, error) {
	if err := (KickRequest{Session: req.Session, Reason: req.Reason}).Validate(); err != nil {
		return WarnResult{}, err
	}
	if req.Reason == "" {
		return WarnResult{}, invalid("a warning has a reason, which the visitor sees")
	}
	id, err := s.session(req.Session)
	if err != nil {
		return WarnResult{}, err
	}
	if !s.live.Warn(id, req.Reason) {
		return WarnResult{}, noSuchSession(id)
	}
	s.opts.Log.InfoContext(ctx, "session warned", "session", id, "by", cmp.Or(req.By, ownName()))
	return WarnResult{Session: id.String()}, nil
}

// reach warns or kicks a session wherever it lives, and reports whether there was one: one
// that has moved since a case was opened is at another node than the case.
func (s *Service) reach(ctx context.Context, do string, id ident.Session, reason, by string) bool {
	here := s.live.Kick
	if do == "warn" {
		here = s.live.Warn
	}
	if here(id, reason) {
		return true
	}
	if s.opts.Nodes == nil {
		return false
	}
	body, err := json.Marshal(KickRequest{Reason: reason})
	if err != nil {
		return false // our own type: cannot happen
	}
	_, err = s.elsewhere(ctx, nodeRequest{http.MethodPost, "/v1/sessions/" + id.String() + "/" + do, by, body}, noSuchSession(id))
	if err != nil && asError(err).Detail != noSuchSession(id).Detail {
		s.opts.Log.WarnContext(ctx, "a session of a case was not reached at all nodes", "do", do, "error", err)
	}
	return err == nil
}

func (s *Server) warn(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	var req WarnRequest
	if err := decode(r, &req); err != nil {
		return nil, err
	}
	req.Session, req.By = r.PathValue("id"), peerOf(r.Context())
	return s.service.Warn(r.Context(), req)
}
