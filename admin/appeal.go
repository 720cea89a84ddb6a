package admin

import (
	"context"
	"errors"
	"slices"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/moderate"
)

// CaseAppeal is what an appeal is about. The appellant's words are evidence.
type CaseAppeal struct {
	Bans []moderate.AppealedBan `json:"bans"` // as they were then; some may have ended since
}

// lift ends the bans that were appealed, and those that the same decisions made on
// other addresses of the appellant. What has ended meanwhile, or was replaced by
// another ban, is left as it is.
func (s *Service) lift(ctx context.Context, k *moderate.Case, req DecideRequest) (ended []ban.Ban, err error) {
	bans, err := s.appealed(k)
	if err != nil {
		return nil, unread(err)
	}
	for _, b := range bans {
		if b.Kind == ban.KindPrefix && !req.Force {
			return nil, &Error{CodeNeedsForce, "ban " + b.ID.String() + " is on all of " + b.Prefix.String() + ", and lifting it lets everybody there in; if you mean it, add --force; joingyd bans allow ADDRESS lets one in"}
		}
	}
	for _, b := range bans {
		one, err := s.Unban(ctx, UnbanRequest{ID: b.ID.String(), By: req.By})
		if failure, is := errors.AsType[*Error](err); is && failure.Code == CodeNotFound {
			continue // it ran out just now
		} else if err != nil {
			return ended, err
		}
		ended = append(ended, one.Ban)
	}
	return ended, nil
}

// appealed returns what is in force of the bans that were appealed, and of those that
// the same cases led to.
func (s *Service) appealed(k *moderate.Case) (bans []ban.Ban, err error) {
	var reports []string
	for _, appealed := range k.Appeal.Bans {
		id, err := ban.ParseID(appealed.ID)
		if err != nil {
			return nil, err
		}
		b, found, err := s.bans.Get(id)
		if err != nil {
			return nil, err
		}
		if !found {
			continue
		}
		bans = append(bans, b)
		if b.Report != "" {
			reports = append(reports, b.Report)
		}
	}
	if len(reports) == 0 {
		return bans, nil
	}
	for b, err := range s.bans.Active() {
		if err != nil {
			return nil, err
		}
		if slices.Contains(reports, b.Report) && !slices.ContainsFunc(bans, func(had ban.Ban) bool { return had.ID == b.ID }) {
			bans = append(bans, b)
		}
	}
	return bans, nil
}

// ownBan is the warning for who upholds their own ban.
const ownBan = "you made this ban yourself; have somebody else look at appeals against it, if there is anybody (moderation.two_people insists on it)"
