package ban

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// The file's buckets. Their names leave room for others beside them.
var (
	metaBucket    = []byte("bans/meta")    // schema, state, key/N
	activeBucket  = []byte("bans/active")  // ID → record
	endsBucket    = []byte("bans/ends")    // end in Unix milliseconds and ID → nothing
	historyBucket = []byte("bans/history") // end in Unix nanoseconds and ID → what encodeEnded makes
	allowedBucket = []byte("bans/allowed") // prefix → sealed JSON
)

var (
	schemaKey = []byte("schema")
	stateKey  = []byte("state")
)

// schema is the version of the file that this code writes, and reads with all
// those before. Raise it when older code would misread what newer code has
// written.
const schema = 2

const (
	fileMode    = 0o600
	lockTimeout = 2 * time.Second
	// mapSize is how much address space the file gets at once. A file that
	// outgrows its mapping waits for its readers, such as a backup.
	mapSize = 1 << 30
	growBy  = 1 << 20 // bytes of file at a time
)

// guarded runs what reads the file. Over pages that contradict each other bbolt
// panics, or reads where there is no memory.
func guarded(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("%w: %v", ErrCorrupt, broken)
		}
	}()
	return f()
}

// openFile opens or makes the file, makes it one of the present schema, and
// reads every ban in it.
func openFile(path string, keys Keys) (db *bbolt.DB, idx *index, err error) {
	err = guarded(func() error {
		var err error
		if db, err = openDB(path); err != nil {
			return err
		}
		if err := prepare(db, keys); err != nil {
			return err
		}
		idx, err = load(db, keys)
		return err
	})
	if err != nil && db != nil {
		db.Close()
	}
	return db, idx, err
}

func openDB(path string) (*bbolt.DB, error) {
	before, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err = makeFile(path); err == nil {
			before, err = os.Stat(path)
		}
	case err == nil:
		err = scanFile(path)
	default:
		err = openError(err)
	}
	if err != nil {
		return nil, err
	}
	db, err := openBolt(path, options())
	if err != nil {
		return nil, err
	}
	// While this waited for the lock, a restore may have put another file here.
	if now, err := os.Stat(path); err != nil || !os.SameFile(before, now) {
		return db, errors.Join(ErrLocked, err)
	}
	// Whoever made the file may have been killed before its name was safe.
	if err := syncDir(filepath.Dir(path)); err != nil {
		return db, err
	}
	if err := os.Chmod(path, fileMode); err != nil {
		return db, fmt.Errorf("%w; the daemon's user must own the file", err)
	}
	return db, settle(path, db.Info().PageSize)
}

// settle writes the two meta pages again as they are. After a sync that failed,
// the kernel takes pages for clean that never reached the disk (Rebello et al.,
// "Can Applications Recover from fsync Failures?", USENIX ATC 2020). Where that
// was a meta page, the process after it reads a tree that a power cut takes back,
// and would write over the pages of the one that comes back. Only metas are
// concerned: they are written when the pages of their tree are safe.
func settle(path string, pageSize int) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	metas := make([]byte, 2*pageSize)
	if _, err = file.ReadAt(metas, 0); err == nil {
		_, err = file.WriteAt(metas, 0)
	}
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("ban store: not opened: %w; check the disk", err)
	}
	return nil
}

func options() *bbolt.Options {
	return &bbolt.Options{Timeout: lockTimeout, NoStatistics: true, InitialMmapSize: mapSize, FreelistType: bbolt.FreelistMapType}
}

func openBolt(path string, o *bbolt.Options) (*bbolt.DB, error) {
	db, err := bbolt.Open(path, fileMode, o)
	if err != nil {
		return nil, openError(err)
	}
	db.AllocSize = growBy
	return db, nil
}

// makeFile makes an empty file, whole or not at all: after a power cut there is
// none or one that opens. If another process was quicker, its file stays.
func makeFile(path string) error {
	draft, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-")
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	if err := draft.Close(); err != nil {
		return err
	}
	db, err := openBolt(draft.Name(), options())
	if err != nil {
		return err
	}
	if err := errors.Join(db.Update(createBuckets), db.Sync(), db.Close()); err != nil {
		return err
	}
	if err := os.Link(draft.Name(), path); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

func openError(err error) error {
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return ErrLocked
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w; run this as the daemon's user", err)
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum), errors.Is(err, bolterrors.ErrVersionMismatch):
		return fmt.Errorf("%w: %v", ErrCorrupt, err)
	}
	return err
}

