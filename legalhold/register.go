package legalhold

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/joingyd/joingyd/internal/durable"
)

// Subject is a session, or an address with the pseudonyms that it may have.
type Subject struct {
	Session    string
	Address    netip.Addr
	Pseudonyms []string
}

// Rows is the IP log.
type Rows interface {
	// Hold keeps the rows of a subject, of which one of Session and Address is set.
	Hold(s Subject, until time.Time) (id string, err error)
	// Release ends that. One that is over is no error.
	Release(id string) error
	// Holds lists the holds that there are.
	Holds() []string
}

// Cases is the store of cases.
type Cases interface {
	// About lists the cases about a session or some pseudonyms.
	About(s Subject) (ids []string, err error)
	// Hold keeps a case; one that is held for longer stays so. before is why it was held
	// already, if it was; ok says that there was something to keep.
	Hold(id string, until time.Time, by, reason string) (before string, ok bool, err error)
	// Release ends the hold of a case. One that is not held is no error.
	Release(id string) error
}

// Hold is one number in the register. It has no address.
type Hold struct {
	ID         string    `json:"id"`
	Session    string    `json:"session,omitempty"`
	Pseudonyms []string  `json:"pseudonyms,omitempty"` // of an address
	Until      time.Time `json:"until"`
	Reference  string    `json:"reference"`
	By         string    `json:"by"`
	Made       time.Time `json:"made"`
	Rows       string    `json:"rows,omitempty"`    // the hold of the IP log
	NoRows     bool      `json:"no_rows,omitempty"` // there was no IP log
	Cases      []string  `json:"cases,omitempty"`   // that it wants
	Before     []string  `json:"before,omitempty"`  // of those, what was held for another reason, and stays so
	Incomplete bool      `json:"incomplete,omitempty"`
	Ending     bool      `json:"ending,omitempty"`
}

// reasonPrefix begins why a case is held, before the number of the hold.
const reasonPrefix = "legal hold "

func (h *Hold) reason() string { return reasonPrefix + h.ID + ": " + h.Reference }

func (h *Hold) subject() Subject { return Subject{Session: h.Session, Pseudonyms: h.Pseudonyms} }

func (h *Hold) about(session string, suspects []string) bool {
	return h.Session != "" && h.Session == session || slices.ContainsFunc(suspects, func(p string) bool { return slices.Contains(h.Pseudonyms, p) })
}

// Errors of the register.
var (
	ErrNotFound = errors.New("there is no such hold; joingyd hold list shows them")
	ErrMany     = fmt.Errorf("there are %d holds; release some", mostHolds)
	ErrNothing  = errors.New("there is no IP log (privacy.recipients) and no case about them, so there is nothing to hold")
	ErrBusy     = errors.New("a hold is incomplete (joingyd hold list); restart the daemon, which completes it, and look at its log")
)

const (
	holdsFile = "holds.json"
	mostHolds = 1000
)

// Register is the holds that there are. Its methods may be called at the same time.
type Register struct {
	dir   *durable.Dir
	rows  Rows // nil: none
	cases Cases
	now   func() time.Time

	mu   sync.Mutex // guards what follows, and the file
	list []Hold     // the oldest first
}

// Open opens or makes the register in a directory, for one process. Call Complete before
// anything else. A nil now is time.Now.
func Open(dir string, rows Rows, cases Cases, now func() time.Time) (*Register, error) {
	if now == nil {
		now = time.Now
	}
	locked, err := durable.Lock(dir)
	if err != nil {
		return nil, err
	}
	r := &Register{dir: locked, rows: rows, cases: cases, now: now}
	if r.list, err = readHolds(dir); err != nil {
		return nil, errors.Join(err, locked.Close())
	}
	return r, nil
}

// Close gives the directory back.
func (r *Register) Close() error { return r.dir.Close() }

// List returns the holds, the oldest first.
func (r *Register) List() []Hold {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.list)
}

// Get returns one.
func (r *Register) Get(id string) (Hold, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if at := r.findLocked(id); at >= 0 {
		return r.list[at], nil
	}
	return Hold{}, ErrNotFound
}

func (r *Register) findLocked(id string) int {
	return slices.IndexFunc(r.list, func(h Hold) bool { return h.ID == id })
}

// putLocked writes one, in the place of that with its number.
func (r *Register) putLocked(h Hold) error {
	list := slices.Clone(r.list)
	if at := r.findLocked(h.ID); at >= 0 {
		list[at] = h
	} else {
		list = append(list, h)
	}
	return r.saveLocked(list)
}

func (r *Register) dropLocked(id string) error {
	return r.saveLocked(slices.DeleteFunc(slices.Clone(r.list), func(h Hold) bool { return h.ID == id }))
}

func (r *Register) saveLocked(list []Hold) error {
	slices.SortStableFunc(list, func(a, b Hold) int { return cmp.Or(a.Made.Compare(b.Made), strings.Compare(a.ID, b.ID)) })
	data, err := json.Marshal(list)
	if err == nil {
		err = r.dir.WriteFile(holdsFile, data)
	}
	if err == nil {
		r.list = list
	}
	return err
}

// Empty reports whether there is no hold.
func (r *Register) Empty() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.list) == 0
}
