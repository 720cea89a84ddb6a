package privacy

import (
	"cmp"
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/joingyd/joingyd/internal/durable"
)

const day = 24 * time.Hour

// The default times of Options.
const (
	Wait      = 7 * day
	AnswerFor = 90 * day
	KeepFor   = 730 * day // 24 months: Cal. Code Regs. title 11 § 7101(a)
)

const requestSuffix = ".json"

// Errors of a Store.
var (
	ErrNotFound = errors.New("there is no such request")
	ErrEnded    = errors.New("the request has ended already")
	ErrBegun    = errors.New("the erasure has begun already, and cannot be taken back")
	ErrFull     = errors.New("too many requests wait for an answer")
)

// Options are the settings of a Store that have a default.
type Options struct {
	Most      int              // requests that wait; 0: 1,000
	Wait      time.Duration    // from an erasure's asking by a visitor to its time; 0: 7 days
	AnswerFor time.Duration    // how long an answer is kept; 0: 90 days
	KeepFor   time.Duration    // how long it is kept that there was a request; 0: 730 days
	Now       func() time.Time // nil: time.Now
	Log       *slog.Logger     // nil: none
}

// Store keeps requests, a file each. Its methods may be called at the same time.
type Store struct {
	dir  *durable.Dir
	opts Options

	mu       sync.Mutex // guards the files and what follows
	requests map[string]*Request
}

// Open opens or makes the store in a directory, for one process at a time.
func Open(dir string, o Options) (*Store, error) {
	o.Most, o.Wait = cmp.Or(o.Most, 1000), cmp.Or(o.Wait, Wait)
	o.AnswerFor, o.KeepFor = cmp.Or(o.AnswerFor, AnswerFor), cmp.Or(o.KeepFor, KeepFor)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	locked, err := durable.Lock(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{dir: locked, opts: o}
	if err := s.load(); err != nil {
		return nil, errors.Join(err, locked.Close())
	}
	return s, nil
}

func (s *Store) load() error {
	requests, err := readRequests(s.dir.Path("."))
	if err != nil {
		return err
	}
	now := s.opts.Now()
	for id, r := range requests {
		if r.Asked.After(now.Add(day)) {
			s.opts.Log.Warn("the clock is behind a request for data: nothing that waits happens until it is right; set the clock", "request", id, "asked", r.Asked, "now", now)
		}
	}
	s.requests = requests
	return nil
}

// Close gives the directory back.
func (s *Store) Close() error { return s.dir.Close() }

// Visitor is who asks by the site's form.
const Visitor = "visitor"

// Add keeps a request, and returns it when it is on disk. Of r, kind, by, receipt, subject
// and contact count. What a visitor asks to be erased waits for its time; what an operator
// does is begun.
func (s *Store) Add(r Request) (Request, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	waiting := 0
	for _, other := range s.requests {
		if other.Waits() {
			waiting++
		}
	}
	if waiting >= s.opts.Most && r.By == Visitor {
		return Request{}, ErrFull
	}
	now := s.opts.Now().UTC().Truncate(time.Second)
	r.ID, r.Asked, r.Due, r.State = newID(), now, now.AddDate(0, 1, 0), StateOpen
	if r.Kind == Erase {
		if r.State = StateErasing; r.By == Visitor {
			r.State, r.Happens = StateOpen, now.Add(s.opts.Wait)
		}
	}
	return r, s.putLocked(&r)
}

// newID returns 8 characters of a-z and 2-7, at random.
func newID() string {
	var raw [5]byte
	rand.Read(raw[:])
	return strings.ToLower(base32.StdEncoding.EncodeToString(raw[:]))
}

func (s *Store) putLocked(r *Request) error {
	data, err := json.Marshal(r)
	if err == nil {
		err = s.dir.WriteFile(r.ID+requestSuffix, data)
	}
	if err != nil {
		return fmt.Errorf("request %s is not kept: %w", r.ID, err)
	}
	kept := *r
	s.requests[r.ID] = &kept
	return nil
}

// change carries f out on a request that has not ended.
func (s *Store) change(id string, f func(*Request) error) (Request, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.requests[id]
	switch {
	case old == nil:
		return Request{}, ErrNotFound
	case !old.Waits():
		return *old, ErrEnded
	}
	r := *old
	if err := f(&r); err != nil {
		return *old, err
	}
	return r, s.putLocked(&r)
}

// Begin notes that an erasure is begun: from now on it is completed, whatever happens.
func (s *Store) Begin(id string) (Request, error) {
	return s.change(id, func(r *Request) error { r.State = StateErasing; return nil })
}

// End ends a request. Of whom it was is forgotten with it, but for an erasure that is done:
// of that session and pseudonyms stay for as long as the answer, since a backup may bring
// back what it has deleted.
func (s *Store) End(id string, as State, by, answer string) (Request, error) {
	return s.change(id, func(r *Request) error {
		if r.State == StateErasing && as != StateDone {
			return ErrBegun
		}
		r.State, r.EndedBy, r.Answer, r.Ended = as, by, answer, s.opts.Now().UTC().Truncate(time.Second)
		if r.Kind == Erase && as == StateDone {
			r.Erased = Subject{Session: r.Subject.Session, Pseudonyms: r.Subject.Pseudonyms}
		}
		r.Subject, r.Contact = Subject{}, ""
		return nil
	})
}

// Get returns a request.
func (s *Store) Get(id string) (Request, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.requests[id]; r != nil {
		return *r, nil
	}
	return Request{}, ErrNotFound
}

// Receipted returns the request that a receipt with this hash is of.
func (s *Store) Receipted(hash string) (Request, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		if hash != "" && r.Receipt == hash {
			return *r, nil
		}
	}
	return Request{}, ErrNotFound
}

