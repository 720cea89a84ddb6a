package ban

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	"go.etcd.io/bbolt"
)

// The first schema kept records as JSON, under random IDs, made with one key
// whose id was in the meta bucket.

var oldKeyIDKey = []byte("key_id")

type oldRecord struct {
	Ban struct {
		ID      ID           `json:"id"`
		Kind    Kind         `json:"kind"`
		Prefix  netip.Prefix `json:"prefix"`
		Address string       `json:"address"`
		Reason  string       `json:"reason"`
		Note    string       `json:"note"`
		By      string       `json:"by"`
		Created time.Time    `json:"created"`
		Until   *time.Time   `json:"until"`
	} `json:"ban"`
	How How       `json:"how"`
	By  string    `json:"by"`
	At  time.Time `json:"at"`
	Tag tag       `json:"tag"`
}

// upgradeFrom1 writes everything anew, in the transaction that it is given: the
// file is of one schema or the other.
func upgradeFrom1(tx *bbolt.Tx, keys Keys) error {
	meta := tx.Bucket(metaBucket)
	keyID := string(meta.Get(oldKeyIDKey))
	if err := meta.Delete(oldKeyIDKey); err != nil {
		return err
	}
	old := map[string][]oldRecord{}
	for _, name := range [][]byte{activeBucket, historyBucket} {
		bucket := tx.Bucket(name)
		if bucket == nil {
			return fmt.Errorf("%w: the bucket %s is missing", ErrCorrupt, name)
		}
		if err := bucket.ForEach(func(k, v []byte) error {
			var r oldRecord
			if err := json.Unmarshal(v, &r); err != nil {
				return fmt.Errorf("%w: record %q: %v", ErrCorrupt, k, err)
			}
			old[string(name)] = append(old[string(name)], r)
			return nil
		}); err != nil {
			return err
		}
		if err := tx.DeleteBucket(name); err != nil {
			return err
		}
	}
	if err := createBuckets(tx); err != nil {
		return err
	}
	ring, err := newRing(tx, keys)
	if err != nil {
		return err
	}
	if string(ring.keys[ring.current].id()) != keyID {
		return ErrWrongKey
	}
	return rewrite(tx, ring, old[string(activeBucket)], old[string(historyBucket)])
}

func rewrite(tx *bbolt.Tx, ring ring, active, history []oldRecord) error {
	c, err := newChange(tx, newIndex(ring, 0), time.UnixMilli(0))
	if err != nil {
		return err
	}
	for i := range active {
		r := active[i].record(ring.current)
		if c.find(scopeNumbers[ScopeAll], r.rule) != 0 {
			return fmt.Errorf("%w: record %q: another record has the same target", ErrCorrupt, r.ID)
		}
		if err := c.put(r); err != nil {
			return fmt.Errorf("%w: record %q: %v", ErrCorrupt, r.ID, err)
		}
	}
	for i := range history {
		r := history[i].record(ring.current)
		value, err := r.encode()
		if err != nil {
			return err
		}
		key := historyKey(history[i].At, r.ID)
		if value, err = encodeEnded(key, history[i].How, history[i].By, value); err != nil {
			return err
		}
		if err := c.history.Put(key, value); err != nil {
			return err
		}
	}
	return c.save()
}

func (o *oldRecord) record(key uint8) *record {
	r := &record{Ban: Ban{
		ID: o.Ban.ID, Kind: o.Ban.Kind, Scope: ScopeAll, Prefix: o.Ban.Prefix, Address: o.Ban.Address,
		Reason: o.Ban.Reason, Note: o.Ban.Note, By: o.Ban.By, Created: o.Ban.Created,
	}}
	if o.Ban.Until != nil {
		r.Until = untilTime(untilMillis(*o.Ban.Until))
	}
	if r.Kind == KindPrefix {
		r.rule.prefix = r.Prefix
	} else {
		r.rule.tag, r.rule.key = o.Tag, key
		if r.of = ofSingle; r.Kind == KindNet64 {
			r.of = ofNet64
		}
	}
	return r
}
