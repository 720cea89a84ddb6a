package ban_test

import (
	"path/filepath"
	"strconv"

	"go.etcd.io/bbolt"
)

// plainStore keeps targets in a bbolt file, and nothing else.
type plainStore struct{ *bbolt.DB }

var plainBucket = []byte("targets")

func openPlain(dir string, options *bbolt.Options) (plainStore, error) {
	db, err := bbolt.Open(filepath.Join(dir, trialStoreFile), 0o600, options)
	return plainStore{db}, err
}

func (s plainStore) add(target string) error {
	return s.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(plainBucket)
		if err != nil {
			return err
		}
		return b.Put([]byte(target), []byte(target))
	})
}

func (s plainStore) holds(target string) bool {
	active, err := s.active()
	return err == nil && active[target] != ""
}

func (s plainStore) active() (map[string]string, error) {
	all := make(map[string]string)
	err := s.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket(plainBucket)
		if b == nil {
			return nil
		}
		return b.ForEach(func(k, v []byte) error { all[string(k)] = string(v); return nil })
	})
	return all, err
}

// changeUnsynced adds to a plainStore that never syncs, so a power cut may take
// what it acknowledges:
//
//	unsynced DIR CHANGES
func changeUnsynced(args []string) error {
	changes, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	store, err := openPlain(args[0], &bbolt.Options{NoSync: true})
	if err != nil {
		return err
	}
	for n := range changes {
		target := trialTarget(n)
		if err := change("+", target, func() error { return store.add(target) }); err != nil {
			return err
		}
	}
	return store.Close()
}
