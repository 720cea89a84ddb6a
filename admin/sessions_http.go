package admin

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

// Sessions lists the live sessions.
func (c *Client) Sessions(ctx context.Context, req SessionsRequest) (result SessionList, err error) {
	query := url.Values{}
	if req.Everywhere {
		query = c.everywhere()
	}
	if req.State != "" {
		query.Set("state", string(req.State))
	}
	if req.Sort != "" {
		query.Set("sort", string(req.Sort))
	}
	if req.Limit != 0 {
		query.Set("limit", strconv.Itoa(req.Limit))
	}
	err = c.do(ctx, http.MethodGet, withQuery("/v1/sessions", query), nil, &result)
	return result, err
}

func (s *Server) sessions(r *http.Request) (any, error) {
	req, err := readSessionsRequest(r)
	if err != nil {
		return nil, err
	}
	return s.service.Sessions(r.Context(), req)
}

func readSessionsRequest(r *http.Request) (req SessionsRequest, err error) {
	query, err := readQuery(r, "state", "sort", "limit")
	if err != nil {
		return req, err
	}
	req = SessionsRequest{State: SessionState(query.Get("state")), Sort: SessionSort(query.Get("sort"))}
	if text := query.Get("limit"); text != "" {
		if req.Limit, err = strconv.Atoi(text); err != nil || req.Limit == 0 {
			return req, invalid("limit is %s; write a number from 1 to %d", quote(text), sessionsMost)
		}
	}
	return req, nil
}
