package admin

import (
	"cmp"
	"context"
	"errors"

	"github.com/joingyd/joingyd/ban"
)

// AllowRequest asks to let an address or prefix in, whatever bans are on it. By is
// as in BanRequest.
type AllowRequest struct {
	Target string `json:"target"` // as ban.ParseTarget reads it
	Note   string `json:"note,omitempty"`
	Force  bool   `json:"force,omitempty"` // allow what looks like a mistake
	By     string `json:"-"`
}

// AllowResult is the entry of the allowlist that was made, or taken off.
type AllowResult struct {
	Allowed ban.Allowed `json:"allowed"`
	// Bans are on all of it: void from now on, or in force again.
	Bans          []Match `json:"bans"`
	EndedSessions int     `json:"ended_sessions"` // that had been let in by what was taken off
}

// DisallowRequest asks to take exactly this address or prefix off the allowlist.
// By is as in BanRequest.
type DisallowRequest struct {
	Target string
	By     string
}

// Allowlist is whom no ban keeps out, sorted by text.
type Allowlist struct {
	Allowed []ban.Allowed `json:"allowed"`
}

// Validate is as that of BanRequest.
func (r AllowRequest) Validate() error {
	_, err := ban.ParseTarget(r.Target)
	return fromStore(err)
}

// Validate is as that of BanRequest.
func (r DisallowRequest) Validate() error { return AllowRequest{Target: r.Target}.Validate() }

// Allow puts an address or prefix on the allowlist. An entry that is there is
// replaced.
func (s *Service) Allow(ctx context.Context, req AllowRequest) (AllowResult, error) {
	target, err := ban.ParseTarget(req.Target)
	if err != nil {
		return AllowResult{}, fromStore(err)
	}
	if err := guardWidth(target.Prefix(), "lets in"); err != nil && !req.Force {
		return AllowResult{}, err
	}
	around, err := s.around(target)
	if err != nil {
		return AllowResult{}, unread(err)
	}
	by := cmp.Or(req.By, ownName())
	entry, err := s.bans.Allow(target, req.Note, by)
	if err != nil {
		return AllowResult{}, fromStore(err)
	}
	s.opts.Log.InfoContext(ctx, "allowlist entry added", "by", by)
	return AllowResult{Allowed: entry, Bans: around}, nil
}

// Disallow takes an address or prefix off the allowlist, and ends the sessions that
// only it had let in.
func (s *Service) Disallow(ctx context.Context, req DisallowRequest) (AllowResult, error) {
	target, err := ban.ParseTarget(req.Target)
	if err != nil {
		return AllowResult{}, fromStore(err)
	}
	around, err := s.around(target)
	if err != nil {
		return AllowResult{}, unread(err)
	}
	entry, err := s.bans.Disallow(target)
	if errors.Is(err, ban.ErrNotFound) {
		return AllowResult{}, s.notAllowed(target)
	}
	if err != nil {
		return AllowResult{}, fromStore(err)
	}
	ended := s.live.Enforce(target.Contains)
	s.opts.Log.InfoContext(ctx, "allowlist entry removed", "by", cmp.Or(req.By, ownName()), "ended_sessions", ended)
	return AllowResult{Allowed: entry, Bans: around, EndedSessions: ended}, nil
}

func (s *Service) notAllowed(target ban.Target) *Error {
	if around, allowed := s.bans.AllowedBy(target.Prefix().Addr()); allowed && around.Bits() < target.Prefix().Bits() {
		return notFound("%s itself is not on the allowlist, but %s covers it; disallow that", target, around)
	}
	return notFound("%s is not on the allowlist; joingyd bans allowed shows it", target)
}

// Allowed returns the allowlist.
func (s *Service) Allowed(context.Context) (Allowlist, error) {
	list, err := s.bans.Allowed()
	return Allowlist{Allowed: append([]ban.Allowed{}, list...)}, fromStore(err)
}

// around returns the bans that are on all of a target.
func (s *Service) around(target ban.Target) ([]Match, error) {
	first := target.Prefix().Addr()
	bans, err := s.bans.Matches(first)
	matches := []Match{}
	for _, b := range bans {
		if rule := b.RuleFor(first); rule.Bits() <= target.Prefix().Bits() {
			matches = append(matches, Match{b, rule})
		}
	}
	return matches, err
}
