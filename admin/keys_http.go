package admin

import (
	"context"
	"net/http"
	"net/url"
)

// Keys lists the keys.
func (c *Client) Keys(ctx context.Context) (result KeyList, err error) {
	err = c.do(ctx, http.MethodGet, "/v1/keys", nil, &result)
	return result, err
}

// RotateKeys makes a new key for what is to come. The server ignores req.By and asks
// the kernel.
func (c *Client) RotateKeys(ctx context.Context, req RotateRequest) (result RotateResult, err error) {
	path := "/v1/keys/rotate"
	if req.For != "" {
		path += "?for=" + url.QueryEscape(string(req.For))
	}
	err = c.do(ctx, http.MethodPost, path, nil, &result)
	return result, err
}

func (s *Server) keys(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	return s.service.Keys(r.Context())
}

func (s *Server) rotateKeys(r *http.Request) (any, error) {
	query, err := readQuery(r, "for")
	if err != nil {
		return nil, err
	}
	return s.service.RotateKeys(r.Context(), RotateRequest{For: KeyPurpose(query.Get("for")), By: peerOf(r.Context())})
}
