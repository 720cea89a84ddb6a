package setup

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Write puts text in the place of an operator's file, whole or not at all, when
// check has found the draft good, which it is given the path of. Owner and mode
// stay, and the old file is beside it as path.bak. A file that has this text already
// is left alone, and so is its backup. A link is followed.
func Write(path string, text []byte, check func(draft string) error) error {
	if end, err := filepath.EvalSymlinks(path); err == nil {
		path = end
	}
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	exists := err == nil
	if exists && bytes.Equal(old, text) {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil && exists {
		return err
	}
	draft, err := writeDraft(path, text, info)
	if err != nil {
		return err
	}
	defer os.Remove(draft)
	if err := check(draft); err != nil {
		return err
	}
	if exists {
		backup, err := writeDraft(path, old, info)
		if err != nil {
			return err
		}
		defer os.Remove(backup)
		if err := os.Rename(backup, path+".bak"); err != nil {
			return err
		}
	}
	if err := os.Rename(draft, path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// writeDraft writes a file beside path, with the owner and mode of the one that info
// is of, and else mode 0644. Its name ends as path does, for config.Load.
func writeDraft(path string, text []byte, info fs.FileInfo) (name string, err error) {
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*-"+filepath.Base(path))
	if err != nil {
		return "", err
	}
	mode := fs.FileMode(0o644)
	if info != nil {
		mode = info.Mode().Perm()
		err = keepOwner(file, info)
	}
	if err == nil {
		_, err = file.Write(text)
	}
	if err = errors.Join(err, file.Chmod(mode), file.Sync(), file.Close()); err != nil {
		return "", errors.Join(err, os.Remove(file.Name()))
	}
	return file.Name(), nil
}

// keepOwner gives a file the owner that another has.
func keepOwner(file *os.File, info fs.FileInfo) error {
	uid, gid, ok := ownerOf(info)
	if !ok {
		return nil
	}
	if mine, err := file.Stat(); err == nil {
		if u, g, _ := ownerOf(mine); u == uid && g == gid {
			return nil
		}
	}
	if err := file.Chown(uid, gid); err != nil {
		return fmt.Errorf("its owner cannot be kept: %w", err)
	}
	return nil
}
