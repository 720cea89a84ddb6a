package ban

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
)

// HistoryFor is how long an ended ban stays in the history, if Options do not say.
const HistoryFor = 365 * 24 * time.Hour

// Options are the settings of a store that have a default.
type Options struct {
	// Now is the clock. Nil: one that no step of the wall clock disturbs.
	Now func() time.Time
	// HistoryFor is how long an ended ban stays in the history. Zero: HistoryFor.
	HistoryFor time.Duration
	// WidenAfter is how many banned neighbours ban what is around them: IPv6 /64s
	// their /56, /56s their /48. Zero: never.
	WidenAfter int
	// WidenFor is how long such a ban lasts. Zero: 24 hours.
	WidenFor time.Duration
	// Node is this node's name in a cluster: what is done is logged for the others, and
	// what they do can be applied. Empty: neither, and the file keeps no log.
	Node string
	// Log is told what an operator should look at. Nil: nobody.
	Log *slog.Logger
}

// Store holds the bans of one file. Its methods may be called at the same time.
type Store struct {
	path     string
	db       *bbolt.DB
	now      func() time.Time
	opts     Options
	queue    queue
	verdicts *verdicts

	version  atomic.Uint64 // of the index: of what verdicts may say
	changes  atomic.Uint64 // transactions since the start
	failures atomic.Uint64 // changes that the disk refused

	forgotten atomic.Uint64 // ended bans, by Sweep

	fed chan struct{} // has room for one: the log has grown

	// write serialises changes. It is held over the fsync, which mu never is,
	// so Check does not wait for the disk.
	write  sync.Mutex
	broken error // guarded by write; why nothing is changed any more

	mu  sync.RWMutex
	idx *index // guarded by mu; changed only under write as well
}

