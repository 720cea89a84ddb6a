package admin

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/joingyd/joingyd/totals"
)

// Totals are the daily figures.
type Totals interface {
	// Days returns those of the days from and to, both included; an empty name is no bound.
	Days(from, to string) ([]totals.Day, error)
}

// TotalsRequest names days, such as 2026-11-29. Both are included; an empty one is no bound.
type TotalsRequest struct{ From, To string }

// TotalsList is the figures of each day that has any, the oldest first.
type TotalsList struct {
	Days []totals.Day `json:"days"`
}

// Validate says what is wrong with the request.
func (r TotalsRequest) Validate() error {
	for name, day := range map[string]string{"from": r.From, "to": r.To} {
		if day == "" {
			continue
		}
		if err := totals.ParseDay(day); err != nil {
			return invalid("%s: %s", name, err)
		}
	}
	if r.From != "" && r.To != "" && r.From > r.To {
		return invalid("from: %s is after %s; give the earlier day first", r.From, r.To)
	}
	return nil
}

// Totals returns daily figures.
func (s *Service) Totals(_ context.Context, req TotalsRequest) (TotalsList, error) {
	if err := req.Validate(); err != nil {
		return TotalsList{}, err
	}
	if s.opts.Totals == nil {
		return TotalsList{}, errNotRunning
	}
	days, err := s.opts.Totals.Days(req.From, req.To)
	if err != nil {
		return TotalsList{}, &Error{CodeInternal, fmt.Sprint(err)}
	}
	return TotalsList{Days: append([]totals.Day{}, days...)}, nil
}

// Totals returns daily figures.
func (c *Client) Totals(ctx context.Context, req TotalsRequest) (result TotalsList, err error) {
	query := url.Values{}
	for name, day := range map[string]string{"from": req.From, "to": req.To} {
		if day != "" {
			query.Set(name, day)
		}
	}
	err = c.do(ctx, http.MethodGet, "/v1/totals?"+query.Encode(), nil, &result)
	return result, err
}

func (s *Server) totals(r *http.Request) (any, error) {
	query, err := readQuery(r, "from", "to")
	if err != nil {
		return nil, err
	}
	return s.service.Totals(r.Context(), TotalsRequest{query.Get("from"), query.Get("to")})
}
