package admin

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/joingyd/joingyd/ban"
)

// Ban makes a ban and ends the sessions that it is on.
func (s *Service) Ban(ctx context.Context, req BanRequest) (BanResult, error) {
	w, err := s.wish(req)
	if err != nil {
		return BanResult{}, err
	}
	makeBans := s.bans.AddAll
	if req.DryRun {
		makeBans = s.bans.Plan
	}
	made, err := makeBans(w.entries)
	if err != nil {
		return BanResult{}, fromStore(err)
	}
	bans := slices.Concat(made.Bans, made.Kept)
	result := BanResult{
		Ban: bans[0], Also: bans[1:], Kept: len(made.Bans) == 0, Widened: made.Widened,
		Offence: w.offence, Allowed: w.allowed, KnownShared: w.knownShared, DryRun: req.DryRun,
	}
	if !req.DryRun {
		s.tallyBans(slices.Concat(made.Bans, made.Widened))
		result.EndedSessions = s.live.Enforce(s.keepsOut(w.entries, made))
		for _, b := range slices.Concat(made.Bans, made.Widened) {
			s.opts.Log.InfoContext(ctx, "ban added", "id", b.ID, "kind", b.Kind, "scope", b.Scope, "by", b.By, "until", untilText(b), "ended_sessions", result.EndedSessions)
		}
	}
	switch keepsOut := s.keepsOut(w.entries, made); {
	case result.Ban.Scope != ban.ScopeAll:
		result.LimitedSessions = s.live.Affected(keepsOut)
	case req.DryRun:
		result.EndedSessions = s.live.Affected(keepsOut)
	}
	return result, nil
}

// wish is a request for a ban after every check: what the store is to make, and
// what the admin is to be told beside.
type wish struct {
	entries     []ban.Entry
	offence     *Offence
	allowed     []netip.Prefix
	knownShared []netip.Prefix
}

func (s *Service) wish(req BanRequest) (w wish, err error) {
	req.By = cmp.Or(req.By, ownName())
	if err := req.Validate(); err != nil {
		return w, err
	}
	targets, err := s.targets(req)
	if err != nil {
		return w, err
	}
	if err := s.guard(targets, req); err != nil {
		return w, err
	}
	until, offence, err := s.until(req, targets)
	if err != nil {
		return w, err
	}
	w.offence = offence
	if w.allowed, err = s.allowedOf(targets); err != nil {
		return w, unread(err)
	}
	for _, target := range targets {
		around, known := s.knownShared(target)
		shared := req.Shared || known && automatic(req.By)
		if known && !shared && !slices.Contains(w.knownShared, around) {
			w.knownShared = append(w.knownShared, around)
		}
		w.entries = append(w.entries, ban.Entry{
			Target: target, Scope: req.Scope, KeepAddress: req.KeepAddress, Shared: shared,
			Reason: req.Reason, Note: req.Note, By: req.By, Report: req.Report, Until: s.shorten(until, shared),
			NeverSooner: offence != nil,
		})
	}
	return w, nil
}

// targets returns at least one target, or an error.
func (s *Service) targets(req BanRequest) ([]ban.Target, error) {
	switch {
	case req.Target != "":
		target, err := ban.ParseTarget(req.Target)
		return []ban.Target{target}, fromStore(err)
	case req.Report != "":
		return s.reported(req.Report)
	}
	id, err := s.session(req.Session)
	if err != nil {
		return nil, err
	}
	addrs := s.live.Addresses(id)
	if len(addrs) == 0 {
		return nil, noSuchSession(id)
	}
	return targetsFor(addrs), nil
}

func targetsFor(addrs []netip.Addr) (targets []ban.Target) {
	for _, addr := range addrs {
		targets = append(targets, ban.TargetFor(addr))
	}
	return targets
}

// until returns when the ban on all of the targets ends, the zero time if never,
// and which offence that was for.
func (s *Service) until(req BanRequest, targets []ban.Target) (until time.Time, offence *Offence, err error) {
	switch {
	case req.Permanent:
		return time.Time{}, nil, nil
	case req.For != "":
		d, err := parseFor(req.For)
		return s.in(d), nil, err
	case !req.Escalate && !automatic(req.By):
		return s.in(s.terms.Load().DefaultFor), nil, nil
	}
	before, err := s.bans.Offences(targets)
	if err != nil {
		return time.Time{}, nil, unread(err)
	}
	steps := s.terms.Load().Steps
	step := min(before, len(steps)-1)
	return s.in(steps[step]), &Offence{Number: before + 1, Step: step + 1, Steps: len(steps)}, nil
}

// in returns the end of a ban: on a whole second, never sooner than asked.
func (s *Service) in(d time.Duration) time.Time {
	return s.opts.Now().Add(d + time.Second - 1).Truncate(time.Second)
}

// shorten lets a ban on what many share end soon.
func (s *Service) shorten(until time.Time, shared bool) time.Time {
	if most := s.in(s.terms.Load().SharedFor); shared && until.After(most) {
		return most
	}
	return until
}

// knownShared returns the prefix, of those that many people are known to share,
// which the target is in.
func (s *Service) knownShared(target ban.Target) (around netip.Prefix, known bool) {
	prefix := target.Prefix()
	for _, around := range s.terms.Load().Shared {
		if prefix.IsValid() && around.Bits() <= prefix.Bits() && around.Contains(prefix.Addr()) {
			return around, true
		}
	}
	return netip.Prefix{}, false
}

// allowedOf returns the entries of the allowlist that let some of the targets in.
func (s *Service) allowedOf(targets []ban.Target) (prefixes []netip.Prefix, err error) {
	list, err := s.bans.Allowed()
	for _, a := range list {
		if slices.ContainsFunc(targets, func(t ban.Target) bool {
			return t.Prefix().Overlaps(a.Prefix) || s.bans.Covers(t, a.Prefix.Addr())
		}) {
			prefixes = append(prefixes, a.Prefix)
		}
	}
	return prefixes, err
}

// keepsOut tells which addresses the bans keep out, or would.
func (s *Service) keepsOut(entries []ban.Entry, made ban.Made) func(netip.Addr) bool {
	return func(addr netip.Addr) bool {
		if _, allowed := s.bans.AllowedBy(addr); allowed {
			return false
		}
		return slices.ContainsFunc(entries, func(e ban.Entry) bool { return s.bans.Covers(e.Target, addr) }) ||
			slices.ContainsFunc(made.Widened, func(b ban.Ban) bool { return b.Prefix.Contains(addr) })
	}
}

// untilText is a ban's end in the log: RFC 3339, or permanent.
func untilText(b ban.Ban) string {
	if b.Permanent() {
		return "permanent"
	}
	return b.Until.Format(time.RFC3339)
}
