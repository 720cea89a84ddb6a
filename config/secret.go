package config

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// SecretSize is the length of every secret, in bytes.
const SecretSize = 32

// LoadSecret reads a secret: 64 hexadecimal digits and a line end, in a file
// that only its owner may read. The error never quotes the content.
func LoadSecret(path string) (secret [SecretSize]byte, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return secret, fmt.Errorf("secret: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return secret, fmt.Errorf("secret %s: mode %04o lets others read it; run: chmod 600 %s", path, info.Mode().Perm(), path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return secret, fmt.Errorf("secret: %w; the daemon's user must own the file", err)
	}
	raw, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(raw) != SecretSize {
		return secret, fmt.Errorf("secret %s: not %d hexadecimal digits; restore it from a backup, or move it away to have a new one made", path, 2*SecretSize)
	}
	copy(secret[:], raw)
	return secret, nil
}

// LoadOrCreateSecret is LoadSecret, but draws and durably stores a new secret
// with mode 0600 where the file is missing. Two processes that start at once
// end with the same secret.
func LoadOrCreateSecret(path string) (secret [SecretSize]byte, err error) {
	secret, err = LoadSecret(path)
	if !errors.Is(err, os.ErrNotExist) {
		return secret, err
	}
	rand.Read(secret[:])
	if err := createSecret(path, secret); err != nil && !errors.Is(err, os.ErrExist) {
		return secret, fmt.Errorf("secret: %w", err)
	}
	return LoadSecret(path)
}

// createSecret makes the file whole or not at all: a power cut leaves no half a
// secret behind, which would lose every ban made under it.
func createSecret(path string, secret [SecretSize]byte) error {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	draft, err := os.CreateTemp(dir.Name(), filepath.Base(path)+".new-")
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	_, err = draft.WriteString(hex.EncodeToString(secret[:]) + "\n")
	if err = errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return err
	}
	if err := os.Link(draft.Name(), path); err != nil { // unlike Rename, never replaces
		return err
	}
	return dir.Sync()
}
