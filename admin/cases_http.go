package admin

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

func (s *Server) routeCases() {
	s.mux.HandleFunc("GET /v1/cases", everywhere(s, limited(s.service.Cases), mergeCases(gravest)))
	s.mux.HandleFunc("GET /v1/cases/stats", s.answer(s.caseStats))
	s.mux.HandleFunc("GET /v1/cases/held", everywhere(s, limited(s.service.HeldCases), mergeCases(heldShortest)))
	s.mux.HandleFunc("GET /v1/cases/about", everywhere(s, s.casesAbout, mergeCases(oldest)))
	s.mux.HandleFunc("GET /v1/cases/{id}", s.anywhere(s.oneCase))
	s.mux.HandleFunc("GET /v1/cases/{id}/evidence", s.anywhere(s.evidence))
	s.mux.HandleFunc("POST /v1/cases/guardian", s.anywhere(s.guardian))
	s.mux.HandleFunc("POST /v1/cases/decide", s.anywhere(s.decide))
	s.mux.HandleFunc("POST /v1/cases/hold", s.anywhere(s.hold))
	s.mux.HandleFunc("POST /v1/cases/release", s.anywhere(s.release))
	s.mux.HandleFunc("POST /v1/desk/login", s.answer(s.login))
}

func (s *Server) caseStats(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	return s.service.CaseStats(r.Context())
}

func (s *Server) oneCase(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	return s.service.Case(r.Context(), r.PathValue("id"))
}

func (s *Server) decide(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	var req DecideRequest
	if err := decode(r, &req); err != nil {
		return nil, err
	}
	req.By = peerOf(r.Context())
	return s.service.Decide(r.Context(), req)
}

// Cases lists the cases that wait for a person on any node, at most limit of them; 0 stands
// for all.
func (c *Client) Cases(ctx context.Context, limit int) (list CaseList, err error) {
	return c.caseList(ctx, "/v1/cases", limit)
}

// caseList asks for cases of all nodes, or of the one that the client asks.
func (c *Client) caseList(ctx context.Context, path string, limit int) (list CaseList, err error) {
	query := c.everywhere()
	if limit != 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	err = c.do(ctx, http.MethodGet, withQuery(path, query), nil, &list)
	return list, err
}

// Case returns one case.
func (c *Client) Case(ctx context.Context, id string) (k Case, err error) {
	if err := validateReport(id); err != nil {
		return k, err
	}
	err = c.do(ctx, http.MethodGet, "/v1/cases/"+url.PathEscape(id), nil, &k)
	return k, err
}

// CaseStats returns figures of reports.
func (c *Client) CaseStats(ctx context.Context) (stats CaseStats, err error) {
	err = c.do(ctx, http.MethodGet, "/v1/cases/stats", nil, &stats)
	return stats, err
}

// Decide decides a case. The server ignores req.By and asks the kernel.
func (c *Client) Decide(ctx context.Context, req DecideRequest) (result DecideResult, err error) {
	err = c.do(ctx, http.MethodPost, "/v1/cases/decide", req, &result)
	return result, err
}
