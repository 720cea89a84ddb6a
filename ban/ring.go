package ban

import (
	"bytes"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"
)

// maxKeys is how many keys a file has known at most, in all its years.
const maxKeys = 255

// ring is the keys of a store by the numbers under which the file knows them. It
// is never changed, only replaced.
type ring struct {
	current uint8
	numbers []uint8 // of the keys at hand, the current first
	taggers [maxKeys + 1]*tagger
	keys    [maxKeys + 1]Key
	ids     [maxKeys + 1]keyID // of keys
}

// keyPrefix goes before a key's number in the meta bucket; the value is its id, sealed.
var keyPrefix = []byte("key/")

// newRing gives each key the number that the file knows it by, or the next free
// one, which the caller has to save with saveNumbers.
func newRing(tx *bbolt.Tx, keys Keys) (r ring, err error) {
	if len(keys) == 0 {
		return r, fmt.Errorf("%w: there is no key", ErrInvalid)
	}
	known := map[uint8][]byte{}
	next := 1 // past the highest: a number is never given twice
	if meta := tx.Bucket(metaBucket); meta != nil {
		cursor := meta.Cursor()
		for k, v := cursor.Seek(keyPrefix); bytes.HasPrefix(k, keyPrefix); k, v = cursor.Next() {
			if len(k) != len(keyPrefix)+1 || k[len(keyPrefix)] == 0 {
				return r, fmt.Errorf("%w: key number %x", ErrCorrupt, k)
			}
			number := k[len(keyPrefix)]
			id, err := unseal(k, v)
			if err != nil {
				return r, fmt.Errorf("%w: key number %d: %v", ErrCorrupt, number, err)
			}
			known[number] = bytes.Clone(id)
			next = max(next, int(number)+1)
		}
	}
	isNew, familiar := len(known) == 0, false
	for _, key := range keys {
		number, found := uint8(0), false
		for n, id := range known {
			if bytes.Equal(id, key.id()) {
				number, found = n, true
			}
		}
		familiar = familiar || found
		if !found {
			if next > maxKeys {
				return r, fmt.Errorf("%w: the store has had %d keys and can have no other; export its bans into a new one", ErrInvalid, maxKeys)
			}
			number = uint8(next)
			next++
			known[number] = key.id()
		}
		if !slices.Contains(r.numbers, number) {
			r.numbers = append(r.numbers, number)
			r.taggers[number], r.keys[number], r.ids[number] = newTagger(key), key, keyID(key.id())
		}
	}
	if !isNew && !familiar {
		return r, ErrWrongKey
	}
	r.current = r.numbers[0]
	return r, nil
}

// saveNumbers notes the keys' numbers in the file. It reports whether some were
// not there.
func (r *ring) saveNumbers(tx *bbolt.Tx) (saved bool, err error) {
	meta := tx.Bucket(metaBucket)
	for _, number := range r.numbers {
		k := append(slices.Clone(keyPrefix), number)
		if meta.Get(k) != nil {
			continue
		}
		if err := meta.Put(k, seal(k, r.keys[number].id())); err != nil {
			return saved, err
		}
		saved = true
	}
	return saved, nil
}

// has reports whether the key with this number is at hand; 0 is that of prefixes,
// which need none.
func (r *ring) has(number uint8) bool { return number == 0 || r.taggers[number] != nil }

// rules returns what the store may know t by, that of the current key first.
func (r *ring) rules(t Target) []rule {
	if t.pseudonym.IsValid() {
		return []rule{{tag: t.pseudonym.tag, key: t.pseudonym.key}}
	}
	if t.Kind() == KindPrefix {
		return []rule{{prefix: t.prefix}}
	}
	rules := make([]rule, 0, len(r.numbers))
	for _, number := range r.numbers {
		rules = append(rules, rule{tag: r.taggers[number].target(t), key: number})
	}
	return rules
}

// target tags what is hashed.
func (t *tagger) target(target Target) tag {
	if target.Kind() == KindNet64 {
		return t.net64(target.prefix.Addr())
	}
	return t.address(target.prefix.Addr())
}
