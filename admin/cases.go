package admin

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/moderate"
)

// Case is what is known of what a visitor did, or what somebody who is banned asks, for
// a person to judge. It names no
// address, and reporters only by numbers.
type Case struct {
	ID       string             `json:"id"`
	Node     string             `json:"node,omitempty"` // that it is kept on, with its evidence, where there are several
	Kind     moderate.Kind      `json:"kind"`
	Actions  []moderate.Action  `json:"actions"` // that it can be decided with
	State    moderate.State     `json:"state"`
	Gravity  string             `json:"gravity"` // slight, grave or urgent
	Score    float64            `json:"score"`   // weights of its distinct reporters
	Opened   time.Time          `json:"opened"`
	Session  string             `json:"session,omitempty"` // that it is about, while it lives
	Reports  []CaseReport       `json:"reports"`
	More     int                `json:"more,omitempty"` // reports past those
	Flags    []CaseFlag         `json:"flags,omitempty"`
	Evidence []string           `json:"evidence,omitempty"` // ids of what is kept
	Claim    *moderate.Claim    `json:"claim,omitempty"`
	Decision *moderate.Decision `json:"decision,omitempty"`
	Appeal   *CaseAppeal        `json:"appeal,omitempty"` // only of that kind
	Hold     *moderate.Hold     `json:"hold,omitempty"`   // that it is kept for, whatever becomes of it
}

// CaseReport is one visitor's word.
type CaseReport struct {
	ID       string    `json:"id"`
	Reason   string    `json:"reason"`
	At       time.Time `json:"at"`
	Reporter int       `json:"reporter"` // 1 for the first of the case, who may report twice
	Weight   float64   `json:"weight"`   // from 0 to 1, by what became of the reporter's earlier reports
	Lines    int       `json:"lines"`    // of the chat, in the evidence
	Note     bool      `json:"note,omitempty"`
}

// CaseFlag is what a program saw in a still.
type CaseFlag struct {
	At      time.Time `json:"at"`
	Label   string    `json:"label"`
	Score   float64   `json:"score"`
	Model   string    `json:"model,omitempty"`
	Claimed bool      `json:"claimed,omitempty"` // the viewer's browser says so, and nobody else
	Rule    string    `json:"rule"`
	Viewer  int       `json:"viewer"`  // 1 for the first of the case, whose browser may have sent several
	Support string    `json:"support"` // whether the still of who is on it agrees: supported, unsupported or unknown
	Did     []string  `json:"did"`     // at once
}

// CaseList is the cases that wait for a person, the gravest first and of those the
// oldest.
type CaseList struct {
	Cases []Case `json:"cases"`
	Total int    `json:"total"` // that wait

	Missing []string `json:"missing,omitempty"` // nodes whose cases are not among them, and why
}

// CaseStats are figures of reports.
type CaseStats struct {
	Waiting map[string]int    `json:"waiting"` // cases, by gravity
	Oldest  int               `json:"oldest"`  // seconds that the oldest of them waits
	Dropped uint64            `json:"dropped"` // reports that opened nothing since the start: past a reporter's most of a day, or for want of room
	Months  []moderate.Totals `json:"months"`  // the newest first
}

// DecideRequest is what a person made of a case.
type DecideRequest struct {
	Case   string          `json:"case"` // its id, or that of one of its reports
	Do     moderate.Action `json:"do"`
	Reason string          `json:"reason"`           // shown to the visitor, but for dismiss
	For    string          `json:"for,omitempty"`    // ban: as BanRequest has it; empty: the next of the configured steps
	Shared bool            `json:"shared,omitempty"` // ban: many share the address
	Force  bool            `json:"force,omitempty"`  // ban: also one that looks like a mistake; lift: also a ban on a whole network

	By string `json:"-"` // as in BanRequest
}

// DecideResult is what came of a decision.
type DecideResult struct {
	Case   Case       `json:"case"`
	Ban    *BanResult `json:"ban,omitempty"`    // that was made
	Ended  bool       `json:"ended,omitempty"`  // end: there was a session to end
	Warned bool       `json:"warned,omitempty"` // warn: there was a session to warn

	Lifted  []ban.Ban `json:"lifted,omitempty"`  // lift: the bans that have ended
	Warning string    `json:"warning,omitempty"` // what whoever decided is to know
}

