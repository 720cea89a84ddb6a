package admin

import (
	"context"
	"slices"

	"github.com/joingyd/joingyd/ban"
)

// HistoryRequest asks for bans that have ended. What is empty leaves none out.
type HistoryRequest struct {
	Target string  // was on it or around it, as ban.ParseTarget reads it
	By     string  // who made or ended it, as in BansRequest
	How    ban.How // it ended
	Limit  int     // at most so many, up to MaxListed; 0: 100
}

// History is bans that have ended, the last first.
type History struct {
	Ended []ban.Ended `json:"ended"`
	Total int         `json:"total"` // how many match, without the limit
}

// historyDefault is the limit where none is given.
const historyDefault = 100

var hows = []ban.How{ban.HowRemoved, ban.HowExpired, ban.HowReplaced}

// Validate is as that of BanRequest.
func (r HistoryRequest) Validate() error {
	switch {
	case r.How != "" && !slices.Contains(hows, r.How):
		return invalid("%s is not how a ban ends; write removed, expired or replaced", quote(string(r.How)))
	case r.Limit < 0 || r.Limit > MaxListed:
		return invalid("the limit is %d; write a number from 1 to %d", r.Limit, MaxListed)
	case r.Target == "":
		return nil
	}
	_, err := ban.ParseTarget(r.Target)
	return fromStore(err)
}

// History lists bans that have ended.
func (s *Service) History(ctx context.Context, req HistoryRequest) (History, error) {
	if err := req.Validate(); err != nil {
		return History{}, err
	}
	wanted := func(e ban.Ended) bool {
		return (req.How == "" || e.How == req.How) && (req.By == "" || isBy(e.Ban.By, req.By) || isBy(e.By, req.By))
	}
	if req.Target != "" {
		target, err := ban.ParseTarget(req.Target)
		if err != nil {
			return History{}, fromStore(err)
		}
		simple, wasOn := wanted, s.bans.WasOn(target)
		wanted = func(e ban.Ended) bool { return simple(e) && wasOn(e) }
	}
	if req.Limit == 0 {
		req.Limit = historyDefault
	}
	last := shortlist[ban.Ended]{n: req.Limit, order: func(a, b ban.Ended) int { return b.At.Compare(a.At) }}
	total := 0
	for e, err := range s.bans.Ended() {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return History{}, fromStore(err)
		}
		if wanted(e) {
			total++
			last.add(e)
		}
	}
	return History{Ended: last.from(0), Total: total}, nil
}
