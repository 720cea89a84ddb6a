package match

import (
	"context"
	"time"
)

// Accounts counts over all hubs of a site what may be done only so often: see Options.
type Accounts interface {
	// Ready reports whether it is any use to ask. It is called with the hub's lock held, and
	// must not block.
	Ready() bool
	// Settle tells what was done at this hub, and returns what was done at all, in the same
	// order; what it cannot tell is not Known, and told to nobody twice. It ends with ctx.
	// It is called without the hub's lock, once at a time.
	Settle(ctx context.Context, tallies []Tally) []Standing
}

// Tally is what one hub has to tell of an address, a pass or a line.
type Tally struct {
	Of     string // whose it is. Nobody but hubs may see that
	Held   int    // sessions here,
	Wanted int    // that ask to be, beside those,
	Most   int    // and how many there may be at all hubs

	Risk float64 // see Options.Risk

	Points     float64 // of suspicion, since it was last told
	MostPoints float64
	HalfLife   time.Duration

	Strikes     int // since it was last told; of a line, chats in which it was said
	MostStrikes int
	StrikeLife  time.Duration
	Pardoned    bool // strikes of before count no more

	Buckets []Bucket // always as many
}

// Bucket is a token bucket, and what was taken out of it since that was last told.
type Bucket struct{ Rate, Burst, Spent float64 }

// Standing is what all hubs have done, what was just told included.
type Standing struct {
	Known     bool
	Elsewhere int             // sessions at other hubs
	Forgotten bool            // nothing was known of those here
	Risk      float64         // at other hubs, added up
	Points    float64         // of suspicion
	Strikes   []time.Duration // how long ago each was, the oldest first; no more than MostStrikes
	Missing   []float64       // tokens of each bucket
}

// AccountStats are the counts of what hubs count together; all but Known since the start.
type AccountStats struct {
	Known   int               // addresses, passes and lines with something that was told, or is to be
	Dropped uint64            // tallies for which there was no room
	Refused map[string]uint64 // what this hub alone would have let be, by what it was: see Commons
}

// Commons lists what AccountStats.Refused counts.
func Commons() []string { return []string{commonSessions, commonPaces, commonPasses} }

const (
	commonSessions = "sessions" // of an address
	commonPaces    = "paces"    // of an address
	commonPasses   = "passes"   // shown by more sessions than may
)

// accountStatsLocked is the zero value where there is one hub only.
func (h *Hub) accountStatsLocked() AccountStats {
	if h.accounts == nil {
		return AccountStats{}
	}
	return AccountStats{Known: len(h.accounts.known), Dropped: h.accounts.dropped, Refused: byName(h.accounts.refused)}
}
