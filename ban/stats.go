package ban

import (
	"fmt"

	"go.etcd.io/bbolt"
)

// Stats counts. All but Active is since the store was opened.
type Stats struct {
	Active   map[Scope]int // bans in force, by scope; every scope is there
	Changes  uint64        // transactions
	Failures uint64        // changes that the disk refused

	Forgotten uint64 // bans that ended long ago

	// Of a store in a cluster, now:
	Logged uint64 // items that are kept for other nodes
	Parked uint64 // bans of other nodes that are not in force here, for want of their key
}

// Stats returns them. It reads those of the file that have expired and were not
// swept yet; if that fails they count as active.
func (s *Store) Stats() Stats {
	stats := Stats{Active: make(map[Scope]int, len(scopes)), Changes: s.changes.Load(), Failures: s.failures.Load(), Forgotten: s.forgotten.Load()}
	s.mu.RLock()
	for n := range s.idx.sets {
		stats.Active[scopes[n]] = len(s.idx.sets[n].tags) + s.idx.sets[n].prefixes.Size()
	}
	s.mu.RUnlock()
	if s.opts.Node != "" {
		// An error is told by who changes something.
		_ = s.view(func(tx *bbolt.Tx) error {
			l, err := openLedger(tx)
			if err == nil {
				stats.Logged, stats.Parked = l.state.Items.Count, l.state.Parked
			}
			return err
		})
	}
	overdue := make(map[Scope]int, len(scopes))
	if err := s.countOverdue(overdue); err != nil {
		return stats
	}
	for scope, n := range overdue {
		stats.Active[scope] = max(0, stats.Active[scope]-n) // what was swept meanwhile is in both
	}
	return stats
}

func (s *Store) countOverdue(counts map[Scope]int) error {
	now := s.now()
	return s.view(func(tx *bbolt.Tx) error {
		active := tx.Bucket(activeBucket)
		cursor := tx.Bucket(endsBucket).Cursor()
		for k, _ := cursor.First(); k != nil && endsBy(k, now); k, _ = cursor.Next() {
			id := k[8:]
			h, _, err := decodeHead(id, active.Get(id))
			if err != nil {
				return fmt.Errorf("%w: ban %x: %v", ErrCorrupt, id, err)
			}
			counts[scopes[h.scope]]++
		}
		return nil
	})
}
