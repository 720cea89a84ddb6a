package admin

import (
	"context"
	"net/http"
	"net/url"

	"github.com/joingyd/joingyd/disclosure"
)

func (s *Server) routeDisclosures() {
	s.mux.HandleFunc("POST /v1/disclosures", s.answer(s.disclose))
	s.mux.HandleFunc("POST /v1/disclosures/{id}/sign", s.answer(s.signDisclosure))
	s.mux.HandleFunc("POST /v1/disclosures/{id}/confirm", s.answer(s.confirmDisclosure))
	s.mux.HandleFunc("POST /v1/disclosures/{id}/refuse", s.answer(s.refuseDisclosure))
	s.mux.HandleFunc("GET /v1/disclosures", s.answer(s.disclosures))
	s.mux.HandleFunc("GET /v1/disclosures/key", s.answer(s.disclosureKey))
}

func (s *Server) disclose(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	var req DiscloseRequest
	if err := decode(r, &req); err != nil {
		return nil, err
	}
	req.By = peerOf(r.Context())
	return s.service.Disclose(r.Context(), req)
}

func (s *Server) signDisclosure(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	var req SignRequest
	if err := decode(r, &req); err != nil {
		return nil, err
	}
	req.ID, req.By = r.PathValue("id"), peerOf(r.Context())
	return s.service.SignDisclosure(r.Context(), req)
}

func (s *Server) confirmDisclosure(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	return s.service.ConfirmDisclosure(r.Context(), ConfirmRequest{ID: r.PathValue("id"), By: peerOf(r.Context())})
}

func (s *Server) refuseDisclosure(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	var req RefuseRequest
	if err := decode(r, &req); err != nil {
		return nil, err
	}
	req.ID, req.By = r.PathValue("id"), peerOf(r.Context())
	return s.service.RefuseDisclosure(r.Context(), req)
}

func (s *Server) disclosures(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	return s.service.Disclosures(r.Context())
}

func (s *Server) disclosureKey(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	return s.service.DisclosureKey(r.Context())
}

// Disclose hands out what an authority may be told. The server ignores req.By and asks the
// kernel; so do the others.
func (c *Client) Disclose(ctx context.Context, req DiscloseRequest) (result DiscloseResult, err error) {
	err = c.do(ctx, http.MethodPost, "/v1/disclosures", req, &result)
	return result, err
}

// SignDisclosure signs what was made.
func (c *Client) SignDisclosure(ctx context.Context, req SignRequest) (result SignResult, err error) {
	err = c.do(ctx, http.MethodPost, "/v1/disclosures/"+url.PathEscape(req.ID)+"/sign", req, &result)
	return result, err
}

// ConfirmDisclosure is a second person's word.
func (c *Client) ConfirmDisclosure(ctx context.Context, req ConfirmRequest) (e disclosure.Entry, err error) {
	err = c.do(ctx, http.MethodPost, "/v1/disclosures/"+url.PathEscape(req.ID)+"/confirm", nil, &e)
	return e, err
}

// RefuseDisclosure ends an emergency that was not made.
func (c *Client) RefuseDisclosure(ctx context.Context, req RefuseRequest) (e disclosure.Entry, err error) {
	err = c.do(ctx, http.MethodPost, "/v1/disclosures/"+url.PathEscape(req.ID)+"/refuse", req, &e)
	return e, err
}

// Disclosures lists all that was asked for.
func (c *Client) Disclosures(ctx context.Context) (list DisclosureList, err error) {
	err = c.do(ctx, http.MethodGet, "/v1/disclosures", nil, &list)
	return list, err
}

// DisclosureKey returns the public key of the signatures.
func (c *Client) DisclosureKey(ctx context.Context) (key DisclosureKey, err error) {
	err = c.do(ctx, http.MethodGet, "/v1/disclosures/key", nil, &key)
	return key, err
}
