package moderate

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"go.etcd.io/bbolt"
)

// Totals are a month's figures. They name nobody and are kept.
type Totals struct {
	Month   string         `json:"month"`   // 2026-11, UTC
	Reports map[string]int `json:"reports"` // by reason

	Stills    int            `json:"stills"`    // that a program looked at
	Found     map[string]int `json:"found"`     // of those, what a rule was about, by label
	Flags     map[string]int `json:"flags"`     // of those, what a person was given to judge, by label
	Judged    map[string]int `json:"judged"`    // flags whose case was decided, by label
	Dismissed map[string]int `json:"dismissed"` // of those, where the program was wrong

	Decisions map[string]int `json:"decisions"` // of reports and stills, by action
	Delays    Delays         `json:"delays"`    // of decisions
	Expired   int            `json:"expired"`   // cases of them that nobody judged
	NCMEC     int            `json:"ncmec"`     // cases of which a report to NCMEC was written

	Bans     map[string]int `json:"bans"`     // on single targets, by what made them: see the Maker constants
	Unbanned int            `json:"unbanned"` // bans that a person ended before their time

	Appeals     map[string]int `json:"appeals,omitempty"`     // received, and what became of them: upheld, lifted, expired
	Disclosures map[string]int `json:"disclosures,omitempty"` // to authorities, by kind
}

// What makes bans. A rule's name is that of its bans, after auto:.
const (
	MakerPerson = "person"
	MakerImport = "import"
)

// The keys of Totals.Appeals.
const (
	appealReceived = "received"
	appealUpheld   = "upheld"
	appealLifted   = "lifted"
	appealExpired  = "expired"
)

const monthForm = "2006-01"

func newTotals(month string) *Totals {
	t := &Totals{Month: month}
	for _, counts := range t.counts() {
		*counts = make(map[string]int)
	}
	return t
}

// expired counts a case that nobody judged.
func (t *Totals) expired(kind Kind) {
	if kind == KindAppeal {
		t.Appeals[appealExpired]++
	} else {
		t.Expired++
	}
}

// counts lists the maps.
func (t *Totals) counts() []*map[string]int {
	return []*map[string]int{&t.Reports, &t.Found, &t.Flags, &t.Judged, &t.Dismissed, &t.Decisions, &t.Bans, &t.Appeals, &t.Disclosures}
}

// numbers lists the rest.
func (t *Totals) numbers() []*int {
	list := []*int{&t.Stills, &t.Expired, &t.NCMEC, &t.Unbanned}
	for i := range t.Delays {
		list = append(list, &t.Delays[i])
	}
	return list
}

// add adds what was counted elsewhere.
func (t *Totals) add(other *Totals) {
	for i, counts := range other.counts() {
		for name, n := range *counts {
			(*t.counts()[i])[name] += n
		}
	}
	for i, n := range other.numbers() {
		*t.numbers()[i] += *n
	}
}

// count changes the figures of this month.
func (c *change) count(f func(*Totals)) error { return c.countIn(c.now.Format(monthForm), f) }

func (c *change) countIn(month string, f func(*Totals)) error {
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

// Totals returns the figures of each month that has any, the newest first, with what is
// not on disk yet.
func (s *Store) Totals() (list []Totals, err error) {
	s.write.Lock() // so that nothing is between memory and disk
	defer s.write.Unlock()
	err = s.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(totalsBucket).ForEach(func(month, value []byte) error {
			totals := newTotals(string(month))
			if err := json.Unmarshal(value, totals); err != nil {
				return fmt.Errorf("totals of %s: %w", month, err)
			}
			list = append(list, *totals)
			return nil
		})
	})
	s.mu.RLock()
	defer s.mu.RUnlock()
	for month, counted := range s.tally {
		at := slices.IndexFunc(list, func(t Totals) bool { return t.Month == month })
		if at < 0 {
			at, list = len(list), append(list, *newTotals(month))
		}
		list[at].add(counted)
	}
	slices.SortFunc(list, func(a, b Totals) int { return strings.Compare(b.Month, a.Month) })
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
