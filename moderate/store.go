package moderate

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// Errors of a Store.
var (
	ErrNotFound = errors.New("there is no such case or report")
	ErrLocked   = errors.New("another process has the file open")
	ErrNewer    = errors.New("the file was written by a newer joingyd; install that version again")
	ErrFull     = errors.New("too many cases wait for a person")
)

var (
	metaBucket     = []byte("moderate/meta")
	caseBucket     = []byte("moderate/cases")     // id → JSON of a Case
	reportBucket   = []byte("moderate/reports")   // id → id of its case
	reporterBucket = []byte("moderate/reporters") // pseudonym → JSON of a reporter
	totalsBucket   = []byte("moderate/totals")    // month → JSON of Totals
	receiptBucket  = []byte("moderate/receipts")  // hash of a receipt → id of its case

	schemaKey = []byte("schema")
)

// schema is the version of the file. Raise it when older code would misread what
// newer code has written.
const schema = "1"

const (
	fileMode    = 0o600
	lockTimeout = 2 * time.Second
	mapSize     = 256 << 20 // bytes of address space the file gets at once
	growBy      = 1 << 20   // bytes of file at a time
)

// The default times of Options.
const (
	WaitFor = 30 * day
	KeepFor = 90 * day
	HoldFor = 365 * day
)

// Options are the settings of a Store that have a default.
type Options struct {
	Evidence Evidence      // nil: nothing of what was said and seen is kept
	Cases    int           // that may wait for a person; 0: 20,000
	Forms    int           // of them that came by a form of the site, of each kind; 0: 1,000
	WaitFor  time.Duration // how long a case waits for a person; 0: 30 days
	KeepFor  time.Duration // how long a case is kept once decided or expired, and how long a reporter's record; 0: 90 days
	HoldFor  time.Duration // how long what was said of a minor is held once its case has ended; 0: a year

	// Ended writes down what ends by itself, before it does: the case expires and is
	// held until a time, or its hold is over (zero). Its error puts that off. nil: nobody
	// writes it down.
	Ended func(caseID string, heldUntil time.Time) error

	ClaimFor  time.Duration    // how long who looks at a case has it; 0: 5 minutes
	TwoPeople bool             // a permanent ban needs a second person
	Now       func() time.Time // nil: time.Now
}

// Evidence keeps what was said and seen, for moderators only.
type Evidence interface {
	// Seal keeps parts for a case and returns an id for them, "" if none was kept.
	Seal(caseID string, parts []Part) (id string, err error)
	// Delete removes everything of the case.
	Delete(caseID string) error
	// Hold keeps what there is of the case from being deleted until a time, on disk
	// when it returns. It is only ever made longer.
	Hold(caseID string, until time.Time) error
	// Release ends a hold, if there is one.
	Release(caseID string) error
}

// Part is a piece of evidence.
type Part struct {
	Name string    // such as chat, note, addresses
	Type string    // MIME
	At   time.Time // when it was so
	Data []byte
}

// Store holds the cases of one file. Its methods may be called at the same time.
type Store struct {
	path string
	db   *bbolt.DB
	opts Options

	write sync.Mutex // serialises changes; held over the fsync, which mu never is

	mu       sync.RWMutex // guards what follows; but for dropped and tally, changed only under write as well
	waiting  map[string]*Case
	sessions map[string]string   // session → undecided case
	suspects map[string][]string // pseudonym → ids of undecided cases
	appeals  map[string]string   // Appeal.keys → undecided appeal
	forms    map[Kind]int        // undecided cases that somebody has a receipt of
	dropped  uint64              // reports and appeals past a reporter's most, or for want of room
	tally    map[string]*Totals  // by month: what is not on disk yet
	held     map[string]*Case

	forgotten atomic.Uint64 // cases and reporters, by Sweep
}

// Open opens the file at path, or makes it with mode 0600. The error wraps ErrLocked
// after 2 s in which another process has it, and ErrNewer.
func Open(path string, o Options) (*Store, error) {
	o.Cases = cmp.Or(o.Cases, 20_000)
	o.Forms = cmp.Or(o.Forms, 1000)
	o.WaitFor = cmp.Or(o.WaitFor, WaitFor)
	o.KeepFor = cmp.Or(o.KeepFor, KeepFor)
	o.HoldFor = cmp.Or(o.HoldFor, HoldFor)
	o.ClaimFor = cmp.Or(o.ClaimFor, 5*time.Minute)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Evidence == nil {
		o.Evidence = nowhere{}
	}
	s := &Store{
		path: path, opts: o, waiting: make(map[string]*Case), sessions: make(map[string]string), suspects: make(map[string][]string),
		appeals: make(map[string]string), forms: make(map[Kind]int), tally: make(map[string]*Totals), held: make(map[string]*Case),
	}
	var err error
	s.db, err = bbolt.Open(path, fileMode, &bbolt.Options{Timeout: lockTimeout, InitialMmapSize: mapSize, FreelistType: bbolt.FreelistMapType})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, fmt.Errorf("%s: %w", path, ErrLocked)
	case err != nil:
		return nil, fmt.Errorf("%s: %w; if it is damaged, move it away: its cases are lost, bans are not", path, err)
	}
	s.db.AllocSize = growBy
	if err := s.prepare(); err != nil {
		s.db.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// prepare makes what is missing in the file and reads the cases that wait.
func (s *Store) prepare() error {
	if err := os.Chmod(s.path, fileMode); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w; the daemon's user must own the file", err)
	}
	return s.db.Update(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{metaBucket, caseBucket, reportBucket, reporterBucket, totalsBucket, receiptBucket} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		meta := tx.Bucket(metaBucket)
		switch found := string(meta.Get(schemaKey)); found {
		case "":
			if err := meta.Put(schemaKey, []byte(schema)); err != nil {
				return err
			}
		case schema:
		default:
			return ErrNewer
		}
		return tx.Bucket(caseBucket).ForEach(func(id, value []byte) error {
			c, err := decodeCase(value)
			if err != nil {
				return fmt.Errorf("case %s: %w", id, err)
			}
			s.indexLocked(c)
			return nil
		})
	})
}

