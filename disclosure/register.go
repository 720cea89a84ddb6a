package disclosure

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/joingyd/joingyd/internal/durable"
)

// States lists every State.
func States() []State { return []State{Asked, Pending, Confirmed, Made, Refused} }

// State is how far a disclosure has come.
type State string

// The states.
const (
	Asked     State = "asked"     // may be made
	Pending   State = "pending"   // an emergency that a second person must confirm
	Confirmed State = "confirmed" // an emergency that may be made
	Made      State = "made"      // signed
	Refused   State = "refused"
)

// PendingFor is how long an emergency may wait for its second person, and then for who
// asked.
const PendingFor = 24 * time.Hour

// Entry is one disclosure in the register. It has no address.
type Entry struct {
	ID          string    `json:"id"`
	State       State     `json:"state"`
	Kind        Kind      `json:"kind"`
	Session     string    `json:"session,omitempty"`
	Pseudonym   string    `json:"pseudonym,omitempty"` // of an address
	From        time.Time `json:"from"`
	To          time.Time `json:"to"`
	Authority   string    `json:"authority"`
	Reference   string    `json:"reference,omitempty"`
	Include     []Part    `json:"include,omitempty"`
	By          string    `json:"by"`
	At          time.Time `json:"at"`
	ConfirmedBy string    `json:"confirmed_by,omitempty"`
	ConfirmedAt time.Time `json:"confirmed_at,omitzero"`
	MadeAt      time.Time `json:"made_at,omitzero"`
	Digest      string    `json:"digest,omitempty"` // of the manifest, SHA-256
	Counted     bool      `json:"counted,omitempty"`
}

// Errors of the register.
var (
	ErrNotFound   = errors.New("there is no such disclosure; joingyd disclose list shows them")
	ErrSamePerson = errors.New("who asked cannot confirm it; somebody else has to, under their own user name")
	ErrNotPending = errors.New("it does not wait for anybody; joingyd disclose list shows those that do")
	ErrLate       = fmt.Errorf("it was asked more than %d hours ago; ask again", PendingFor/time.Hour)
	ErrNotAsker   = errors.New("somebody else asked for it; they have to make it")
	ErrNotAllowed = errors.New("it waits for a second person, or was refused; joingyd disclose list tells")
	ErrMade       = errors.New("it was made before, with other content; ask again for a new one")
	ErrFull       = fmt.Errorf("the register has %d disclosures; those that are old enough go by themselves", mostEntries)
)

const (
	registerFile = "disclosures.json"
	mostEntries  = 10_000
)

// Register is all that was asked for. Its methods may be called at the same time. Those
// that change something call record with what is about to be on disk, before it is, and
// do nothing if that fails.
type Register struct {
	dir *durable.Dir
	now func() time.Time

	mu   sync.Mutex // guards what follows, and the file
	list []Entry    // the oldest first
}

// OpenRegister opens or makes the register in a directory, for one process. A nil now is
// time.Now.
func OpenRegister(dir string, now func() time.Time) (*Register, error) {
	if now == nil {
		now = time.Now
	}
	locked, err := durable.Lock(dir)
	if err != nil {
		return nil, err
	}
	r := &Register{dir: locked, now: now}
	if r.list, err = readEntries(dir); err != nil {
		return nil, errors.Join(err, locked.Close())
	}
	return r, nil
}

// Close gives the directory back.
func (r *Register) Close() error { return r.dir.Close() }

// Begin notes that somebody asks. pseudonyms are those that an address may have, the
// current first. An order may be made at once. An emergency is pending until somebody
// else has confirmed it: who asks the same again within a day gets the same entry.
func (r *Register) Begin(a *Ask, pseudonyms []string, by string, record func(Entry) error) (Entry, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now().UTC()
	if a.Emergency {
		at := slices.IndexFunc(r.list, func(e Entry) bool { return e.By == by && !late(e, now) && e.same(a, pseudonyms) })
		if at >= 0 {
			return r.list[at], nil
		}
	}
	if len(r.list) >= mostEntries {
		return Entry{}, ErrFull
	}
	e := Entry{
		ID: newID(), State: Asked, Kind: a.Kind(), Session: a.Session, From: a.From.UTC(), To: a.To.UTC(),
		Authority: a.Authority, Reference: a.Reference, Include: slices.Clone(a.Include), By: by, At: now,
	}
	if len(pseudonyms) > 0 {
		e.Pseudonym = pseudonyms[0]
	}
	if a.Emergency {
		e.State = Pending
	}
	if err := record(e); err != nil {
		return Entry{}, err
	}
	return e, r.saveLocked(append(slices.Clone(r.list), e))
}

