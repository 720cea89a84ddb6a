// Package durable has what makes a file survive a crash and a power cut, and what
// keeps two processes from writing the same directory.
package durable

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// ErrLocked is the error of Lock where another process has the directory.
var ErrLocked = errors.New("another process has this directory open; end it first, or ask it")

const draftPrefix = ".draft-"

// Dir is a directory that this process alone writes.
type Dir struct {
	path string
	file *os.File
}

// Lock makes the directory where there is none, with mode 0700, and locks it until
// Close or the end of the process. It removes the drafts of a process that was
// killed.
func Lock(path string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	d := &Dir{path: path, file: file}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = ErrLocked
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := d.removeDrafts(); err != nil {
		file.Close()
		return nil, err
	}
	return d, nil
}

func (d *Dir) removeDrafts() error {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), draftPrefix) {
			err = errors.Join(err, os.Remove(filepath.Join(d.path, entry.Name())))
		}
	}
	return err
}

// Path returns the path of a file in the directory.
func (d *Dir) Path(name string) string { return filepath.Join(d.path, name) }

// Sync makes the names in the directory survive a power cut: those that are new,
// and that others are gone.
func (d *Dir) Sync() error { return d.file.Sync() }

// WriteFile writes a file with mode 0600, whole or not at all: when it returns nil
// the file survives a power cut, and after an error there is none, or the one
// that was there before.
func (d *Dir) WriteFile(name string, data []byte) error {
	draft, err := os.CreateTemp(d.path, draftPrefix) // mode 0600
	if err != nil {
		return err
	}
	_, err = draft.Write(data)
	if err == nil {
		err = draft.Sync()
	}
	if err = errors.Join(err, draft.Close()); err == nil {
		err = os.Rename(draft.Name(), d.Path(name))
	}
	if err != nil {
		os.Remove(draft.Name())
		return err
	}
	return d.Sync()
}

// Close gives the directory back.
func (d *Dir) Close() error { return d.file.Close() }