// CopyTo writes the file as it is at one moment. Changes go on meanwhile.
func (s *Store) CopyTo(w io.Writer) error {
	return s.db.View(func(tx *bbolt.Tx) error {
		_, err := tx.WriteTo(w)
		return err
	})
}

// Close puts on disk what was tallied, and releases the file.
func (s *Store) Close() error {
	var err error
	if s.tallied() {
		err = s.update(s.flush)
	}
	s.write.Lock()
	defer s.write.Unlock()
	return errors.Join(err, s.db.Close())
}

// change is what one transaction writes.
type change struct {
	tx    *bbolt.Tx
	now   time.Time
	cases []*Case            // that were put
	gone  []*Case            // that were deleted
	tally map[string]*Totals // that was flushed

	forgotten int // cases and reporters that were kept for long enough
}

// update carries f out in a transaction. When it returns nil, what f put is on disk
// and in the index.
func (s *Store) update(f func(*change) error) error {
	s.write.Lock()
	defer s.write.Unlock()
	c := &change{now: s.opts.Now().UTC()}
	if err := s.db.Update(func(tx *bbolt.Tx) error { c.tx = tx; return f(c) }); err != nil {
		s.unflush(c)
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, gone := range c.gone {
		s.unindexLocked(gone.ID)
	}
	for _, put := range c.cases {
		s.unindexLocked(put.ID)
		s.indexLocked(put)
	}
	return nil
}

// put writes a case that somebody changed.
func (c *change) put(k *Case) error {
	k.Changed = c.now
	return c.write(k)
}

// write writes a case. It is kept no longer for that.
func (c *change) write(k *Case) error {
	value, err := json.Marshal(k)
	if err != nil {
		return err
	}
	c.cases = append(c.cases, k)
	return c.tx.Bucket(caseBucket).Put([]byte(k.ID), value)
}

// find returns the case with the id, or with a report of the id.
func (c *change) find(id string) (*Case, error) { return findCase(c.tx, id) }

func findCase(tx *bbolt.Tx, id string) (*Case, error) {
	if of := tx.Bucket(reportBucket).Get([]byte(id)); of != nil {
		id = string(of)
	}
	value := tx.Bucket(caseBucket).Get([]byte(id))
	if value == nil {
		return nil, ErrNotFound
	}
	k, err := decodeCase(value)
	if err != nil {
		return nil, fmt.Errorf("case %s: %w", id, err)
	}
	return k, nil
}

// reporter returns the record of a reporter.
func (c *change) reporter(pseudonym string) (r reporter, err error) {
	if value := c.tx.Bucket(reporterBucket).Get([]byte(pseudonym)); value != nil {
		err = json.Unmarshal(value, &r)
	}
	return r, err
}

func (c *change) putReporter(pseudonym string, r reporter) error {
	value, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return c.tx.Bucket(reporterBucket).Put([]byte(pseudonym), value)
}

func (s *Store) indexLocked(k *Case) {
	if k.Hold != nil {
		s.held[k.ID] = k
	}
	if !k.undecided() {
		return
	}
	s.waiting[k.ID] = k
	if k.Session != "" {
		s.sessions[k.Session] = k.ID
	}
	for _, suspect := range k.Suspects {
		s.suspects[suspect] = append(s.suspects[suspect], k.ID)
	}
	if k.Appeal != nil {
		for _, key := range k.Appeal.keys() {
			s.appeals[key] = k.ID
		}
	}
	if len(k.Receipts) > 0 {
		s.forms[k.Kind]++
	}
}

func (s *Store) unindexLocked(id string) {
	delete(s.held, id)
	k := s.waiting[id]
	if k == nil {
		return
	}
	delete(s.waiting, id)
	if s.sessions[k.Session] == id {
		delete(s.sessions, k.Session)
	}
	for _, suspect := range k.Suspects {
		left := slices.DeleteFunc(s.suspects[suspect], func(other string) bool { return other == id })
		if s.suspects[suspect] = left; len(left) == 0 {
			delete(s.suspects, suspect)
		}
	}
	if k.Appeal != nil {
		for _, key := range k.Appeal.keys() {
			delete(s.appeals, key)
		}
	}
	if len(k.Receipts) > 0 {
		s.forms[k.Kind]--
	}
}

// nowhere keeps no evidence.
type nowhere struct{}

func (nowhere) Seal(string, []Part) (string, error) { return "", nil }
func (nowhere) Delete(string) error                 { return nil }
func (nowhere) Hold(string, time.Time) error        { return nil }
func (nowhere) Release(string) error                { return nil }
