package ban

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

// Schema is the version of the file that this program writes.
const Schema = schema

// Copy returns a copy of the file as it is now, open at its start, and the keys
// that belong to it. The copy has no name, so that it is gone when the caller has
// closed it. Changes go on meanwhile.
func (s *Store) Copy() (file *os.File, keys Keys, err error) {
	if file, err = s.Spool(); err != nil {
		return nil, nil, err
	}
	keys, _, err = s.copyTo(file)
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	return file, keys, nil
}

// Spool makes an empty file beside the store that has no name: it is gone when it is
// closed, or with the process.
func (s *Store) Spool() (*os.File, error) {
	file, err := os.CreateTemp(filepath.Dir(s.path), filepath.Base(s.path)+".copy-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(file.Name()); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// copyTo writes the file as it is now, and returns the keys and the number of bans
// in memory of the same moment.
func (s *Store) copyTo(w io.Writer) (keys Keys, bans int, err error) {
	err = guarded(func() error {
		tx, err := s.beginCopy(&keys, &bans)
		if err != nil {
			return err
		}
		_, err = tx.WriteTo(w)
		return errors.Join(err, tx.Rollback())
	})
	return keys, bans, err
}

func (s *Store) beginCopy(keys *Keys, bans *int) (*bbolt.Tx, error) {
	s.write.Lock()
	defer s.write.Unlock()
	for _, k := range s.Keys() {
		*keys = append(*keys, k.Key)
	}
	*bans = s.idx.total
	return s.db.Begin(false)
}
