package admin

import (
	"context"
	"net/http"
)

// Keys lists the keys.
func (c *Client) Keys(ctx context.Context) (result KeyList, err error) {
	err = c.do(ctx, http.MethodGet, "/v1/keys", nil, &result)
	return result, err
}

// RotateKeys makes a new key for the bans to come. The server ignores req.By and
// asks the kernel.
func (c *Client) RotateKeys(ctx context.Context, req RotateRequest) (result RotateResult, err error) {
	err = c.do(ctx, http.MethodPost, "/v1/keys/rotate", nil, &result)
	return result, err
}

func (s *Server) keys(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	return s.service.Keys(r.Context())
}

func (s *Server) rotateKeys(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	return s.service.RotateKeys(r.Context(), RotateRequest{By: peerOf(r.Context())})
}
