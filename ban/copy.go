package ban

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

// Copy returns a copy of the file as it is now, open at its start, and the keys
// that belong to it. The copy has no name, so that it is gone when the caller has
// closed it. Changes go on meanwhile.
func (s *Store) Copy() (file *os.File, keys Keys, err error) {
	file, err = os.CreateTemp(filepath.Dir(s.path), filepath.Base(s.path)+".copy-")
	if err != nil {
		return nil, nil, err
	}
	err = os.Remove(file.Name())
	if err == nil {
		keys, err = s.copyTo(file)
	}
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	return file, keys, nil
}

func (s *Store) copyTo(w io.Writer) (keys Keys, err error) {
	err = guarded(func() error {
		tx, now, err := s.begin()
		if err != nil {
			return err
		}
		defer tx.Rollback()
		keys = now
		_, err = tx.WriteTo(w)
		return err
	})
	return keys, err
}

// begin begins to read the file, and returns the keys of the same moment.
func (s *Store) begin() (tx *bbolt.Tx, keys Keys, err error) {
	s.write.Lock()
	defer s.write.Unlock()
	for _, k := range s.Keys() {
		keys = append(keys, k.Key)
	}
	tx, err = s.db.Begin(false)
	return tx, keys, err
}
