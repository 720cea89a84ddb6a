package admin

import (
	"cmp"
	"context"
	"errors"
	"net/netip"

	"github.com/joingyd/joingyd/ban"
)

// UnbanRequest names the ban to end, by exactly one of its fields. By is as in
// BanRequest.
type UnbanRequest struct {
	Target string
	ID     string
	By     string
}

// UnbanResult is the ban that has ended.
type UnbanResult struct {
	Ban ban.Ban `json:"ban"`
	// StillBanned is another ban, if one keeps the target out all the same.
	StillBanned *ban.Ban `json:"still_banned,omitempty"`
}

// Validate is as that of BanRequest.
func (r UnbanRequest) Validate() error {
	if (r.Target == "") == (r.ID == "") {
		return invalid("name either the banned address or prefix, or the id of the ban")
	}
	if r.ID != "" {
		return nil
	}
	_, err := ban.ParseTarget(r.Target)
	return fromStore(err)
}

// Unban ends a ban.
func (s *Service) Unban(_ context.Context, req UnbanRequest) (UnbanResult, error) {
	if err := req.Validate(); err != nil {
		return UnbanResult{}, err
	}
	by := cmp.Or(req.By, ownName())
	var result UnbanResult
	var err error
	if req.ID != "" {
		result, err = s.unbanID(req.ID, by)
	} else {
		result, err = s.unbanTarget(req.Target, by)
	}
	if err == nil {
		s.opts.Log.Info("ban removed", "id", result.Ban.ID, "kind", result.Ban.Kind, "by", by)
	}
	return result, err
}

func (s *Service) unbanID(id, by string) (UnbanResult, error) {
	parsed, err := ban.ParseID(id)
	if err != nil {
		return UnbanResult{}, fromStore(err)
	}
	b, err := s.bans.RemoveID(parsed, by)
	if errors.Is(err, ban.ErrNotFound) {
		return UnbanResult{}, notFound("no ban has the id %s; joingyd bans list shows them", quote(id))
	}
	return UnbanResult{Ban: b}, fromStore(err)
}

func (s *Service) unbanTarget(text, by string) (UnbanResult, error) {
	target, err := ban.ParseTarget(text)
	if err != nil {
		return UnbanResult{}, fromStore(err)
	}
	b, err := s.bans.Remove(target, ban.ScopeAll, by)
	around, rule, lookErr := s.covering(target)
	switch {
	case err == nil:
		return UnbanResult{Ban: b, StillBanned: around}, nil
	case !errors.Is(err, ban.ErrNotFound):
		return UnbanResult{}, fromStore(err)
	case lookErr != nil:
		return UnbanResult{}, fromStore(lookErr)
	case around != nil:
		return UnbanResult{}, notFound("no ban is on %s itself, but the one on %s covers it; unban that", target, rule)
	default:
		return UnbanResult{}, notFound("no ban is on %s; joingyd bans list shows what is banned", target)
	}
}

// covering returns a ban on all of target, and what it is on, or nil.
func (s *Service) covering(target ban.Target) (*ban.Ban, netip.Prefix, error) {
	first := target.Prefix().Addr()
	matches, err := s.bans.Matches(first)
	for _, b := range matches {
		if rule := b.RuleFor(first); rule.Bits() <= target.Prefix().Bits() {
			return &b, rule, err
		}
	}
	return nil, netip.Prefix{}, err
}
