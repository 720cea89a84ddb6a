package admin

import (
	"context"

	"github.com/joingyd/joingyd/ban"
)

// BanList is every active ban, the oldest first.
type BanList struct {
	Bans []ban.Ban `json:"bans"`
}

// Bans returns every active ban.
func (s *Service) Bans(context.Context) (BanList, error) {
	list := BanList{Bans: []ban.Ban{}}
	for b, err := range s.bans.Active() {
		if err != nil {
			return BanList{}, fromStore(err)
		}
		list.Bans = append(list.Bans, b)
	}
	return list, nil
}
