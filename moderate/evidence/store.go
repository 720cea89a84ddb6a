package evidence

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"filippo.io/age"

	"github.com/joingyd/joingyd/internal/durable"
)

// The errors of a Store.
var (
	ErrNoRecipients = errors.New("evidence: no moderator's public key is configured, so nothing is kept; configure one")
	ErrTooLarge     = errors.New("evidence: more than may be sealed at once")
	ErrFull         = errors.New("evidence: the store is full; close cases, or give it more room")
	ErrNotFound     = errors.New("evidence: there is no such file; its case may be closed")
)

// DefaultMaxBytes is the size of a store that Options do not set.
const DefaultMaxBytes = 1 << 30

// Options are what may be set of a store. The zero value works.
type Options struct {
	MaxBytes int64            // of ciphertext in all; 0 is DefaultMaxBytes
	Log      *slog.Logger     // nil is none
	Now      func() time.Time // nil is time.Now
}

// Store keeps sealed files. Make one with NewStore. Its methods may be called at
// the same time; changes wait for each other, and for the disk.
type Store struct {
	dir        *durable.Dir
	path       string
	recipients []age.Recipient
	max        int64
	log        *slog.Logger
	now        func() time.Time
	write      func(name string, data []byte) error

	mu    sync.Mutex
	files map[ID]File          // guarded by mu, as are those below
	bytes int64                // of files
	holds map[string]time.Time // by case; zero has no end
}

// NewStore opens or makes a store in a directory, for one process at a time. What a
// crash left half-written is removed. Without recipients it can do all but Seal.
func NewStore(dir string, recipients []Recipient, o Options) (*Store, error) {
	if o.MaxBytes == 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Store{path: dir, max: o.MaxBytes, log: o.Log, now: o.Now, files: map[ID]File{}, holds: map[string]time.Time{}}
	for _, r := range recipients {
		s.recipients = append(s.recipients, r.key)
	}
	if len(recipients) > 0 {
		if _, err := age.Encrypt(io.Discard, s.recipients...); err != nil {
			return nil, fmt.Errorf("evidence: these recipients cannot be used together: %w", err)
		}
	}
	locked, err := durable.Lock(dir)
	if err != nil {
		return nil, err
	}
	s.dir, s.write = locked, locked.WriteFile
	if err := s.load(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close gives the directory back.
func (s *Store) Close() error { return s.dir.Close() }

// load finds what is there.
func (s *Store) load() error {
	entries, err := os.ReadDir(s.path)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if name, ok := strings.CutSuffix(entry.Name(), holdSuffix); ok && checkCase(name) == nil {
			s.holds[name] = s.readHold(name)
		}
		f, ok := parseName(entry.Name())
		if !ok {
			continue
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		f.Size = info.Size()
		s.addLocked(f)
	}
	return nil
}

func (s *Store) addLocked(f File) {
	s.files[f.ID] = f
	s.bytes += f.Size
}

// Seal keeps the parts as one file of a case, which may have several. It returns
// when the file is on disk; after an error there is none. The parts stay as they
// are: whoever made them clears them.
func (s *Store) Seal(caseName string, parts []Part) (ID, error) {
	if len(s.recipients) == 0 {
		return "", ErrNoRecipients
	}
	if err := checkCase(caseName); err != nil {
		return "", err
	}
	if err := checkParts(parts); err != nil {
		return "", err
	}
	f := File{ID: newID(), Case: caseName, At: s.now().UTC().Truncate(time.Second)}
	document := Document{Version: version, Case: caseName, At: f.At, Parts: parts}
	sealed, err := seal(document.encode(), s.recipients)
	if err != nil {
		return "", err
	}
	f.Size = int64(len(sealed))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bytes+f.Size > s.max {
		return "", fmt.Errorf("%w: it has %d of %d bytes, and this takes %d", ErrFull, s.bytes, s.max, f.Size)
	}
	if err := s.write(f.name(), sealed); err != nil {
		os.Remove(s.dir.Path(f.name())) // its name may be there, and not safe
		return "", fmt.Errorf("evidence: nothing was kept: %w; make room, or check the disk", err)
	}
	s.addLocked(f)
	return f.ID, nil
}

// seal encrypts a document and clears it.
func seal(document []byte, recipients []age.Recipient) ([]byte, error) {
	defer clear(document[:cap(document)])
	if len(document) > MaxFile {
		return nil, fmt.Errorf("%w: %d bytes in all, %d at most", ErrTooLarge, len(document), MaxFile)
	}
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, recipients...)
	if err == nil {
		_, err = w.Write(document)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("evidence: not sealed: %w", err)
	}
	return sealed.Bytes(), nil
}

// Read returns a file as it is: sealed.
func (s *Store) Read(id ID) ([]byte, error) {
	s.mu.Lock()
	f, ok := s.files[id]
	s.mu.Unlock()
	if !ok {
		return nil, ErrNotFound
	}
	sealed, err := os.ReadFile(s.dir.Path(f.name()))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound
	}
	return sealed, err
}

// List returns the files of a case, the oldest first.
func (s *Store) List(caseName string) []File {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.listLocked(func(f File) bool { return f.Case == caseName })
}

func (s *Store) listLocked(want func(File) bool) (list []File) {
	for _, f := range s.files {
		if want(f) {
			list = append(list, f)
		}
	}
	slices.SortFunc(list, func(a, b File) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return list
}

// Stats are counts for metrics.
type Stats struct {
	Files    int
	Bytes    int64     // of ciphertext
	MaxBytes int64     // that there may be
	Held     int       // cases on hold
	Oldest   time.Time // when the oldest file was sealed; zero without files
}

// Stats counts.
func (s *Store) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := Stats{Files: len(s.files), Bytes: s.bytes, MaxBytes: s.max}
	now := s.now()
	for name := range s.holds {
		if _, held := s.heldLocked(name, now); held {
			stats.Held++
		}
	}
	for _, f := range s.files {
		if stats.Oldest.IsZero() || f.At.Before(stats.Oldest) {
			stats.Oldest = f.At
		}
	}
	return stats
}
