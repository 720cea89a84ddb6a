package ban

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"go.etcd.io/bbolt"
)

// The buckets of a store in a cluster. They are made when a store is opened with
// Options.Node, and other files do not have them: such a file is as it was, and an older
// joingyd opens it. What that changes in a file that has them, or a command that is
// given no name, is found and passed on when the store is opened with a name again.
var (
	feedBucket  = []byte("bans/feed")       // state, origin/N, restored
	itemsBucket = []byte("bans/feed/items") // origin's number, version → sealed JSON of item
	cellsBucket = []byte("bans/feed/cells") // cellKey → what cell.encode makes
	dropsBucket = []byte("bans/feed/drops") // Unix milliseconds, place or cellKey → nothing
)

var (
	feedStateKey  = []byte("state")
	feedOriginKey = []byte("origin/")
	restoredKey   = []byte("restored")
)

const (
	maxNode     = 64      // characters of a node's name
	originBytes = 8       // of the number behind it
	maxOrigins  = 1 << 12 // nodes and restores that a store has heard of
)

// feedState is what every change of a store in a cluster writes besides state: as
// that, it shows what has gone missing.
type feedState struct {
	Version int    `json:"version"` // of these buckets
	Own     uint16 `json:"own"`     // number of this store's origin
	Node    string `json:"node"`
	Millis  int64  `json:"millis"` // of the hybrid clock
	Count   uint32 `json:"count"`
	Cells   tally  `json:"cells"`
	Items   tally  `json:"items"`
	Bans    tally  `json:"bans"`   // of the store, as the log has them
	Parked  uint64 `json:"parked"` // cells
}

// feedVersion is that of the buckets which this code writes.
const feedVersion = 1

// tally counts sealed values, and sums their seals.
type tally struct {
	Count uint64 `json:"count"`
	Sum   uint64 `json:"sum"`
}

func (t *tally) add(value []byte) { t.Count, t.Sum = t.Count+1, t.Sum+uint64(sealOf(value)) }

func (t *tally) subtract(value []byte) { t.Count, t.Sum = t.Count-1, t.Sum-uint64(sealOf(value)) }

// logHead is how far the log of one origin is known here. An origin is the log of one
// store: a name, a slash, and a number that is made anew when the store is another or
// an older one than it was, so that no version ever means two things.
type logHead struct {
	Origin  string `json:"origin"`
	Version uint64 `json:"version"`
	Mark    mark   `json:"mark"`
}

// mark is the time of a version's stamp: whether two logs have the same there.
type mark struct {
	Millis int64  `json:"t,omitempty"`
	Count  uint32 `json:"c,omitempty"`
}

// ledger is the log in one transaction.
type ledger struct {
	feed, items, cells, drops *bbolt.Bucket

	state   feedState
	clock   hybridClock
	heads   map[uint16]*logHead
	numbers map[string]uint16
	moved   map[uint16]bool // heads to be written

	foreign bool // what is being done was done elsewhere
	fed     bool // the log has grown
	touched []cellKey
	deeds   map[cellKey]touch
}

// touch is what the change did last to a cell.
type touch struct {
	weak bool
	how  How
	by   string
	at   time.Time // of the end
}

func openLedger(tx *bbolt.Tx) (*ledger, error) {
	l := &ledger{
		feed: tx.Bucket(feedBucket), items: tx.Bucket(itemsBucket), cells: tx.Bucket(cellsBucket), drops: tx.Bucket(dropsBucket),
		heads: map[uint16]*logHead{}, numbers: map[string]uint16{}, moved: map[uint16]bool{}, deeds: map[cellKey]touch{},
	}
	if l.feed == nil || l.items == nil || l.cells == nil || l.drops == nil {
		return nil, fmt.Errorf("%w: a bucket of the cluster's log is missing", ErrCorrupt)
	}
	raw, err := unseal(feedStateKey, l.feed.Get(feedStateKey))
	if err == nil {
		err = json.Unmarshal(raw, &l.state)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the tally of the cluster's log is wrong", ErrCorrupt)
	}
	if l.state.Version > feedVersion {
		return nil, fmt.Errorf("%w (cluster log %d, this version knows up to %d)", ErrNewerSchema, l.state.Version, feedVersion)
	}
	l.clock = hybridClock{l.state.Millis, l.state.Count}
	l.items.FillPercent = appendFill
	cursor := l.feed.Cursor()
	for k, v := cursor.Seek(feedOriginKey); bytes.HasPrefix(k, feedOriginKey); k, v = cursor.Next() {
		h := &logHead{}
		raw, err := unseal(k, v)
		if err == nil {
			err = json.Unmarshal(raw, h)
		}
		if err != nil || len(k) != len(feedOriginKey)+2 {
			return nil, fmt.Errorf("%w: origin %x of the cluster's log: %v", ErrCorrupt, k, err)
		}
		number := binary.BigEndian.Uint16(k[len(feedOriginKey):])
		l.heads[number], l.numbers[h.Origin] = h, number
	}
	if l.heads[l.state.Own] == nil {
		return nil, fmt.Errorf("%w: the cluster's log does not say whose it is", ErrCorrupt)
	}
	return l, nil
}