// Open opens the store at path, or makes it with mode 0600. Only one process can
// have it open: after 2 s of waiting the error is ErrLocked. Other errors wrap
// ErrWrongKey, ErrNewerSchema or ErrCorrupt. A file of an older schema is brought
// to the present one. A nil opts is all defaults.
func Open(path string, keys Keys, opts *Options) (*Store, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	o.HistoryFor = cmp.Or(o.HistoryFor, HistoryFor)
	o.WidenFor = cmp.Or(o.WidenFor, 24*time.Hour)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Store{path: path, opts: o, now: o.Now, verdicts: newVerdicts(), fed: make(chan struct{}, 1)}
	s.version.Store(1)
	var err error
	if s.db, s.idx, err = openFile(path, keys); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if s.now == nil {
		s.now, err = s.steadyClock()
	}
	if err == nil && o.Node != "" {
		err = s.join()
	}
	if err != nil {
		s.db.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// Fed is told when the log for other nodes has grown, by what was done here or what was
// applied. One word stands for all that has happened since the one before.
func (s *Store) Fed() <-chan struct{} { return s.fed }

// steadyClock returns the store's own clock.
func (s *Store) steadyClock() (func() time.Time, error) {
	var last state
	err := s.view(func(tx *bbolt.Tx) (err error) {
		last, err = readState(tx.Bucket(metaBucket))
		return err
	})
	wall, elapsed := time.Now(), monotonic()
	if behind := last.seen.Sub(wall); behind > time.Minute {
		s.opts.Log.Warn("the clock is behind the last change of the ban store, whose time is taken instead; set the clock, and restart", "behind", behind.Round(time.Second))
	}
	return newClock(wall, elapsed, last.seen).now, err
}

// Close releases the file. Check goes on answering; everything else fails.
func (s *Store) Close() error {
	s.write.Lock()
	defer s.write.Unlock()
	if s.changes.Load() > 0 && s.broken == nil {
		// bbolt has two meta pages, and falls back to the older one if the disk
		// spoils the newer. After this both tell of every change.
		if err := s.db.Update(func(*bbolt.Tx) error { return nil }); err != nil {
			s.opts.Log.Warn("the ban store could not be closed cleanly", "error", err)
		}
	}
	return s.db.Close()
}

// Check returns the ban that keeps addr from a use, if one does: of several, the
// one that lasts longest. The allowlist comes first. An IPv4-mapped address is
// checked as IPv4 and a zone is ignored; an invalid addr is never banned. Check
// allocates nothing and never waits for the disk.
func (s *Store) Check(addr netip.Addr, use Use) (Verdict, bool) {
	addr = plain(addr)
	if !addr.IsValid() {
		return Verdict{}, false
	}
	now, sum := s.now(), s.verdicts.sum(addr)
	if verdict, banned, known := s.verdicts.get(sum, use, s.version.Load(), now); known {
		return verdict, banned
	}
	s.mu.RLock()
	verdict, banned := s.idx.match(addr, use, now)
	version := s.version.Load() // under mu: that of the index that was asked
	s.mu.RUnlock()
	s.verdicts.put(sum, use, version, verdict, banned)
	return verdict, banned
}

// Banned reports what Check does, and not why: for who has nobody to tell. An
// address in a banned prefix needs no HMAC.
func (s *Store) Banned(addr netip.Addr, use Use) bool {
	addr = plain(addr)
	if !addr.IsValid() {
		return false
	}
	now, sum := s.now(), s.verdicts.sum(addr)
	if _, banned, known := s.verdicts.get(sum, use, s.version.Load(), now); known {
		return banned
	}
	s.mu.RLock()
	banned := s.idx.banned(addr, use, now)
	version := s.version.Load()
	s.mu.RUnlock()
	if !banned {
		s.verdicts.put(sum, use, version, Verdict{}, false)
	}
	return banned
}

// Covers reports whether a ban on t would be on addr.
func (s *Store) Covers(t Target, addr netip.Addr) bool {
	if !t.pseudonym.IsValid() {
		return t.Contains(addr)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	p := t.pseudonym
	tagger := s.idx.ring.taggers[p.key]
	at := TargetFor(addr)
	return tagger != nil && at.IsValid() && at.Kind() == p.kind && tagger.target(at) == p.tag
}

// Made is the bans that a call has made.
type Made struct {
	Bans    []Ban // those asked for, one an entry
	Kept    []Ban // those that there were, in place of an Entry.NeverSooner
	Widened []Ban // those that followed from them
}

// Add is AddAll for one entry.
func (s *Store) Add(e Entry) (Ban, error) {
	made, err := s.AddAll([]Entry{e})
	if err != nil {
		return Ban{}, err
	}
	return made.Bans[0], nil
}

// AddAll makes bans, all or none of them, and returns when they are on disk and
// in force. A ban on a target that has one of its scope replaces it, even if it
// ends sooner, unless it is NeverSooner; of several entries for one target only the last counts. An error
// that wraps ErrInvalid is about an entry, any other about the disk.
func (s *Store) AddAll(entries []Entry) (made Made, err error) {
	if err := s.validate(entries); err != nil {
		return Made{}, err
	}
	err = s.update(func(c *change) (err error) {
		made, err = s.makeAll(c, entries)
		return err
	})
	return made, err
}

// Plan returns what AddAll would make, without IDs, and makes nothing.
func (s *Store) Plan(entries []Entry) (made Made, err error) {
	if err := s.validate(entries); err != nil {
		return Made{}, err
	}
	s.write.Lock()
	defer s.write.Unlock()
	err = guarded(func() error {
		return update(s.db, func(tx *bbolt.Tx) (bool, error) {
			c, err := newChange(tx, s.idx, s.now())
			if err == nil {
				made, err = s.makeAll(c, entries)
			}
			return false, err
		})
	})
	for _, bans := range [][]Ban{made.Bans, made.Widened} {
		for i := range bans {
			bans[i].ID = 0
		}
	}
	return made, err
}

func (s *Store) validate(entries []Entry) error {
	now := s.now()
	for i := range entries {
		if err := entries[i].validate(now); err != nil {
			return err
		}
		if p := entries[i].Target.pseudonym; p.IsValid() && !s.knows(p) {
			return errKeyGone
		}
	}
	return nil
}

func (s *Store) knows(p Pseudonym) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.idx.ring.has(p.key)
}

func (s *Store) makeAll(c *change, entries []Entry) (made Made, err error) {
	rules := make([][]rule, len(entries))
	last := make(map[scopedRule]int, len(entries))
	for i := range entries {
		rules[i] = c.ring.rules(entries[i].Target)
		if !c.ring.has(rules[i][0].key) {
			return Made{}, refusal{errKeyGone}
		}
		last[scopedRule{scopeNumbers[entries[i].Scope], rules[i][0]}] = i
	}
	for i := range entries {
		if last[scopedRule{scopeNumbers[entries[i].Scope], rules[i][0]}] != i {
			continue
		}
		kept, err := c.lasting(&entries[i], rules[i])
		if err != nil {
			return Made{}, err
		}
		if kept != nil {
			made.Kept = append(made.Kept, kept.Ban)
			continue
		}
		r, err := c.add(&entries[i], rules[i])
		if err != nil {
			return Made{}, err
		}
		made.Bans = append(made.Bans, r.Ban)
	}
	for i := range entries {
		widened, err := c.widen(&entries[i], s.opts.WidenAfter, s.opts.WidenFor)
		if err != nil {
			return Made{}, err
		}
		made.Widened = append(made.Widened, widened...)
	}
	return made, nil
}

// Remove ends the ban of a scope on exactly this target; an empty scope stands
// for ScopeAll. The error is ErrNotFound if it has none, even if a wider ban
// covers it. by goes into the history.
func (s *Store) Remove(t Target, scope Scope, by string) (Ban, error) {
	number, known := scopeNumbers[cmp.Or(scope, ScopeAll)]
	if !t.IsValid() || !known {
		return Ban{}, fmt.Errorf("%w: the target or the scope is missing", ErrInvalid)
	}
	return s.remove(by, func(c *change) (ids []ID) {
		for _, r := range c.ring.rules(t) {
			if id := c.find(number, r); id != 0 {
				ids = append(ids, id) // of a cluster's nodes, some may have had the key before
			}
		}
		return ids
	})
}

// RemoveID ends the ban with this ID. The error is ErrNotFound if there is none.
func (s *Store) RemoveID(id ID, by string) (Ban, error) {
	return s.remove(by, func(*change) []ID { return []ID{id} })
}

// remove ends the bans that find returns and that are active, and returns the first.
func (s *Store) remove(by string, find func(*change) []ID) (ended Ban, err error) {
	if err := validateLine("name of the admin", by, maxBy); err != nil {
		return Ban{}, err
	}
	err = s.update(func(c *change) error {
		for _, id := range find(c) {
			if c.active.Get(id.key()) == nil {
				continue
			}
			r, err := c.read(id)
			if err != nil {
				return err
			}
			if !r.activeAt(c.now) {
				continue
			}
			if ended.ID == 0 {
				ended = r.Ban
			}
			if err := c.end(id, HowRemoved, by); err != nil {
				return err
			}
		}
		if ended.ID == 0 {
			return refusal{ErrNotFound}
		}
		return nil
	})
	if err != nil {
		return Ban{}, err
	}
	return ended, nil
}
