package ban

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
)

// Report is what Verify has found.
type Report struct {
	Schema   int      `json:"schema"`
	Bans     int      `json:"bans"`               // in the file; those that have expired are swept later
	History  int      `json:"history"`            // ended bans
	Allowed  int      `json:"allowed"`            // entries of the allowlist
	Bytes    int64    `json:"bytes"`              // of the file
	Logged   int      `json:"logged,omitempty"`   // items that are kept for the other nodes of a cluster
	Unlogged int      `json:"unlogged,omitempty"` // changes that the next start logs for them
	Problems []string `json:"problems"`           // empty: none
}

// maxProblems is how many problems a Report names; more are as bad.
const maxProblems = 20

func (r *Report) problem(format string, args ...any) {
	if len(r.Problems) < maxProblems {
		r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
	}
}

// Verify reads everything in a copy of the file as it is now, which it makes beside
// it and removes again. Changes go on meanwhile.
func (s *Store) Verify() (r Report, err error) {
	copied, err := os.CreateTemp(filepath.Dir(s.path), filepath.Base(s.path)+".check-")
	if err != nil {
		return r, err
	}
	defer os.Remove(copied.Name())
	keys, bans, err := s.copyTo(copied)
	if err = errors.Join(err, copied.Close()); err != nil {
		return r, err
	}
	if r, err = VerifyFile(copied.Name(), keys); err == nil && r.Bans != bans {
		r.problem("%d bans are in the file and %d in memory; restart joingyd", r.Bans, bans)
	}
	return r, err
}

// VerifyFile reads everything in a file that nobody has open, and changes
// nothing. The keys must be those of its bans. An error says why it could not be
// read at all; it may wrap ErrLocked, ErrNewerSchema or ErrCorrupt.
func VerifyFile(path string, keys Keys) (r Report, err error) {
	err = guarded(func() error {
		if err := scanFile(path); err != nil {
			return err
		}
		o := options()
		o.ReadOnly, o.InitialMmapSize = true, 0
		db, err := openBolt(path, o)
		if err != nil {
			return err
		}
		defer db.Close()
		if r, err = verify(db, path); err != nil {
			return err
		}
		if r.Schema != schema {
			return nil
		}
		idx, err := load(db, keys)
		if err != nil {
			return err
		}
		return db.View(func(tx *bbolt.Tx) error { return r.readLog(tx, idx) })
	})
	if err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return r, err
}

func verify(db *bbolt.DB, path string) (r Report, err error) {
	r.Problems = []string{}
	info, err := os.Stat(path)
	if err != nil {
		return r, err
	}
	r.Bytes = info.Size()
	err = db.View(func(tx *bbolt.Tx) (err error) {
		if r.Schema, err = schemaOf(tx); err != nil || r.Schema != schema {
			return err
		}
		return r.read(tx)
	})
	return r, err
}

// read checks each value, and that the bans and their ends agree.
func (r *Report) read(tx *bbolt.Tx) error {
	want, err := readState(tx.Bucket(metaBucket))
	if err != nil {
		return err
	}
	got := state{seen: want.seen}
	ends := tx.Bucket(endsBucket)
	timed := 0
	check := func(name []byte, one func(k, v []byte) error) error {
		return tx.Bucket(name).ForEach(func(k, v []byte) error {
			if err := one(k, v); err != nil {
				r.problem("%s: record %x: %v", name, k, err)
			}
			return nil
		})
	}
	err = check(activeBucket, func(k, v []byte) error {
		r.Bans++
		b, err := decodeRecord(k, v)
		if err != nil {
			return err
		}
		got.add(v)
		if b.Permanent() {
			return nil
		}
		timed++
		end := endKey(untilMillis(b.Until), b.ID)
		if found, _ := ends.Cursor().Seek(end); !bytes.Equal(found, end) {
			return errors.New("its end is not noted")
		}
		return nil
	})
	if err != nil {
		return err
	}
	if got != want {
		r.problem("there are %d bans and should be %d, or others", got.count, want.count)
	}
	if n := ends.Stats().KeyN; n != timed {
		r.problem("%d ends are noted for %d bans that end", n, timed)
	}
	if err := check(historyBucket, func(k, v []byte) error {
		r.History++
		_, err := decodeEnded(k, v)
		return err
	}); err != nil {
		return err
	}
	return check(allowedBucket, func(k, v []byte) error {
		r.Allowed++
		_, err := decodeAllowed(k, v)
		return err
	})
}

// readLog checks the log of a store in a cluster.
func (r *Report) readLog(tx *bbolt.Tx, idx *index) error {
	if tx.Bucket(feedBucket) == nil {
		return nil
	}
	l, err := openLedger(tx)
	if err != nil {
		return err
	}
	if r.Logged, err = l.check(r.problem, true); err != nil {
		return err
	}
	c, err := newChange(tx, idx, time.Now())
	if err == nil {
		r.Unlogged, err = l.unlogged(c)
	}
	return err
}
