package admin

import (
	"context"
	"net/http"
	"net/url"
)

// Allow puts an address or prefix on the allowlist. The server ignores req.By and
// asks the kernel, here and in what follows.
func (c *Client) Allow(ctx context.Context, req AllowRequest) (result AllowResult, err error) {
	err = c.do(ctx, http.MethodPost, "/v1/allowed", req, &result)
	return result, err
}

// Disallow takes an address or prefix off the allowlist.
func (c *Client) Disallow(ctx context.Context, req DisallowRequest) (result AllowResult, err error) {
	err = c.do(ctx, http.MethodDelete, "/v1/allowed?"+url.Values{"target": {req.Target}}.Encode(), nil, &result)
	return result, err
}

// Allowed returns the allowlist.
func (c *Client) Allowed(ctx context.Context) (result Allowlist, err error) {
	err = c.do(ctx, http.MethodGet, "/v1/allowed", nil, &result)
	return result, err
}

func (s *Server) allow(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	var req AllowRequest
	if err := decode(r, &req); err != nil {
		return nil, err
	}
	req.By = peerOf(r.Context())
	return s.service.Allow(r.Context(), req)
}

func (s *Server) disallow(r *http.Request) (any, error) {
	query, err := readQuery(r, "target")
	if err != nil {
		return nil, err
	}
	return s.service.Disallow(r.Context(), DisallowRequest{Target: query.Get("target"), By: peerOf(r.Context())})
}

func (s *Server) allowed(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	return s.service.Allowed(r.Context())
}
