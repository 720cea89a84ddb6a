package ban

import (
	"errors"
	"os"
)

// Lock keeps every other process from opening the store at path, whatever its
// state, until release is called. The error is ErrLocked if one has it open for
// longer than 2 s, and wraps fs.ErrNotExist if there is no store.
func Lock(path string) (release func() error, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, openError(err)
	}
	if err := lock(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file.Close, nil
}
