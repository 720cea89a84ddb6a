package admin

import (
	"context"
	"net/http"
	"net/url"
)

// Ban makes a ban and ends the sessions that it is on. The server ignores
// req.By and asks the kernel.
func (c *Client) Ban(ctx context.Context, req BanRequest) (result BanResult, err error) {
	err = c.do(ctx, http.MethodPost, "/v1/bans", req, &result)
	return result, err
}

// Unban ends a ban. The server ignores req.By and asks the kernel.
func (c *Client) Unban(ctx context.Context, req UnbanRequest) (result UnbanResult, err error) {
	query := url.Values{}
	if req.Target != "" {
		query.Set("target", req.Target)
	}
	if req.Scope != "" {
		query.Set("scope", string(req.Scope))
	}
	if req.ID != "" {
		query.Set("id", req.ID)
	}
	err = c.do(ctx, http.MethodDelete, "/v1/bans?"+query.Encode(), nil, &result)
	return result, err
}

// Bans returns every active ban.
func (c *Client) Bans(ctx context.Context) (result BanList, err error) {
	err = c.do(ctx, http.MethodGet, "/v1/bans", nil, &result)
	return result, err
}

// Check tells whether an address may come in.
func (c *Client) Check(ctx context.Context, req CheckRequest) (result CheckResult, err error) {
	err = c.do(ctx, http.MethodGet, "/v1/bans/check?"+url.Values{"address": {req.Address}}.Encode(), nil, &result)
	return result, err
}