// same reports whether an entry that is not made yet asks for the same.
func (e *Entry) same(a *Ask, pseudonyms []string) bool {
	return (e.State == Pending || e.State == Confirmed) && e.Kind == a.Kind() && e.Session == a.Session &&
		(e.Session != "" || slices.Contains(pseudonyms, e.Pseudonym)) &&
		e.From.Equal(a.From) && e.To.Equal(a.To) && e.Authority == a.Authority && e.Reference == a.Reference && slices.Equal(e.Include, a.Include)
}

func late(e Entry, now time.Time) bool { return e.Kind == Emergency && now.Sub(e.At) > PendingFor }

// Confirm is a second person's word that an emergency is one.
func (r *Register) Confirm(id, by string, record func(Entry) error) (Entry, error) {
	return r.change(id, record, func(e *Entry, now time.Time) error {
		switch {
		case e.State != Pending:
			return ErrNotPending
		case e.By == by:
			return ErrSamePerson
		case late(*e, now):
			return ErrLate
		}
		e.State, e.ConfirmedBy, e.ConfirmedAt = Confirmed, by, now
		return nil
	})
}

// Refuse ends an emergency that is not made, by whomever.
func (r *Register) Refuse(id string, record func(Entry) error) (Entry, error) {
	return r.change(id, record, func(e *Entry, _ time.Time) error {
		if e.State != Pending && e.State != Confirmed {
			return ErrNotPending
		}
		e.State = Refused
		return nil
	})
}

// Made notes that a bundle was made, whose manifest has this digest. The same again is no
// error, and not recorded again.
func (r *Register) Made(id, by, digest string, record func(Entry) error) (Entry, error) {
	return r.change(id, record, func(e *Entry, now time.Time) error {
		switch {
		case e.By != by:
			return ErrNotAsker
		case e.State == Made && e.Digest == digest:
			return errUnchanged
		case e.State == Made:
			return ErrMade
		case e.State != Asked && e.State != Confirmed:
			return ErrNotAllowed
		case late(*e, now):
			return ErrLate
		}
		e.State, e.Digest, e.MadeAt = Made, digest, now
		return nil
	})
}

// Counted notes that figures have one that was made.
func (r *Register) Counted(id string) error {
	_, err := r.change(id, func(Entry) error { return nil }, func(e *Entry, _ time.Time) error {
		e.Counted = true
		return nil
	})
	return err
}

// Uncounted returns what was made and is not in the figures: the process has died between.
func (r *Register) Uncounted() []Entry {
	return slices.DeleteFunc(r.List(), func(e Entry) bool { return e.State != Made || e.Counted })
}

var errUnchanged = errors.New("nothing changes")

func (r *Register) change(id string, record func(Entry) error, f func(*Entry, time.Time) error) (Entry, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := slices.IndexFunc(r.list, func(e Entry) bool { return e.ID == id })
	if at < 0 {
		return Entry{}, ErrNotFound
	}
	e := r.list[at]
	err := f(&e, r.now().UTC())
	if errors.Is(err, errUnchanged) {
		return e, nil
	}
	if err == nil {
		err = record(e)
	}
	if err != nil {
		return e, err
	}
	list := slices.Clone(r.list)
	list[at] = e
	return e, r.saveLocked(list)
}

// List returns all, the oldest first.
func (r *Register) List() []Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.list)
}

// Get returns one.
func (r *Register) Get(id string) (Entry, error) {
	for _, e := range r.List() {
		if e.ID == id {
			return e, nil
		}
	}
	return Entry{}, ErrNotFound
}

// Forget drops what was asked before a time.
func (r *Register) Forget(before time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := slices.DeleteFunc(slices.Clone(r.list), func(e Entry) bool { return e.At.Before(before) })
	if len(list) == len(r.list) {
		return nil
	}
	return r.saveLocked(list)
}

func (r *Register) saveLocked(list []Entry) error {
	data, err := json.Marshal(list)
	if err == nil {
		err = r.dir.WriteFile(registerFile, data)
	}
	if err == nil {
		r.list = list
	}
	return err
}

// newID returns 8 characters, as ids of cases and bans have.
func newID() string {
	var raw [5]byte
	rand.Read(raw[:])
	return strings.ToLower(base32.StdEncoding.EncodeToString(raw[:]))
}