// own is the origin of this store.
func (l *ledger) own() *logHead { return l.heads[l.state.Own] }

func (l *ledger) originOf(number uint16) (string, bool) {
	h := l.heads[number]
	if h == nil {
		return "", false
	}
	return h.Origin, true
}

// numberOf returns the number of an origin in this file, which it may give it.
func (l *ledger) numberOf(origin string) (uint16, error) {
	if number, known := l.numbers[origin]; known {
		return number, nil
	}
	if len(l.numbers) >= maxOrigins {
		return 0, fmt.Errorf("%w: the cluster's log has %d origins and can have no other; empty this node's data directory and let it join anew", ErrInvalid, maxOrigins)
	}
	number := uint16(len(l.numbers) + 1)
	l.heads[number], l.numbers[origin], l.moved[number] = &logHead{Origin: origin}, number, true
	return number, nil
}

// save writes what the change has left to write.
func (l *ledger) save() error {
	for _, number := range slices.Sorted(maps.Keys(l.moved)) {
		key := binary.BigEndian.AppendUint16(slices.Clone(feedOriginKey), number)
		if err := putSealed(l.feed, key, l.heads[number]); err != nil {
			return err
		}
	}
	l.state.Millis, l.state.Count = l.clock.millis, l.clock.count
	return putSealed(l.feed, feedStateKey, l.state)
}

func putSealed(bucket *bbolt.Bucket, key []byte, content any) error {
	text, err := json.Marshal(content)
	if err != nil {
		return err
	}
	return bucket.Put(key, seal(key, text))
}

// cell reads one; of one that is not there nothing was done yet.
func (l *ledger) cell(key cellKey) (*cell, error) {
	value := l.cells.Get([]byte(key))
	if value == nil {
		return &cell{}, nil
	}
	c, err := decodeCell(key, value, l.originOf)
	if err != nil {
		return nil, fmt.Errorf("%w: cell %x: %v", ErrCorrupt, string(key), err)
	}
	return c, nil
}

func (l *ledger) putCell(key cellKey, c *cell) error {
	value, err := c.encode(key, l.numberOf)
	if err != nil {
		return err
	}
	if before := l.cells.Get([]byte(key)); before != nil {
		l.state.Cells.subtract(before)
	}
	l.state.Cells.add(value)
	if c.parked != c.wasParked {
		if c.parked {
			l.state.Parked++
		} else {
			l.state.Parked--
		}
		c.wasParked = c.parked
	}
	return l.cells.Put([]byte(key), value)
}

func (p place) key() []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint16(nil, p.origin), p.version)
}

func placeOf(key []byte) place {
	return place{binary.BigEndian.Uint16(key), binary.BigEndian.Uint64(key[2:])}
}

// item reads one that a cell needs.
func (l *ledger) item(at place) (*item, error) {
	text, err := unseal(at.key(), l.items.Get(at.key()))
	if err == nil {
		var i *item
		if i, err = decodeItem(text); err == nil {
			return i, nil
		}
	}
	return nil, fmt.Errorf("%w: item %d of origin %d: %v", ErrCorrupt, at.version, at.origin, err)
}

// putItem writes an item as it came, in a place where there is none.
func (l *ledger) putItem(at place, text []byte) error {
	key := at.key()
	if before := l.items.Get(key); before != nil {
		l.state.Items.subtract(before)
	}
	value := seal(key, slices.Clone(text))
	l.state.Items.add(value)
	l.fed = true
	return l.items.Put(key, value)
}

