package admin

import (
	"context"
	"net/http"
)

func (s *Server) hold(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	var req HoldRequest
	if err := decode(r, &req); err != nil {
		return nil, err
	}
	req.By = peerOf(r.Context())
	return s.service.Hold(r.Context(), req)
}

func (s *Server) release(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	var req ReleaseRequest
	if err := decode(r, &req); err != nil {
		return nil, err
	}
	req.By = peerOf(r.Context())
	return s.service.Release(r.Context(), req)
}

func (s *Server) casesAbout(r *http.Request) (any, error) {
	query, err := readQuery(r, "address", "session")
	if err != nil {
		return nil, err
	}
	return s.service.CasesAbout(r.Context(), AboutRequest{Address: query.Get("address"), Session: query.Get("session"), By: peerOf(r.Context())})
}

// Hold keeps a case and its evidence. The server ignores req.By and asks the kernel.
func (c *Client) Hold(ctx context.Context, req HoldRequest) (result HoldResult, err error) {
	err = c.do(ctx, http.MethodPost, "/v1/cases/hold", req, &result)
	return result, err
}

// Release ends a hold. The server ignores req.By and asks the kernel.
func (c *Client) Release(ctx context.Context, req ReleaseRequest) (result HoldResult, err error) {
	err = c.do(ctx, http.MethodPost, "/v1/cases/release", req, &result)
	return result, err
}

// HeldCases lists the cases that are held, at most limit of them; 0 stands for all.
func (c *Client) HeldCases(ctx context.Context, limit int) (list CaseList, err error) {
	return c.caseList(ctx, "/v1/cases/held", limit)
}

// CasesAbout lists the cases that are about an address or a session. The server ignores
// req.By and asks the kernel.
func (c *Client) CasesAbout(ctx context.Context, req AboutRequest) (list CaseList, err error) {
	query := c.everywhere()
	if req.Address != "" {
		query.Set("address", req.Address)
	}
	if req.Session != "" {
		query.Set("session", req.Session)
	}
	err = c.do(ctx, http.MethodGet, "/v1/cases/about?"+query.Encode(), nil, &list)
	return list, err
}
