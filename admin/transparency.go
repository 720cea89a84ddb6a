package admin

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/joingyd/joingyd/moderate"
)

// TransparencyRequest asks for monthly figures. Months are written as 2026-11, in UTC.
type TransparencyRequest struct {
	From string // the first; empty: the first that has figures
	To   string // the last; empty: this one
}

// Transparency is monthly figures, the newest first. A month that is not there had
// nothing to count.
type Transparency struct {
	Months []MonthFigures `json:"months"`
}

// MonthFigures are one month's. The hours are those within which half and nine tenths of
// the decisions were made, from the first report or flag of a case, rounded up: see
// moderate.Delays. 0: there were none.
type MonthFigures struct {
	moderate.Totals
	Running     bool `json:"running,omitempty"` // it is not over
	MedianHours int  `json:"median_hours"`
	P90Hours    int  `json:"p90_hours"`
}

const monthForm = "2006-01"

// Validate is as that of BanRequest.
func (r TransparencyRequest) Validate() error {
	for _, month := range []struct{ flag, text string }{{"--from", r.From}, {"--to", r.To}} {
		if _, err := time.Parse(monthForm, month.text); err != nil && month.text != "" {
			return invalid("%s is %s; write a month like 2026-11", month.flag, quote(month.text))
		}
	}
	if r.From != "" && r.To != "" && r.From > r.To {
		return invalid("--from %s is after --to %s; swap them", r.From, r.To)
	}
	return nil
}

// Transparency returns monthly figures.
func (s *Service) Transparency(_ context.Context, req TransparencyRequest) (Transparency, error) {
	if s.opts.Cases == nil {
		return Transparency{}, errNoCases
	}
	if err := req.Validate(); err != nil {
		return Transparency{}, err
	}
	months, err := s.opts.Cases.Totals()
	if err != nil {
		return Transparency{}, fromCases(err, "")
	}
	result := Transparency{Months: []MonthFigures{}}
	now := s.opts.Now().UTC().Format(monthForm)
	for _, m := range months {
		if m.Month < req.From || req.To != "" && m.Month > req.To {
			continue
		}
		result.Months = append(result.Months, MonthFigures{
			Totals: m, Running: m.Month == now, MedianHours: m.Delays.Within(50), P90Hours: m.Delays.Within(90),
		})
	}
	return result, nil
}

func (s *Server) transparency(r *http.Request) (any, error) {
	query, err := readQuery(r, "from", "to")
	if err != nil {
		return nil, err
	}
	return s.service.Transparency(r.Context(), TransparencyRequest{From: query.Get("from"), To: query.Get("to")})
}

// Transparency returns monthly figures.
func (c *Client) Transparency(ctx context.Context, req TransparencyRequest) (result Transparency, err error) {
	query := url.Values{}
	setText(query, "from", req.From)
	setText(query, "to", req.To)
	err = c.do(ctx, http.MethodGet, "/v1/transparency?"+query.Encode(), nil, &result)
	return result, err
}