func (l *ledger) deleteItem(at place) error {
	key := at.key()
	if value := l.items.Get(key); value != nil {
		l.state.Items.subtract(value)
	}
	return l.items.Delete(key)
}

// advance notes that the log of an origin is known up to a version.
func (l *ledger) advance(number uint16, version uint64, m mark) {
	h := l.heads[number]
	h.Version, h.Mark, l.moved[number] = version, m, true
}

// markAt returns what the log of an origin has at a version; nil: it does not know any
// more.
func (l *ledger) markAt(number uint16, version uint64) *mark {
	h := l.heads[number]
	switch {
	case version == 0:
		return &mark{}
	case h == nil:
		return nil
	case version == h.Version:
		return &h.Mark
	}
	text, err := unseal(place{number, version}.key(), l.items.Get(place{number, version}.key()))
	if err != nil {
		return nil
	}
	i, err := decodeItem(text)
	if err != nil {
		return nil
	}
	return &mark{i.Millis, i.Count}
}

// append writes what was done at this store to the end of its log.
func (l *ledger) append(i *item) (place, error) {
	text, err := json.Marshal(i)
	if err != nil {
		return place{}, err
	}
	at := place{l.state.Own, l.own().Version + 1}
	l.advance(at.origin, at.version, mark{i.Millis, i.Count})
	return at, l.putItem(at, text)
}

// dropLater lets the log forget an item, or a cell that has ended, when the history
// does.
func (l *ledger) dropLater(at time.Time, what []byte) error {
	return l.drops.Put(append(binary.BigEndian.AppendUint64(nil, uint64(at.UnixMilli())), what...), nil)
}

// newOrigin gives the store a log that nobody has heard of, and numbers for its bans that
// hardly any other has.
func (l *ledger) newOrigin(node string, active *bbolt.Bucket) error {
	var random [originBytes]byte
	rand.Read(random[:])
	number, err := l.numberOf(node + "/" + hex.EncodeToString(random[:]))
	if err != nil {
		return err
	}
	l.state.Own, l.state.Node = number, node
	const block = 1 << 24 // bans
	return active.SetSequence(binary.BigEndian.Uint64(random[:]) & idMask &^ (block - 1))
}

// createLedger makes the buckets.
func createLedger(tx *bbolt.Tx, node string) error {
	for _, name := range [][]byte{feedBucket, itemsBucket, cellsBucket, dropsBucket} {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	l := &ledger{
		feed: tx.Bucket(feedBucket), heads: map[uint16]*logHead{}, numbers: map[string]uint16{}, moved: map[uint16]bool{},
		state: feedState{Version: feedVersion},
	}
	if err := l.newOrigin(node, tx.Bucket(activeBucket)); err != nil {
		return err
	}
	return l.save()
}

// isOrigin reports whether text is as newOrigin makes them.
func isOrigin(text string) bool {
	node, number, _ := strings.Cut(text, "/")
	raw, err := hex.DecodeString(number)
	return err == nil && len(raw) == originBytes && node != "" && validateNode(node) == nil
}

// validateNode keeps out what could not be told apart from the rest of a digest.
func validateNode(node string) error {
	if len(node) > maxNode || strings.ContainsFunc(node, func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-._", r)
	}) {
		return fmt.Errorf("%w: the node's name %s (cluster.node); write up to %d letters, digits, hyphens, dots and underscores", ErrInvalid, quote(node), maxNode)
	}
	return nil
}

// Restored notes in a store that nobody has open that it was put back from a backup: its
// versions after the backup may have been given to other bans already. A store that
// was in no cluster needs no note and gets none.
func Restored(path string) error {
	return guarded(func() error {
		o := options()
		o.InitialMmapSize = 0
		db, err := openBolt(path, o)
		if err != nil {
			return err
		}
		return errors.Join(update(db, func(tx *bbolt.Tx) (bool, error) {
			feed := tx.Bucket(feedBucket)
			if feed == nil {
				return false, nil
			}
			return true, feed.Put(restoredKey, seal(restoredKey, nil))
		}), db.Close())
	})
}