// prepare makes a new file ours and an old one new, and refuses what is neither.
func prepare(db *bbolt.DB, keys Keys) error {
	var version int
	err := db.View(func(tx *bbolt.Tx) (err error) {
		version, err = schemaOf(tx)
		return err
	})
	if err != nil {
		return err
	}
	return update(db, func(tx *bbolt.Tx) (changed bool, err error) {
		if version < schema {
			if err := upgrade(tx, version, keys); err != nil {
				return false, err
			}
		}
		ring, err := newRing(tx, keys)
		if err != nil {
			return false, err
		}
		saved, err := ring.saveNumbers(tx)
		return saved || version < schema, err
	})
}

// update is a transaction that is taken back if it changed nothing.
func update(db *bbolt.DB, f func(*bbolt.Tx) (changed bool, err error)) error {
	err := db.Update(func(tx *bbolt.Tx) error {
		changed, err := f(tx)
		if err == nil && !changed {
			return errNothing
		}
		return err
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}

// schemaOf returns 0 for a file that is not ours yet.
func schemaOf(tx *bbolt.Tx) (int, error) {
	meta := tx.Bucket(metaBucket)
	if meta == nil {
		if k, _ := tx.Cursor().First(); k != nil {
			return 0, fmt.Errorf("%w: a bucket is missing", ErrCorrupt)
		}
		return 0, nil
	}
	version, err := strconv.Atoi(string(meta.Get(schemaKey)))
	if err != nil || version < 1 {
		return 0, fmt.Errorf("%w: schema is %q", ErrCorrupt, meta.Get(schemaKey))
	}
	if version > schema {
		return 0, fmt.Errorf("%w (schema %d, this version knows up to %d)", ErrNewerSchema, version, schema)
	}
	return version, nil
}

// upgrade brings a file from a version to the present one.
func upgrade(tx *bbolt.Tx, version int, keys Keys) error {
	if version == 1 {
		return upgradeFrom1(tx, keys)
	}
	return createBuckets(tx)
}

func createBuckets(tx *bbolt.Tx) error {
	for _, name := range [][]byte{metaBucket, activeBucket, endsBucket, historyBucket, allowedBucket} {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	meta := tx.Bucket(metaBucket)
	if err := meta.Put(schemaKey, strconv.AppendInt(nil, schema, 10)); err != nil {
		return err
	}
	return (&state{seen: time.UnixMilli(0)}).write(meta)
}

// load reads every active ban, and checks that none is missing.
func load(db *bbolt.DB, keys Keys) (idx *index, err error) {
	err = db.View(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{activeBucket, endsBucket, historyBucket, allowedBucket} {
			if tx.Bucket(name) == nil {
				return fmt.Errorf("%w: the bucket %s is missing", ErrCorrupt, name)
			}
		}
		want, err := readState(tx.Bucket(metaBucket))
		if err != nil {
			return err
		}
		ring, err := newRing(tx, keys)
		if err != nil {
			return err
		}
		idx = newIndex(ring, int(min(want.count, 1<<24)))
		got := state{seen: want.seen}
		if err := tx.Bucket(activeBucket).ForEach(func(k, v []byte) error { return idx.load(k, v, &got) }); err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("%w: it holds %d bans and should hold %d, or others", ErrCorrupt, got.count, want.count)
		}
		return tx.Bucket(allowedBucket).ForEach(func(k, v []byte) error {
			a, err := decodeAllowed(k, v)
			idx.allowed.Insert(a.Prefix)
			return err
		})
	})
	return idx, err
}

func (x *index) load(key, value []byte, got *state) error {
	h, _, err := decodeHead(key, value)
	if err == nil {
		if _, twice := x.find(h.scope, h.rule); twice {
			err = errors.New("another record has the same target")
		}
	}
	if err != nil {
		return fmt.Errorf("%w: record %x: %v", ErrCorrupt, key, err)
	}
	if h.kind != KindPrefix && !slices.Contains(x.ring.numbers, h.rule.key) {
		return ErrWrongKey
	}
	got.add(value)
	x.insert(h)
	return nil
}

// syncDir makes a new file's name survive a power cut.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
