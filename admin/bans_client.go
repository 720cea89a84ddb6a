package admin

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
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
	setText(query, "target", req.Target)
	setText(query, "scope", string(req.Scope))
	setText(query, "id", req.ID)
	err = c.do(ctx, http.MethodDelete, "/v1/bans?"+query.Encode(), nil, &result)
	return result, err
}

// Bans lists active bans. Those without a limit are sorted here. More than 128 MiB
// of them are an error.
func (c *Client) Bans(ctx context.Context, req BansRequest) (list BanList, err error) {
	if err := req.Validate(); err != nil {
		return BanList{}, err
	}
	asked := req
	if req.Limit == 0 && !req.asMade() {
		asked.Sort, asked.Reverse = "", false
	}
	err = c.do(ctx, http.MethodGet, "/v1/bans?"+asked.query().Encode(), nil, &list)
	if req.Limit == 0 && !req.asMade() {
		slices.SortFunc(list.Bans, req.order())
	}
	return list, err
}

func (r BansRequest) query() url.Values {
	query := url.Values{}
	for name, value := range map[string]string{
		"scope": string(r.Scope), "kind": string(r.Kind), "by": r.By, "reason": r.Reason, "report": r.Report,
		"ends_within": r.EndsWithin, "id": r.ID, "target": r.Target, "sort": string(r.Sort),
	} {
		setText(query, name, value)
	}
	if r.Permanent != nil {
		query.Set("permanent", strconv.FormatBool(*r.Permanent))
	}
	setSwitch(query, "shown", r.Shown)
	setSwitch(query, "reverse", r.Reverse)
	setNumber(query, "limit", r.Limit)
	setNumber(query, "offset", r.Offset)
	return query
}

// setText, setNumber and setSwitch leave out what is empty.
func setText(query url.Values, name, value string) {
	if value != "" {
		query.Set(name, value)
	}
}

func setNumber(query url.Values, name string, value int) {
	if value != 0 {
		query.Set(name, strconv.Itoa(value))
	}
}

func setSwitch(query url.Values, name string, value bool) {
	if value {
		query.Set(name, "true")
	}
}

// Check tells whether an address may come in.
func (c *Client) Check(ctx context.Context, req CheckRequest) (result CheckResult, err error) {
	err = c.do(ctx, http.MethodGet, "/v1/bans/check?"+url.Values{"address": {req.Address}}.Encode(), nil, &result)
	return result, err
}

// History lists bans that have ended.
func (c *Client) History(ctx context.Context, req HistoryRequest) (result History, err error) {
	query := url.Values{}
	setText(query, "target", req.Target)
	setText(query, "by", req.By)
	setText(query, "how", string(req.How))
	setNumber(query, "limit", req.Limit)
	err = c.do(ctx, http.MethodGet, "/v1/bans/history?"+query.Encode(), nil, &result)
	return result, err
}

// BanStats counts bans.
func (c *Client) BanStats(ctx context.Context) (result BanStats, err error) {
	err = c.do(ctx, http.MethodGet, "/v1/bans/stats", nil, &result)
	return result, err
}

// Reports lists what the daemon remembers of reports.
func (c *Client) Reports(ctx context.Context) (result ReportList, err error) {
	err = c.do(ctx, http.MethodGet, "/v1/reports", nil, &result)
	return result, err
}
