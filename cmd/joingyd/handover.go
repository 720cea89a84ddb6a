package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// handoverFile is in the data directory while no daemon runs: what the one that went left
// of its chats to the next. Nobody can read it without the tokens that the visitors'
// browsers have.
const handoverFile = "handover"

// takeHandover returns what the daemon before left, nil if it left nothing, and removes it:
// it is good once.
func takeHandover(dir string) ([]byte, error) {
	path := filepath.Join(dir, handoverFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if removed := os.Remove(path); removed != nil {
		return nil, fmt.Errorf("%w; chats of before do not go on; remove it", removed)
	}
	return data, err
}

// leaveHandover writes what the next daemon needs, or nothing where there is nothing. It
// need not survive a power cut.
func leaveHandover(dir string, data []byte) error {
	if len(data) == 0 {
		return nil
	}
	path := filepath.Join(dir, handoverFile)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err = errors.Join(err, file.Close()); err != nil {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}
