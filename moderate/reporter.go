package moderate

import (
	"math"
	"time"
)

// reporter is what is remembered of one who reports, under the pseudonym of their
// address: how good their word is.
type reporter struct {
	Upheld    int         `json:"upheld"`
	Dismissed int         `json:"dismissed"`
	Recent    []time.Time `json:"recent"` // reports of the last day, the oldest first
	Last      time.Time   `json:"last"`
}

// MostReports is how many reports of a reporter within ReportsDay count; those after it are
// counted, and nothing else.
const (
	MostReports = 20
	ReportsDay  = day
)

const (
	day    = 24 * time.Hour
	freely = 3 // reports of a day that have their full weight
)

// weight returns what the next report of r counts for after so many of a day, from 0 to 1. Of one of whom
// nothing is known it is 2/3; it goes up with each that was upheld and down with each that
// was dismissed (Laplace's rule of succession, with one case upheld in advance). The
// fourth report of a day and those after it count for less and less, so that nobody
// makes a crowd alone.
func (r *reporter) weight(today int) float64 {
	if today >= MostReports {
		return 0
	}
	trust := float64(r.Upheld+2) / float64(r.Upheld+r.Dismissed+3)
	pace := math.Min(1, freely/float64(today+1))
	return trust * pace
}

// today returns how many reports of r came within a day before now.
func (r *reporter) today(now time.Time) (n int) {
	for _, at := range r.Recent {
		if now.Sub(at) < day {
			n++
		}
	}
	return n
}

// reported notes a report.
func (r *reporter) reported(now time.Time) {
	recent := make([]time.Time, 0, len(r.Recent)+1)
	for _, at := range r.Recent {
		if now.Sub(at) < day {
			recent = append(recent, at)
		}
	}
	r.Recent, r.Last = append(recent, now), now
}
