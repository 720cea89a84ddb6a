package config

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// LoadSecrets reads a file of several secrets of one purpose, the newest first:
// a line each, as LoadSecret reads it. There is at least one.
func LoadSecrets(path string) (secrets [][SecretSize]byte, err error) {
	text, err := readPrivate(path)
	if err != nil {
		return nil, err
	}
	number := 0
	for line := range strings.Lines(strings.TrimSpace(text) + "\n") {
		number++
		raw, err := hex.DecodeString(strings.TrimSpace(line))
		if err != nil || len(raw) != SecretSize {
			return nil, fmt.Errorf("secret %s: line %d is not %d hexadecimal digits; restore it from a backup, or move it away to have a new one made", path, number, 2*SecretSize)
		}
		secrets = append(secrets, [SecretSize]byte(raw))
	}
	return secrets, nil
}

// LoadOrCreateSecrets is LoadSecrets, but makes a file with one secret where it
// is missing, as LoadOrCreateSecret does.
func LoadOrCreateSecrets(path string) (secrets [][SecretSize]byte, err error) {
	secrets, err = LoadSecrets(path)
	if !errors.Is(err, os.ErrNotExist) {
		return secrets, err
	}
	if _, err := LoadOrCreateSecret(path); err != nil {
		return nil, err
	}
	return LoadSecrets(path)
}

// SaveSecrets durably puts a file with these secrets and mode 0600 in the place
// of the one that is there, or that a link there leads to: a power cut leaves the old
// one or the new one. A credential of systemd is ErrCredential.
func SaveSecrets(path string, secrets [][SecretSize]byte) error {
	if IsCredential(path) {
		return fmt.Errorf("secret %s: %w", path, ErrCredential)
	}
	if end, err := filepath.EvalSymlinks(path); err == nil {
		path = end
	}
	if err := writeSecrets(path, secrets, os.Rename); err != nil {
		return fmt.Errorf("secret: %w", err)
	}
	return nil
}

const draftInfix = ".new-" // between a secret's name and what makes a draft's name unique

// RemoveDrafts removes what processes left behind that were killed while they wrote a
// secret: it may hold one that is in use. Nobody may write this secret meanwhile.
func RemoveDrafts(path string) error {
	entries, err := os.ReadDir(filepath.Dir(path))
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), filepath.Base(path)+draftInfix) {
			err = errors.Join(err, os.Remove(filepath.Join(filepath.Dir(path), entry.Name())))
		}
	}
	return err
}

// writeSecrets has put move the whole file to its place.
func writeSecrets(path string, secrets [][SecretSize]byte, put func(from, to string) error) error {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	draft, err := os.CreateTemp(dir.Name(), filepath.Base(path)+draftInfix)
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	for _, secret := range secrets {
		if err == nil {
			_, err = draft.WriteString(hex.EncodeToString(secret[:]) + "\n")
		}
	}
	if err = errors.Join(err, GiveToOwner(draft.Name(), dir.Name()), draft.Sync(), draft.Close()); err != nil {
		return err
	}
	if err := put(draft.Name(), path); err != nil {
		return err
	}
	return dir.Sync()
}
