package ban

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"go.etcd.io/bbolt"
)

// Options are the settings of a store that have a default.
type Options struct {
	// Now is the clock. Nil: time.Now.
	Now func() time.Time
	// HistoryFor is how long an ended ban stays in the history. Zero: 365 days.
	HistoryFor time.Duration
}

// Store holds the bans of one file. Its methods may be called at the same time.
type Store struct {
	db         *bbolt.DB
	tags       *tagger
	now        func() time.Time
	historyFor time.Duration

	// write serialises changes. It is held over the fsync, which mu never is,
	// so Check does not wait for the disk.
	write sync.Mutex

	mu  sync.RWMutex
	idx *index // guarded by mu; changed only under write as well
}

// Open opens the store at path, or makes it with mode 0600. Only one process can
// have it open: after 2 s of waiting the error is ErrLocked. Other errors wrap
// ErrWrongKey, ErrNewerSchema or ErrCorrupt. A nil opts is all defaults.
func Open(path string, key Key, opts *Options) (*Store, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.HistoryFor == 0 {
		o.HistoryFor = 365 * 24 * time.Hour
	}
	s := &Store{tags: newTagger(key), now: o.Now, historyFor: o.HistoryFor}
	var err error
	if s.db, s.idx, err = openFile(path, s.tags.keyID()); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := s.Sweep(); err != nil {
		s.db.Close()
		return nil, err
	}
	return s, nil
}

// Close releases the file. Check and List go on answering; changes fail.
func (s *Store) Close() error { return s.db.Close() }

// Check returns the ban that keeps addr out, if one does: of several, the one
// that lasts longest. [Ban.RuleFor] tells which prefix it is on. An IPv4-mapped
// address is checked as IPv4 and a zone is ignored; an invalid addr is never
// banned. Check allocates nothing and never waits for the disk.
func (s *Store) Check(addr netip.Addr) (Ban, bool) {
	addr = plain(addr)
	if !addr.IsValid() {
		return Ban{}, false
	}
	now := s.now()
	s.mu.RLock()
	defer s.mu.RUnlock()
	if r := s.idx.match(addr, s.tags, now); r != nil {
		return r.Ban, true
	}
	return Ban{}, false
}

