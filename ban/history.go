package ban

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

// How tells why a ban ended.
type How string

// The ways in which a ban ends.
const (
	HowRemoved  How = "removed"
	HowExpired  How = "expired"
	HowReplaced How = "replaced" // by a newer ban on the same target
)

// Ended is a ban of the past.
type Ended struct {
	Ban Ban       `json:"ban"`
	How How       `json:"how"`
	By  string    `json:"by,omitempty"` // who removed or replaced it
	At  time.Time `json:"at"`           // when it stopped counting
}

// endedRecord is an Ended with what the store keeps beside it.
type endedRecord struct {
	Ended
	Tag    tag     `json:"tag,omitzero"`
	record *record // what it was in the index
}

// History returns the bans that have ended, the oldest end first. Unlike List it
// reads the file. An expired ban gets here at the next change or Sweep.
func (s *Store) History() ([]Ended, error) {
	var history []Ended
	err := s.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(historyBucket).ForEach(func(k, v []byte) error {
			var e endedRecord
			if err := json.Unmarshal(v, &e); err != nil {
				return fmt.Errorf("%w: history record %x: %v", ErrCorrupt, k, err)
			}
			history = append(history, e.Ended)
			return nil
		})
	})
	return history, err
}

// change is one transaction: bans that end, then bans that are added.
type change struct {
	ended      []endedRecord
	add        []*record
	ends       map[*record]bool // those in ended
	ids        map[string]bool  // those in add
	now        time.Time
	dropBefore time.Time // history that ended before is dropped
}

// newChange starts a change with what has expired. The caller holds write.
func (s *Store) newChange(now time.Time) *change {
	c := &change{
		ends:       map[*record]bool{},
		ids:        map[string]bool{},
		now:        now.UTC(),
		dropBefore: now.Add(-s.historyFor),
	}
	for _, r := range s.idx.expired(now) {
		c.end(r, HowExpired, "")
	}
	return c
}

// end ends r, unless the change does so already.
func (c *change) end(r *record, how How, by string) {
	if c.ends[r] {
		return
	}
	c.ends[r] = true
	e := endedRecord{Ended: Ended{Ban: r.Ban, How: how, By: by, At: c.now}, Tag: r.Tag, record: r}
	if how == HowExpired {
		e.At = r.Ban.Until
	}
	c.ended = append(c.ended, e)
}

// save writes the change and returns when it is on disk. Nothing to write, and
// the disk is left alone.
func (c *change) save(db *bbolt.DB) error {
	if len(c.ended) == 0 && len(c.add) == 0 && !c.dropsHistory(db) {
		return nil
	}
	return db.Update(func(tx *bbolt.Tx) error {
		active, history := tx.Bucket(activeBucket), tx.Bucket(historyBucket)
		for _, e := range c.ended {
			if err := active.Delete([]byte(e.Ban.ID)); err != nil {
				return err
			}
			if err := putJSON(history, historyKey(e.At, e.Ban.ID), e); err != nil {
				return err
			}
		}
		for _, r := range c.add {
			if err := putJSON(active, []byte(r.Ban.ID), r); err != nil {
				return err
			}
		}
		cursor := history.Cursor()
		for k, _ := cursor.First(); c.isOld(k); k, _ = cursor.First() {
			if err := cursor.Delete(); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *change) dropsHistory(db *bbolt.DB) (drops bool) {
	// A closed database reports no drop; whoever changes something hears of it.
	_ = db.View(func(tx *bbolt.Tx) error {
		k, _ := tx.Bucket(historyBucket).Cursor().First()
		drops = c.isOld(k)
		return nil
	})
	return drops
}

// isOld reports whether the history record with this key is to be dropped.
func (c *change) isOld(key []byte) bool {
	return len(key) >= 8 && int64(binary.BigEndian.Uint64(key)) < c.dropBefore.UnixNano()
}

// historyKey sorts by the time of the end.
func historyKey(at time.Time, id string) []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(at.UnixNano())), id...)
}

func putJSON(b *bbolt.Bucket, key []byte, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return b.Put(key, text)
}
