package moderate

import (
	"encoding/json"
	"fmt"

	"go.etcd.io/bbolt"
)

// Totals are a month's figures. They name nobody and are kept.
type Totals struct {
	Month     string         `json:"month"`     // 2026-11, UTC
	Reports   map[string]int `json:"reports"`   // by reason
	Flags     map[string]int `json:"flags"`     // of stills, by label
	Decisions map[string]int `json:"decisions"` // of reports and stills, by action
	Expired   int            `json:"expired"`   // cases of them that nobody judged
	Appeals   map[string]int `json:"appeals"`   // received, and what became of them: upheld, lifted, expired
}

// The keys of Totals.Appeals.
const (
	appealReceived = "received"
	appealUpheld   = "upheld"
	appealLifted   = "lifted"
	appealExpired  = "expired"
)

func newTotals(month string) *Totals {
	return &Totals{Month: month, Reports: make(map[string]int), Decisions: make(map[string]int), Flags: make(map[string]int), Appeals: make(map[string]int)}
}

// decided counts a decision.
func (t *Totals) decided(do Action) {
	switch do {
	case Uphold:
		t.Appeals[appealUpheld]++
	case Lift:
		t.Appeals[appealLifted]++
	default:
		t.Decisions[string(do)]++
	}
}

// expired counts a case that nobody judged.
func (t *Totals) expired(kind Kind) {
	if kind == KindAppeal {
		t.Appeals[appealExpired]++
	} else {
		t.Expired++
	}
}

// count changes the figures of this month.
func (c *change) count(f func(*Totals)) error {
	month := c.now.Format("2006-01")
	bucket := c.tx.Bucket(totalsBucket)
	totals := newTotals(month)
	if value := bucket.Get([]byte(month)); value != nil {
		if err := json.Unmarshal(value, totals); err != nil {
			return fmt.Errorf("totals of %s: %w", month, err)
		}
	}
	f(totals)
	value, err := json.Marshal(totals)
	if err != nil {
		return err
	}
	return bucket.Put([]byte(month), value)
}

// Totals returns the figures of each month that has any, the newest first.
func (s *Store) Totals() (list []Totals, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		c := tx.Bucket(totalsBucket).Cursor()
		for month, value := c.Last(); month != nil; month, value = c.Prev() {
			totals := newTotals(string(month))
			if err := json.Unmarshal(value, totals); err != nil {
				return fmt.Errorf("totals of %s: %w", month, err)
			}
			list = append(list, *totals)
		}
		return nil
	})
	return list, err
}

// Stats are the counts of one moment.
type Stats struct {
	Waiting map[string]int // cases, by gravity
	Oldest  int            // seconds that the oldest of them waits
	Dropped uint64         // reports that opened nothing, since the start
}

// Stats returns the counts of this moment.
func (s *Store) Stats() Stats {
	s.mu.RLock()
	defer s.mu.RUnlock()
	stats := Stats{Waiting: make(map[string]int), Dropped: s.dropped}
	for _, name := range gravityNames {
		stats.Waiting[name] = 0
	}
	now := s.opts.Now()
	for _, k := range s.waiting {
		stats.Waiting[k.Gravity.String()]++
		stats.Oldest = max(stats.Oldest, int(now.Sub(k.Opened).Seconds()))
	}
	return stats
}
