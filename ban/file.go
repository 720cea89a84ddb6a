package ban

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// The file's buckets. Their names leave room for others beside them.
var (
	metaBucket    = []byte("bans/meta")    // schema, key_id
	activeBucket  = []byte("bans/active")  // ID → record
	historyBucket = []byte("bans/history") // end in Unix nanoseconds, big endian, and ID → endedRecord
)

var (
	schemaKey = []byte("schema")
	keyIDKey  = []byte("key_id")
)

// schema is the version of the file that this code writes. Raise it when older
// code would misread what newer code has written.
const schema = 1

const (
	fileMode    = 0o600
	lockTimeout = 2 * time.Second
)

// openFile opens or makes the file and reads every ban in it.
func openFile(path string, keyID []byte) (db *bbolt.DB, idx *index, err error) {
	// bbolt panics over pages that contradict each other.
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("%w: %v", ErrCorrupt, broken)
		}
		if err != nil && db != nil {
			db.Close()
		}
	}()
	_, statErr := os.Stat(path)
	db, err = bbolt.Open(path, fileMode, &bbolt.Options{Timeout: lockTimeout, NoStatistics: true})
	if err != nil {
		return nil, nil, openError(err)
	}
	if err := os.Chmod(path, fileMode); err != nil {
		return db, nil, fmt.Errorf("%w; the daemon's user must own the file", err)
	}
	if errors.Is(statErr, fs.ErrNotExist) {
		if err := syncDir(filepath.Dir(path)); err != nil {
			return db, nil, err
		}
	}
	if err := checkMeta(db, keyID); err != nil {
		return db, nil, err
	}
	idx, err = load(db)
	return db, idx, err
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

// checkMeta makes a new file ours, and refuses one that is not.
func checkMeta(db *bbolt.DB, keyID []byte) error {
	var isNew bool
	err := db.View(func(tx *bbolt.Tx) error {
		meta := tx.Bucket(metaBucket)
		if isNew = meta == nil; isNew {
			return nil
		}
		version, err := strconv.Atoi(string(meta.Get(schemaKey)))
		if err != nil || version < 1 {
			return fmt.Errorf("%w: schema is %q", ErrCorrupt, meta.Get(schemaKey))
		}
		if version > schema {
			return fmt.Errorf("%w (schema %d, this version knows up to %d)", ErrNewerSchema, version, schema)
		}
		if !bytes.Equal(meta.Get(keyIDKey), keyID) {
			return ErrWrongKey
		}
		return nil
	})
	if err != nil || !isNew {
		return err
	}
	return db.Update(func(tx *bbolt.Tx) error { return createBuckets(tx, keyID) })
}

func createBuckets(tx *bbolt.Tx, keyID []byte) error {
	for _, name := range [][]byte{metaBucket, activeBucket, historyBucket} {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	meta := tx.Bucket(metaBucket)
	if err := meta.Put(schemaKey, strconv.AppendInt(nil, schema, 10)); err != nil {
		return err
	}
	return meta.Put(keyIDKey, keyID)
}

func load(db *bbolt.DB) (*index, error) {
	idx := newIndex()
	err := db.View(func(tx *bbolt.Tx) error {
		active := tx.Bucket(activeBucket)
		if active == nil || tx.Bucket(historyBucket) == nil {
			return fmt.Errorf("%w: a bucket is missing", ErrCorrupt)
		}
		return active.ForEach(func(k, v []byte) error {
			r, err := decodeRecord(string(k), v)
			if err == nil && idx.find(r.rule()) != nil {
				err = errors.New("another record has the same target")
			}
			if err != nil {
				return fmt.Errorf("%w: record %q: %v", ErrCorrupt, k, err)
			}
			idx.insert(r)
			return nil
		})
	})
	return idx, err
}

// decodeRecord reads a record and checks everything that the index relies on.
func decodeRecord(id string, text []byte) (*record, error) {
	r := new(record)
	if err := json.Unmarshal(text, r); err != nil {
		return nil, err
	}
	b := &r.Ban
	hashed, inClear := r.Tag != tag{}, b.Prefix.IsValid()
	switch {
	case b.ID != id:
		return nil, fmt.Errorf("holds the ban %q", b.ID)
	case b.Kind == KindPrefix:
		if hashed || !inClear || b.Prefix != b.Prefix.Masked() || b.Prefix.Addr().Is4In6() {
			return nil, fmt.Errorf("prefix %q does not fit its kind", b.Prefix)
		}
	case b.Kind == KindAddress, b.Kind == KindNet64:
		if !hashed || inClear {
			return nil, fmt.Errorf("tag does not fit its kind %q", b.Kind)
		}
	default:
		return nil, fmt.Errorf("unknown kind %q", b.Kind)
	}
	return r, nil
}

// syncDir makes a new file's name survive a power cut.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