// List returns the active bans, the oldest first.
func (s *Store) List() []Ban {
	now := s.now()
	s.mu.RLock()
	bans := make([]Ban, 0, len(s.idx.byID))
	for _, r := range s.idx.byID {
		if r.Ban.activeAt(now) {
			bans = append(bans, r.Ban)
		}
	}
	s.mu.RUnlock()
	slices.SortFunc(bans, func(a, b Ban) int {
		if c := a.Created.Compare(b.Created); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return bans
}

// Len returns how many bans are active.
func (s *Store) Len() (n int) {
	now := s.now()
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, r := range s.idx.byID {
		if r.Ban.activeAt(now) {
			n++
		}
	}
	return n
}

// Add is AddAll for one entry.
func (s *Store) Add(e Entry) (Ban, error) {
	bans, err := s.AddAll([]Entry{e})
	if err != nil {
		return Ban{}, err
	}
	return bans[0], nil
}

// AddAll makes bans, all or none of them, and returns when they are on disk and
// in force. A ban on a target that has one replaces it, even if it ends sooner;
// of several entries for one target only the last counts. An error that wraps
// ErrInvalid is about an entry, any other about the disk.
func (s *Store) AddAll(entries []Entry) ([]Ban, error) {
	s.write.Lock()
	defer s.write.Unlock()
	now := s.now()
	records, err := s.plan(entries, now)
	if err != nil {
		return nil, err
	}
	c := s.newChange(now)
	for _, r := range records {
		r.Ban.ID = s.newID(c)
		c.add = append(c.add, r)
		if old := s.idx.find(r.rule()); old != nil {
			c.end(old, HowReplaced, r.Ban.By)
		}
	}
	if err := s.commit(c); err != nil {
		return nil, err
	}
	return bansOf(records), nil
}

// Plan returns what AddAll would make, without IDs, and makes nothing.
func (s *Store) Plan(entries []Entry) ([]Ban, error) {
	records, err := s.plan(entries, s.now())
	return bansOf(records), err
}

// Remove ends the ban on exactly this target. The error is ErrNotFound if it
// has none, even if a wider ban covers it. by goes into the history.
func (s *Store) Remove(t Target, by string) (Ban, error) {
	if !t.IsValid() {
		return Ban{}, fmt.Errorf("%w: the target is missing; make one with ParseTarget", ErrInvalid)
	}
	wanted := s.rule(t)
	return s.remove(by, func(x *index) *record { return x.find(wanted) })
}

// RemoveID ends the ban with this ID. The error is ErrNotFound if there is none.
func (s *Store) RemoveID(id, by string) (Ban, error) {
	return s.remove(by, func(x *index) *record { return x.byID[id] })
}

// Sweep moves expired bans to the history and drops what has been there for
// Options.HistoryFor. Every change and Open do it as well, so it only matters
// that somebody calls it now and then, such as once a day.
func (s *Store) Sweep() error {
	s.write.Lock()
	defer s.write.Unlock()
	return s.commit(s.newChange(s.now()))
}

func (s *Store) remove(by string, find func(*index) *record) (Ban, error) {
	if err := validateLine("name of the admin", by, maxBy); err != nil {
		return Ban{}, err
	}
	s.write.Lock()
	defer s.write.Unlock()
	now := s.now()
	r := find(s.idx)
	if r == nil || !r.Ban.activeAt(now) {
		return Ban{}, ErrNotFound
	}
	c := s.newChange(now)
	c.end(r, HowRemoved, by)
	if err := s.commit(c); err != nil {
		return Ban{}, err
	}
	return r.Ban, nil
}

// plan turns entries into records without IDs, one a rule.
func (s *Store) plan(entries []Entry, now time.Time) ([]*record, error) {
	created := now.UTC().Truncate(time.Millisecond)
	var records []*record
	at := map[rule]int{}
	for i := range entries {
		e := &entries[i]
		if err := e.validate(now); err != nil {
			return nil, err
		}
		r := &record{Ban: Ban{Kind: e.Target.Kind(), Reason: e.Reason, Note: e.Note, By: e.By, Created: created, Until: e.Until.UTC().Round(0)}}
		if e.KeepAddress {
			r.Ban.Address = e.Target.typed
		}
		key := s.rule(e.Target)
		r.Tag, r.Ban.Prefix = key.tag, key.prefix
		if earlier, twice := at[key]; twice {
			records[earlier] = r
			continue
		}
		at[key] = len(records)
		records = append(records, r)
	}
	return records, nil
}

func (s *Store) rule(t Target) rule {
	switch t.Kind() {
	case KindAddress:
		return rule{tag: s.tags.address(t.prefix.Addr())}
	case KindNet64:
		return rule{tag: s.tags.net64(t.prefix.Addr())}
	default:
		return rule{prefix: t.prefix}
	}
}

// commit puts a change on disk, then in force. The caller holds write.
func (s *Store) commit(c *change) error {
	if err := c.save(s.db); err != nil {
		return fmt.Errorf("ban store: nothing was changed: %w; check the disk", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range c.ended {
		s.idx.remove(e.record)
	}
	for _, r := range c.add {
		s.idx.insert(r)
	}
	if len(c.ended) > 0 {
		s.idx.refreshEarliest()
	}
	return nil
}

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567")

// newID draws an ID that no ban in the index or the change has. The caller holds
// write.
func (s *Store) newID(c *change) string {
	for {
		var raw [5]byte
		rand.Read(raw[:])
		id := idEncoding.EncodeToString(raw[:])
		if s.idx.byID[id] == nil && !c.ids[id] {
			c.ids[id] = true
			return id
		}
	}
}

func bansOf(records []*record) []Ban {
	bans := make([]Ban, len(records))
	for i, r := range records {
		bans[i] = r.Ban
	}
	return bans
}