// List returns the requests that wait, the first due first, and, if all, those that have
// ended after them, the last first.
func (s *Store) List(all bool) (list []Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		if all || r.Waits() {
			list = append(list, *r)
		}
	}
	slices.SortFunc(list, func(a, b Request) int {
		switch {
		case a.Waits() && !b.Waits():
			return -1
		case !a.Waits() && b.Waits():
			return 1
		case a.Waits():
			return cmp.Or(a.Due.Compare(b.Due), strings.Compare(a.ID, b.ID))
		}
		return cmp.Or(b.Ended.Compare(a.Ended), strings.Compare(a.ID, b.ID))
	})
	return list
}

// Pending returns the erasures to be carried out now: those begun, and those whose time
// has come.
func (s *Store) Pending() (list []Request) {
	now := s.opts.Now()
	for _, r := range s.List(false) {
		if r.State == StateErasing || r.Kind == Erase && !now.Before(r.Happens) {
			list = append(list, r)
		}
	}
	return list
}

// Counts counts the requests that are kept, by state; every one of States is there.
func (s *Store) Counts() map[string]int {
	counts := make(map[string]int)
	for _, state := range States() {
		counts[state] = 0
	}
	now := s.opts.Now()
	for _, r := range s.List(true) {
		counts[r.status(now)]++
	}
	return counts
}

// Sweep forgets answers and requests that were kept for long enough, and returns how many
// requests.
func (s *Store) Sweep() (gone int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.opts.Now()
	for id, r := range s.requests {
		switch {
		case r.Waits():
		case now.Sub(r.Ended) >= s.opts.KeepFor:
			if err := os.Remove(s.dir.Path(id + requestSuffix)); err != nil {
				return gone, err
			}
			delete(s.requests, id)
			gone++
		case now.Sub(r.Ended) >= s.opts.AnswerFor && (r.Answer != "" || r.Receipt != "" || !r.Erased.isZero()):
			bare := *r
			bare.Answer, bare.Receipt, bare.Erased = "", "", Subject{}
			if err := s.putLocked(&bare); err != nil {
				return gone, err
			}
		}
	}
	if gone > 0 {
		err = s.dir.Sync()
	}
	return gone, err
}