// Validate reports what is wrong with the request itself.
func (r DecideRequest) Validate() error {
	d := moderate.Decision{Do: r.Do, Reason: r.Reason, By: cmp.Or(r.By, unknownPeer)}
	if err := d.Validate(); err != nil {
		return invalid("%s", err)
	}
	if (r.For != "" || r.Shared) && r.Do != moderate.Ban {
		return invalid("only a ban has an end; leave out for and shared")
	}
	if r.For != "" {
		if _, err := parseFor(r.For); err != nil {
			return err
		}
	}
	return validateReport(r.Case)
}

var errNoCases = &Error{CodeUnavailable, "reports are the running daemon's; start it, and leave out --offline"}

// ValidateLimit reports what is wrong with the limit of a list of cases.
func ValidateLimit(limit int) error {
	if limit < 0 {
		return invalid("limit is %d; write how many at most, or 0 for all", limit)
	}
	return nil
}

// Cases lists the cases that wait for a person, at most limit of them; 0 stands for all.
func (s *Service) Cases(_ context.Context, limit int) (CaseList, error) {
	if s.opts.Cases == nil {
		return CaseList{}, errNoCases
	}
	if err := ValidateLimit(limit); err != nil {
		return CaseList{}, err
	}
	total := s.opts.Cases.Waiting()
	return s.caseList(s.opts.Cases.Queue(limit), total), nil
}

// Case returns one case, by its id or that of one of its reports.
func (s *Service) Case(_ context.Context, id string) (Case, error) {
	if s.opts.Cases == nil {
		return Case{}, errNoCases
	}
	if err := validateReport(id); err != nil {
		return Case{}, err
	}
	k, err := s.opts.Cases.Get(id)
	if err != nil {
		return Case{}, fromCases(err, id)
	}
	return s.caseOf(k), nil
}

// CaseStats returns figures of reports.
func (s *Service) CaseStats(context.Context) (CaseStats, error) {
	if s.opts.Cases == nil {
		return CaseStats{}, errNoCases
	}
	now := s.opts.Cases.Stats()
	months, err := s.opts.Cases.Totals()
	if err != nil {
		return CaseStats{}, fromCases(err, "")
	}
	return CaseStats{Waiting: now.Waiting, Oldest: now.Oldest, Dropped: now.Dropped, Months: append([]moderate.Totals{}, months...)}, nil
}

// Decide carries a decision out, and then writes it down: what is written was done.
// One that needs a second person bans for a time until there is one.
func (s *Service) Decide(ctx context.Context, req DecideRequest) (result DecideResult, err error) {
	if s.opts.Cases == nil {
		return result, errNoCases
	}
	req.By = cmp.Or(req.By, ownName())
	if err := req.Validate(); err != nil {
		return result, err
	}
	d := moderate.Decision{Do: req.Do, By: req.By, Reason: req.Reason}
	k, err := s.opts.Cases.Get(req.Case)
	if err == nil {
		err = s.opts.Cases.Allows(k, &d)
	}
	if err == nil {
		k, err = s.opts.Cases.Claim(k.ID, req.By) // nobody else decides meanwhile
	}
	if err != nil {
		return result, fromCases(err, req.Case)
	}
	if err := s.recordDecision(k, d); err != nil {
		return result, err
	}
	if err := s.carryOut(ctx, k, req, &result); err != nil {
		return result, err
	}
	if k, err = s.opts.Cases.Decide(k.ID, d); err != nil {
		return result, fromCases(err, req.Case)
	}
	s.opts.Log.InfoContext(ctx, "case decided", "case", k.ID, "do", d.Do, "by", d.By, "state", k.State)
	result.Case = s.caseOf(k)
	return result, nil
}

// recordDecision writes down what is decided, and does what it will want held: that is on
// disk before anything is carried out.
func (s *Service) recordDecision(k *moderate.Case, d moderate.Decision) error {
	details := map[string]string{"do": string(d.Do), "gravity": k.Gravity.String()}
	if k.State == moderate.StatePending || !s.opts.Cases.NeedsSecond(&d) {
		until, err := s.opts.Cases.Freeze(k, d.Do)
		if err != nil {
			return &Error{CodeInternal, "nothing was decided: " + err.Error()}
		}
		if !until.IsZero() {
			details["held"] = until.Format(time.DateOnly)
		}
	}
	return s.record(d.By, "report.decide", k.ID, details)
}

