package match

import (
	"crypto/rand"
	"io"

	"github.com/joingyd/joingyd/match/filter"
)

// Filter is what is filtered, and how. The zero value lets everything pass.
type Filter = filter.Options

// FilterPolicy is what becomes of a text with something in it.
type FilterPolicy = filter.Policy

// FilterPolicies are the policies by name.
func FilterPolicies() map[string]FilterPolicy {
	return map[string]FilterPolicy{"allow": filter.Allow, "mask": filter.Mask, "reject": filter.Reject}
}

// FilterWords are what may not be said.
type FilterWords = filter.Words

// ReadFilterWords returns the words that are filtered by default, with a site's
// own: one a line; !word allows one; # begins a comment. Errors name file and
// line.
func ReadFilterWords(file string, from io.Reader) (*FilterWords, error) {
	return filter.ReadWords(file, from)
}

// newFilter makes a filter whose fingerprints nobody can read but who has the key, if there is
// one, else nobody.
func newFilter(opts Filter) *filter.Filter {
	if opts.Key == ([len(opts.Key)]byte{}) {
		rand.Read(opts.Key[:])
	}
	return filter.New(opts)
}

// FilterStats are what the filter did; all but Fingerprints counts since the
// start.
type FilterStats struct {
	Verdicts     map[string]map[string]uint64 // texts, by outcome and reason: see Verdicts
	Mutes        uint64
	Bans         uint64 // asked for
	BansDropped  uint64 // too many were under way
	Fingerprints int    // kept
	Evicted      uint64 // fingerprints and strikes forgotten before their time
}

func (h *Hub) filterStatsLocked() FilterStats {
	kept := h.filter.Load().Stats()
	stats := FilterStats{
		Verdicts:     make(map[string]map[string]uint64),
		Mutes:        h.mutes,
		Bans:         h.spamBans.queued,
		BansDropped:  h.spamBans.dropped,
		Fingerprints: kept.Fingerprints,
		Evicted:      kept.Evicted,
	}
	for outcome, reasons := range h.verdicts {
		stats.Verdicts[string(outcome)] = byName(reasons)
	}
	return stats
}

// Verdicts lists every outcome and reason that Stats.Verdicts may count.
func Verdicts() map[string][]string {
	list := make(map[string][]string)
	for outcome, reasons := range filter.Outcomes() {
		for _, reason := range reasons {
			list[string(outcome)] = append(list[string(outcome)], string(reason))
		}
	}
	return list
}
