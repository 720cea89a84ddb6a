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
func (s *Service) Ban(_ context.Context, req BanRequest) (BanResult, error) {
	entries, err := s.entries(req)
	if err != nil {
		return BanResult{}, err
	}
	if req.DryRun {
		made, err := s.bans.Plan(entries)
		if err != nil {
			return BanResult{}, fromStore(err)
		}
		return banResult(made, s.live.Affected(s.covers(entries, made)), true), nil
	}
	made, err := s.bans.AddAll(entries)
	if err != nil {
		return BanResult{}, fromStore(err)
	}
	ended := s.live.Enforce()
	for _, b := range slices.Concat(made.Bans, made.Widened) {
		s.opts.Log.Info("ban added", "id", b.ID, "kind", b.Kind, "scope", b.Scope, "by", b.By, "until", untilText(b), "ended_sessions", ended)
	}
	return banResult(made, ended, false), nil
}

// entries turns a request into what the store takes, after every check.
func (s *Service) entries(req BanRequest) ([]ban.Entry, error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	targets, err := s.targets(req)
	if err != nil {
		return nil, err
	}
	until, err := s.until(req)
	if err != nil {
		return nil, err
	}
	by := cmp.Or(req.By, ownName())
	entries := make([]ban.Entry, len(targets))
	for i, target := range targets {
		if err := guard(target); err != nil && !req.Force {
			return nil, err
		}
		entries[i] = ban.Entry{Target: target, KeepAddress: req.KeepAddress, Reason: req.Reason, Note: req.Note, By: by, Until: until}
	}
	return entries, nil
}

// targets returns at least one target, or an error.
func (s *Service) targets(req BanRequest) ([]ban.Target, error) {
	if req.Target != "" {
		target, err := ban.ParseTarget(req.Target)
		return []ban.Target{target}, fromStore(err)
	}
	id, err := s.session(req.Session)
	if err != nil {
		return nil, err
	}
	addrs := s.live.Addresses(id)
	if len(addrs) == 0 {
		return nil, noSuchSession(id)
	}
	var targets []ban.Target
	for _, addr := range addrs {
		targets = append(targets, ban.TargetFor(addr))
	}
	return targets, nil
}

// until returns when the ban ends: on a whole second, never sooner than asked.
func (s *Service) until(req BanRequest) (time.Time, error) {
	if req.Permanent {
		return time.Time{}, nil
	}
	d := s.opts.DefaultFor
	if req.For != "" {
		var err error
		if d, err = parseFor(req.For); err != nil {
			return time.Time{}, err
		}
	}
	return s.opts.Now().Add(d + time.Second - 1).Truncate(time.Second), nil
}

// untilText is a ban's end in the log: RFC 3339, or permanent.
func untilText(b ban.Ban) string {
	if b.Permanent() {
		return "permanent"
	}
	return b.Until.Format(time.RFC3339)
}

func banResult(made ban.Made, ended int, dryRun bool) BanResult {
	return BanResult{Ban: made.Bans[0], Also: made.Bans[1:], Widened: made.Widened, EndedSessions: ended, DryRun: dryRun}
}

// covers tells which addresses the bans would be on.
func (s *Service) covers(entries []ban.Entry, made ban.Made) func(netip.Addr) bool {
	return func(addr netip.Addr) bool {
		return slices.ContainsFunc(entries, func(e ban.Entry) bool { return s.bans.Covers(e.Target, addr) }) ||
			slices.ContainsFunc(made.Widened, func(b ban.Ban) bool { return b.Prefix.Contains(addr) })
	}
}
