package admin

import (
	"strings"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/moderate"
)

// tally counts in the figures of this month, if a daemon keeps any: see
// moderate.Store.Tally.
func (s *Service) tally(f func(*moderate.Totals)) {
	if s.opts.Cases != nil {
		s.opts.Cases.Tally(f)
	}
}

// tallyBans counts bans by what made them.
func (s *Service) tallyBans(bans []ban.Ban) {
	s.tally(func(m *moderate.Totals) {
		for _, b := range bans {
			m.Bans[maker(b.By)]++
		}
	})
}

// maker is what made a ban: a person, or a rule, by its name.
func maker(by string) string {
	if rule, automatic := strings.CutPrefix(by, autoPrefix); automatic {
		return rule
	}
	return moderate.MakerPerson
}
