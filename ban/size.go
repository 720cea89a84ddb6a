package ban

import "go.etcd.io/bbolt"

// Size returns how many bytes the file has. It grows, and never shrinks.
func (s *Store) Size() (bytes int64, err error) {
	err = s.view(func(tx *bbolt.Tx) error {
		bytes = tx.Size()
		return nil
	})
	return bytes, err
}
