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
	text, err := readPrivate(path)
	if err != nil {
		return secret, err
	}
	raw, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil || len(raw) != SecretSize {
		return secret, fmt.Errorf("secret %s: not %d hexadecimal digits; restore it from a backup, or move it away to have a new one made", path, 2*SecretSize)
	}
	copy(secret[:], raw)
	return secret, nil
}

// LoadSharedSecret reads a secret that another program made: whatever the file
// holds but for space around it, at least 32 bytes.
func LoadSharedSecret(path string) ([]byte, error) {
	text, err := readPrivate(path)
	if err != nil {
		return nil, err
	}
	if text = strings.TrimSpace(text); len(text) < SecretSize {
		return nil, fmt.Errorf("secret %s: has %d bytes; make one of at least %d: openssl rand -hex 32", path, len(text), SecretSize)
	}
	return []byte(text), nil
}

// LoadUsers reads static users, a line `user:password` each; empty lines and
// those that start with # are left out.
func LoadUsers(path string) (map[string]string, error) {
	text, err := readPrivate(path)
	if err != nil {
		return nil, err
	}
	users := make(map[string]string)
	number := 0
	for line := range strings.Lines(text) {
		number++
		if line = strings.TrimRight(line, "\r\n"); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		user, password, ok := strings.Cut(line, ":")
		if _, twice := users[user]; !ok || user == "" || password == "" || twice {
			return nil, fmt.Errorf("users %s: line %d is not user:password, or names a user twice", path, number)
		}
		users[user] = password
	}
	return users, nil
}

// readPrivate reads a file that nobody but its owner may read.
func readPrivate(path string) (string, error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrPermission) {
		return "", fmt.Errorf("secret: %w; run this as root or as the daemon's user", err)
	}
	if err != nil {
		return "", fmt.Errorf("secret: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("secret %s: mode %04o lets others read it; run: chmod 600 %s", path, info.Mode().Perm(), path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("secret: %w; the daemon's user must own the file", err)
	}
	return string(text), nil
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
