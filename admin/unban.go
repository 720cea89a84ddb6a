package admin

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/moderate"
)

// UnbanRequest names the ban to end, by exactly one of Target and ID. By is as in
// BanRequest.
type UnbanRequest struct {
	Target string
	Scope  ban.Scope // of the ban on Target; empty: those of every scope
	ID     string
	By     string
}

// UnbanResult is the ban that has ended.
type UnbanResult struct {
	Ban  ban.Ban   `json:"ban"`
	Also []ban.Ban `json:"also,omitempty"` // on the same target, of narrower scopes
	// StillBanned is another ban, if one is on all of the target. The id of a ban
	// does not tell where to look for one.
	StillBanned *ban.Ban `json:"still_banned,omitempty"`
}

// Validate is as that of BanRequest.
func (r UnbanRequest) Validate() error {
	if (r.Target == "") == (r.ID == "") {
		return invalid("name either the banned address or prefix, or the id of the ban")
	}
	if r.ID != "" {
		if r.Scope != "" {
			return invalid("the id alone says which ban is meant; leave out --scope")
		}
		_, err := ban.ParseID(r.ID)
		return fromStore(err)
	}
	if err := validateScope(r.Scope); err != nil {
		return err
	}
	_, err := ban.ParseTarget(r.Target)
	return fromStore(err)
}

// Unban ends a ban.
func (s *Service) Unban(ctx context.Context, req UnbanRequest) (result UnbanResult, err error) {
	if err := req.Validate(); err != nil {
		return UnbanResult{}, err
	}
	req.By = cmp.Or(req.By, ownName())
	if req.ID != "" {
		return s.unbanID(ctx, req)
	}
	return s.unbanTarget(ctx, req)
}

func (s *Service) unbanID(ctx context.Context, req UnbanRequest) (UnbanResult, error) {
	id, err := ban.ParseID(req.ID)
	if err != nil {
		return UnbanResult{}, fromStore(err)
	}
	b, err := s.bans.RemoveID(id, req.By)
	if errors.Is(err, ban.ErrNotFound) {
		return UnbanResult{}, notFound("no ban has the id %s; joingyd bans list shows them", quote(req.ID))
	}
	if err != nil {
		return UnbanResult{}, fromStore(err)
	}
	s.unbanned(ctx, b, req.By)
	return UnbanResult{Ban: b}, nil
}

func (s *Service) unbanTarget(ctx context.Context, req UnbanRequest) (UnbanResult, error) {
	target, err := ban.ParseTarget(req.Target)
	if err != nil {
		return UnbanResult{}, fromStore(err)
	}
	left, err := s.around(target)
	if err != nil {
		return UnbanResult{}, unread(err)
	}
	scopes := ban.Scopes()
	if req.Scope != "" {
		scopes = []ban.Scope{req.Scope}
	}
	var ended []ban.Ban
	for _, scope := range scopes {
		b, err := s.bans.Remove(target, scope, req.By)
		if errors.Is(err, ban.ErrNotFound) {
			continue
		}
		if err != nil {
			return UnbanResult{}, fromStore(err)
		}
		s.unbanned(ctx, b, req.By)
		ended = append(ended, b)
		left = slices.DeleteFunc(left, func(m Match) bool { return m.Ban.ID == b.ID })
	}
	if len(ended) == 0 {
		return UnbanResult{}, noBanOn(target, req.Scope, left)
	}
	result := UnbanResult{Ban: ended[0], Also: ended[1:]}
	if len(left) > 0 {
		result.StillBanned = &left[0].Ban
	}
	return result, nil
}

// noBanOn says where to look instead: at the bans that are left.
func noBanOn(target ban.Target, scope ban.Scope, left []Match) *Error {
	if len(left) == 0 {
		return notFound("no ban is on %s; joingyd bans list shows what is banned", target)
	}
	other := left[0]
	if other.Rule == target.Prefix() {
		return notFound("no ban of scope %s is on %s, but one of scope %s; leave out --scope", scope, target, other.Ban.Scope)
	}
	return notFound("no ban is on %s itself, but the one on %s covers it; unban that", target, other.Rule)
}

// unbanned counts a ban that was ended, and logs it.
func (s *Service) unbanned(ctx context.Context, b ban.Ban, by string) {
	s.tally(func(m *moderate.Totals) { m.Unbanned++ })
	s.opts.Log.InfoContext(ctx, "ban removed", "id", b.ID, "kind", b.Kind, "scope", b.Scope, "by", by)
}
