package admin

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/joingyd/joingyd/ban"
)

// BanStats counts bans.
type BanStats struct {
	Active    int               `json:"active"`
	Permanent int               `json:"permanent"`         // of the active ones
	EndingDay int               `json:"ending_within_24h"` // of the active ones
	Scopes    map[ban.Scope]int `json:"scopes"`            // of the active ones; every scope is there
	Kinds     map[ban.Kind]int  `json:"kinds"`             // of the active ones; every kind is there
	By        []Maker           `json:"by"`                // of the active ones, who made most first; at most 20
	MadeDay   int               `json:"made_within_24h"`   // those that have ended too
	MadeWeek  int               `json:"made_within_7d"`
	Ended     map[ban.How]int   `json:"ended"` // in the history; every way is there
	Allowed   int               `json:"allowed"`
	Bytes     int64             `json:"bytes"` // of the file
	Keys      []ban.KeyUse      `json:"keys"`  // the current first
}

// Maker is who made bans, and how many of them are active.
type Maker struct {
	By   string `json:"by"`
	Bans int    `json:"bans"`
}

// maxMakers bounds BanStats.By.
const maxMakers = 20

var kinds = []ban.Kind{ban.KindAddress, ban.KindNet64, ban.KindPrefix}

// BanStats counts bans. It reads all of them and the whole history.
func (s *Service) BanStats(ctx context.Context) (BanStats, error) {
	stats := BanStats{Scopes: zeros(ban.Scopes()), Kinds: zeros(kinds), Ended: zeros(hows), Keys: s.bans.Keys()}
	makers := map[string]int{}
	now := s.opts.Now()
	for b, err := range s.bans.Active() {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return BanStats{}, fromStore(err)
		}
		stats.countActive(b, now)
		makers[b.By]++
	}
	for e, err := range s.bans.Ended() {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return BanStats{}, fromStore(err)
		}
		stats.countMade(e.Ban, now)
		stats.Ended[e.How]++
	}
	stats.By = most(makers)
	allowed, err := s.bans.Allowed()
	if err != nil {
		return BanStats{}, fromStore(err)
	}
	stats.Allowed = len(allowed)
	stats.Bytes, err = s.bans.Size()
	return stats, fromStore(err)
}

func (s *BanStats) countActive(b ban.Ban, now time.Time) {
	s.Active++
	s.Scopes[b.Scope]++
	s.Kinds[b.Kind]++
	switch {
	case b.Permanent():
		s.Permanent++
	case b.Until.Sub(now) <= 24*time.Hour:
		s.EndingDay++
	}
	s.countMade(b, now)
}

func (s *BanStats) countMade(b ban.Ban, now time.Time) {
	if age := now.Sub(b.Created); age <= 7*24*time.Hour {
		s.MadeWeek++
		if age <= 24*time.Hour {
			s.MadeDay++
		}
	}
}

// most returns who made most bans, in order.
func most(makers map[string]int) []Maker {
	list := make([]Maker, 0, len(makers))
	for by, bans := range makers {
		list = append(list, Maker{by, bans})
	}
	slices.SortFunc(list, func(a, b Maker) int { return cmp.Or(b.Bans-a.Bans, strings.Compare(a.By, b.By)) })
	return list[:min(len(list), maxMakers)]
}

// zeros is a count of nothing for each of a list.
func zeros[K comparable](list []K) map[K]int {
	counts := make(map[K]int, len(list))
	for _, one := range list {
		counts[one] = 0
	}
	return counts
}