// carryOut does what a decision says.
func (s *Service) carryOut(ctx context.Context, k *moderate.Case, req DecideRequest, result *DecideResult) error {
	id, err := ident.ParseSession(k.Session)
	switch req.Do {
	case moderate.Warn:
		result.Warned = err == nil && s.reach(ctx, "warn", id, req.Reason, req.By)
	case moderate.End:
		result.Ended = err == nil && s.reach(ctx, "kick", id, req.Reason, req.By)
	case moderate.Ban, moderate.Permanent:
		if len(k.Suspects) == 0 {
			return invalid("nobody knows of whom case %s is, so there is nobody to ban", k.ID)
		}
		// What waits for a second person is a ban for a time until then.
		alone := s.opts.Cases.NeedsSecond(&moderate.Decision{Do: req.Do}) && k.State != moderate.StatePending
		permanent := req.Do == moderate.Permanent && !alone
		made, err := s.Ban(ctx, BanRequest{
			Report: k.ID, Reason: req.Reason, For: req.For, Shared: req.Shared,
			Permanent: permanent, Escalate: !permanent && req.For == "", Force: req.Force, By: req.By,
		})
		if err != nil {
			return err
		}
		result.Ban = &made
	case moderate.Uphold:
		if k.BannedBy(req.By) {
			result.Warning = ownBan
		}
	case moderate.Lift:
		result.Lifted, err = s.lift(ctx, k, req)
		return err
	}
	return nil
}

func (s *Service) caseOf(k *moderate.Case) Case {
	c := Case{
		ID: k.ID, Node: s.node(), Kind: k.Kind, Actions: k.Actions(), State: k.State, Gravity: k.Gravity.String(), Score: k.Score, Opened: k.Opened,
		Reports: []CaseReport{}, More: k.More, Evidence: k.Evidence, Claim: k.Claim, Decision: k.Decision, Hold: k.Hold,
	}
	if id, err := ident.ParseSession(k.Session); err == nil && len(s.live.Addresses(id)) > 0 {
		c.Session = k.Session
	}
	if k.Appeal != nil {
		c.Appeal = &CaseAppeal{k.Appeal.Bans}
	}
	reporters, viewers := make(numbers), make(numbers)
	for _, r := range k.Reports {
		c.Reports = append(c.Reports, CaseReport{ID: r.ID, Reason: r.Reason, At: r.At, Reporter: reporters.of(r.Reporter), Weight: r.Weight, Lines: r.Lines, Note: r.Note})
	}
	for _, f := range k.Flags {
		c.Flags = append(c.Flags, CaseFlag{At: f.At, Label: f.Label, Score: f.Score, Model: f.Model, Claimed: f.Claimed, Rule: f.Rule, Viewer: viewers.of(f.Viewer), Support: f.Support, Did: f.Did})
	}
	return c
}

// numbers stand for pseudonyms, from 1 in the order in which they come.
type numbers map[string]int

func (n numbers) of(pseudonym string) int {
	if n[pseudonym] == 0 {
		n[pseudonym] = len(n) + 1
	}
	return n[pseudonym]
}

// fromCases turns an error of the cases into one for the wire.
func fromCases(err error, id string) error {
	held, isHeld := errors.AsType[moderate.ErrHeld](err)
	_, wrongAction := errors.AsType[moderate.ErrAction](err)
	switch {
	case errors.Is(err, moderate.ErrNotFound):
		return notFound("there is no case or report %s; joingyd reports list shows those that wait", quote(id))
	case isHeld:
		return &Error{CodeUnavailable, held.Error() + " (UTC); take another, or ask them"}
	case errors.Is(err, moderate.ErrDecided):
		return invalid("case %s is decided already; joingyd reports show %s tells how", id, id)
	case wrongAction, errors.Is(err, moderate.ErrNeedsAnother), errors.Is(err, moderate.ErrOwnBan), errors.Is(err, moderate.ErrLonger), errors.Is(err, moderate.ErrNotHeld), errors.Is(err, moderate.ErrNothing):
		return invalid("%s", err)
	}
	return &Error{CodeInternal, err.Error()}
}
