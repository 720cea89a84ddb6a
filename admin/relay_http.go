package admin

import (
	"context"
	"net/http"
	"net/url"
)

// RelayList lists the allocations. The server ignores req.By and asks the
// kernel, here and in what follows.
func (c *Client) RelayList(ctx context.Context, req RelayListRequest) (result RelayList, err error) {
	query := url.Values{}
	if req.Session != "" {
		query.Set("session", req.Session)
	}
	err = c.do(ctx, http.MethodGet, "/v1/relay"+withAddresses(query, req.Addresses), nil, &result)
	return result, err
}

// RelayShow returns the allocations that have a name, at least one.
func (c *Client) RelayShow(ctx context.Context, req RelayShowRequest) (result RelayList, err error) {
	path := "/v1/relay/" + url.PathEscape(req.Name) + withAddresses(url.Values{}, req.Addresses)
	err = c.do(ctx, http.MethodGet, path, nil, &result)
	return result, err
}

// RelayKill closes allocations.
func (c *Client) RelayKill(ctx context.Context, req RelayKillRequest) (result RelayKillResult, err error) {
	query := url.Values{}
	if req.Relayed != "" {
		query.Set("relayed", req.Relayed)
	}
	if req.Session != "" {
		query.Set("session", req.Session)
	}
	err = c.do(ctx, http.MethodDelete, "/v1/relay?"+query.Encode(), nil, &result)
	return result, err
}

// RelayDrain starts to empty the relay, and does not wait until it is.
func (c *Client) RelayDrain(ctx context.Context, req RelayDrainRequest) (result RelayDrainResult, err error) {
	err = c.do(ctx, http.MethodPost, "/v1/relay/drain", req, &result)
	return result, err
}

func withAddresses(query url.Values, addresses bool) string {
	if addresses {
		query.Set("addresses", "true")
	}
	if len(query) == 0 {
		return ""
	}
	return "?" + query.Encode()
}

func (s *Server) relayList(r *http.Request) (any, error) {
	query, err := readQuery(r, "session", "addresses")
	if err != nil {
		return nil, err
	}
	addresses, err := readSwitch(query, "addresses")
	if err != nil {
		return nil, err
	}
	return s.service.RelayList(r.Context(), RelayListRequest{Session: query.Get("session"), Addresses: addresses, By: peerOf(r.Context())})
}

func (s *Server) relayShow(r *http.Request) (any, error) {
	query, err := readQuery(r, "addresses")
	if err != nil {
		return nil, err
	}
	addresses, err := readSwitch(query, "addresses")
	if err != nil {
		return nil, err
	}
	return s.service.RelayShow(r.Context(), RelayShowRequest{Name: r.PathValue("name"), Addresses: addresses, By: peerOf(r.Context())})
}

func (s *Server) relayKill(r *http.Request) (any, error) {
	query, err := readQuery(r, "relayed", "session")
	if err != nil {
		return nil, err
	}
	return s.service.RelayKill(r.Context(), RelayKillRequest{Relayed: query.Get("relayed"), Session: query.Get("session"), By: peerOf(r.Context())})
}

func (s *Server) relayDrain(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	var req RelayDrainRequest
	if err := decode(r, &req); err != nil {
		return nil, err
	}
	req.By = peerOf(r.Context())
	return s.service.RelayDrain(r.Context(), req)
}
