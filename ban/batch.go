package ban

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"
)

// The errors about the logs of a cluster.
var (
	// ErrGap says that a batch follows items that the store does not have.
	ErrGap = errors.New("items of this origin are missing before the batch")
	// ErrForked says that a store has been put back from a copy, and has given versions
	// to other bans that were given already. It notices by itself when it learns what
	// others have.
	ErrForked = errors.New("this origin has two logs: its store was put back from a copy")
	// ErrNoNode says that the store is in no cluster.
	ErrNoNode = errors.New("the ban store was opened without the name of a node")
)

// maxBatch bounds the items of a batch.
const maxBatch = 1024

// batch is what one origin has logged after a version and up to another, but for what
// the log has forgotten. In JSON.
type batch struct {
	Origin string      `json:"origin"`
	After  uint64      `json:"after"`
	Before *mark       `json:"before,omitempty"` // of After; nil: forgotten
	To     uint64      `json:"to"`
	Mark   mark        `json:"mark"` // of To
	Items  []batchItem `json:"items"`
}

type batchItem struct {
	Version uint64          `json:"v"`
	Item    json.RawMessage `json:"i"`
}

// Items returns what is known of the log of an origin after a version, about most bytes of
// it, as a batch for Apply of another store, and the version up to which that is. Without
// anything to say the batch is nil.
func (s *Store) Items(origin string, after uint64, most int) (encoded []byte, to uint64, err error) {
	if s.opts.Node == "" {
		return nil, 0, ErrNoNode
	}
	err = s.view(func(tx *bbolt.Tx) error {
		l, err := openLedger(tx)
		if err != nil {
			return err
		}
		number, known := l.numbers[origin]
		if !known || l.heads[number].Version <= after {
			to = after
			return nil
		}
		b := batch{Origin: origin, After: after, Before: l.markAt(number, after)}
		if err := l.fill(&b, number, most); err != nil {
			return err
		}
		to = b.To
		encoded, err = json.Marshal(b)
		return err
	})
	return encoded, to, err
}

// fill adds the items.
func (l *ledger) fill(b *batch, number uint16, most int) error {
	b.To, b.Mark = l.heads[number].Version, l.heads[number].Mark
	cursor := l.items.Cursor()
	first := place{number, b.After + 1}
	size := 0
	for k, v := cursor.Seek(first.key()); k != nil && binary.BigEndian.Uint16(k) == number; k, v = cursor.Next() {
		if n := len(b.Items); n > 0 && (size+len(v) > most || n == maxBatch) {
			b.To = b.Items[n-1].Version
			last, err := decodeItem(b.Items[n-1].Item)
			if err != nil {
				return fmt.Errorf("%w: item %d of %s: %v", ErrCorrupt, b.To, b.Origin, err)
			}
			b.Mark = mark{last.Millis, last.Count}
			return nil
		}
		text, err := unseal(k, v)
		if err != nil {
			return fmt.Errorf("%w: item %x: %v", ErrCorrupt, k, err)
		}
		size += len(v)
		b.Items = append(b.Items, batchItem{placeOf(k).version, bytes.Clone(text)})
	}
	return nil
}

// decoded is a batch of which every item was checked.
type decoded struct {
	batch
	items []*item
	cells []cellKey
}

// decodeBatch reads what another node has sent. The error wraps ErrInvalid.
func decodeBatch(text []byte) (d decoded, err error) {
	if err := json.Unmarshal(text, &d.batch); err != nil {
		return d, fmt.Errorf("%w: batch of bans: %v", ErrInvalid, err)
	}
	if !isOrigin(d.Origin) || d.To < d.After || len(d.Items) > maxBatch {
		return d, fmt.Errorf("%w: batch of bans of %s, from %d to %d", ErrInvalid, quote(d.Origin), d.After, d.To)
	}
	last := d.After
	for _, raw := range d.Items {
		i, err := decodeItem(raw.Item)
		var key cellKey
		if err == nil {
			key, err = i.cell()
		}
		if err == nil && (raw.Version <= last || raw.Version > d.To) {
			err = errors.New("its version is out of place")
		}
		if err != nil {
			return d, fmt.Errorf("%w: item %d of %s: %v", ErrInvalid, raw.Version, quote(d.Origin), err)
		}
		last = raw.Version
		d.items, d.cells = append(d.items, i), append(d.cells, key)
	}
	return d, nil
}
