package admin

import (
	"context"
	"net/http"
	"net/url"
)

func (s *Server) routePrivacy() {
	s.mux.HandleFunc("GET /v1/privacy", s.answer(s.held))
	s.mux.HandleFunc("POST /v1/privacy/access", s.anywhere(s.dataOf))
	s.mux.HandleFunc("POST /v1/privacy/erase", s.anywhere(s.erase))
	s.mux.HandleFunc("GET /v1/privacy/requests", everywhere(s, s.privacyRequests, mergeRequests))
	s.mux.HandleFunc("GET /v1/privacy/requests/{id}", s.anywhere(s.privacyRequest))
	s.mux.HandleFunc("POST /v1/privacy/requests/end", s.anywhere(s.endPrivacyRequest))
}

func (s *Server) held(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	return s.service.Held(r.Context())
}

func (s *Server) dataOf(r *http.Request) (any, error) {
	var req SubjectRequest
	if err := readBody(r, &req); err != nil {
		return nil, err
	}
	req.By = peerOf(r.Context())
	return s.service.DataOf(r.Context(), req)
}

func (s *Server) erase(r *http.Request) (any, error) {
	var req EraseRequest
	if err := readBody(r, &req); err != nil {
		return nil, err
	}
	req.By = peerOf(r.Context())
	// Whoever asked may be gone: what is begun is completed all the same.
	return s.service.Erase(context.WithoutCancel(r.Context()), req)
}

func (s *Server) privacyRequests(r *http.Request) (any, error) {
	query, err := readQuery(r, "all")
	if err != nil {
		return nil, err
	}
	all, err := readSwitch(query, "all")
	if err != nil {
		return nil, err
	}
	return s.service.PrivacyRequests(r.Context(), all)
}

func (s *Server) privacyRequest(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	return s.service.PrivacyRequest(r.Context(), r.PathValue("id"))
}

func (s *Server) endPrivacyRequest(r *http.Request) (any, error) {
	var req EndRequest
	if err := readBody(r, &req); err != nil {
		return nil, err
	}
	req.By = peerOf(r.Context())
	return s.service.EndPrivacyRequest(r.Context(), req)
}

// readBody reads a request that is a body alone.
func readBody(r *http.Request, into any) error {
	if err := noQuery(r); err != nil {
		return err
	}
	return decode(r, into)
}

// Held tells what is held, of everybody.
func (c *Client) Held(ctx context.Context) (report PrivacyReport, err error) {
	err = c.do(ctx, http.MethodGet, "/v1/privacy", nil, &report)
	return report, err
}

// DataOf returns what is held of somebody. The server ignores req.By and asks the kernel.
func (c *Client) DataOf(ctx context.Context, req SubjectRequest) (data PersonalData, err error) {
	err = c.do(ctx, http.MethodPost, "/v1/privacy/access", req, &data)
	return data, err
}

// Erase deletes what may be deleted of somebody. The server ignores req.By and asks the
// kernel.
func (c *Client) Erase(ctx context.Context, req EraseRequest) (e Erasure, err error) {
	err = c.do(ctx, http.MethodPost, "/v1/privacy/erase", req, &e)
	return e, err
}

// PrivacyRequests lists requests for data, of all nodes or of the one that the client asks.
func (c *Client) PrivacyRequests(ctx context.Context, all bool) (list PrivacyRequestList, err error) {
	query := c.everywhere()
	if all {
		query.Set("all", "true")
	}
	err = c.do(ctx, http.MethodGet, withQuery("/v1/privacy/requests", query), nil, &list)
	return list, err
}

// PrivacyRequest returns one request for data.
func (c *Client) PrivacyRequest(ctx context.Context, id string) (r PrivacyRequest, err error) {
	err = c.do(ctx, http.MethodGet, "/v1/privacy/requests/"+url.PathEscape(id), nil, &r)
	return r, err
}

// EndPrivacyRequest answers or refuses a request. The server ignores req.By and asks the
// kernel.
func (c *Client) EndPrivacyRequest(ctx context.Context, req EndRequest) (r PrivacyRequest, err error) {
	err = c.do(ctx, http.MethodPost, "/v1/privacy/requests/end", req, &r)
	return r, err
}
