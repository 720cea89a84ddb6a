package config

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// SecretSize is the length of every secret, in bytes.
const SecretSize = 32

// LoadSecret reads a secret: 64 hexadecimal digits and a line end, in a file
// that only its owner may read. The error never quotes the content.
func LoadSecret(path string) (secret [SecretSize]byte, err error) {
	secrets, err := LoadSecrets(path)
	if err != nil {
		return secret, err
	}
	if len(secrets) != 1 {
		return secret, fmt.Errorf("secret %s: holds %d secrets and should hold one; keep the line of the one that counts", path, len(secrets))
	}
	return secrets[0], nil
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

// LoadToken reads what another service wants of us: whatever the file holds but for space
// around it, of any length.
func LoadToken(path string) (string, error) {
	text, err := readPrivate(path)
	if text = strings.TrimSpace(text); err == nil && text == "" {
		err = fmt.Errorf("secret %s: holds nothing; write the token into it, or name no file", path)
	}
	return text, err
}

// LoadOrCreateSharedSecret is LoadSharedSecret, but makes a secret, as
// LoadOrCreateSecret does, where the file is missing.
func LoadOrCreateSharedSecret(path string) ([]byte, error) {
	secret, err := LoadSharedSecret(path)
	if !errors.Is(err, os.ErrNotExist) {
		return secret, err
	}
	if _, err := LoadOrCreateSecret(path); err != nil {
		return nil, err
	}
	return LoadSharedSecret(path)
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

// readPrivate reads a file that nobody but its owner may read. A credential of systemd
// is readable by the service through an ACL, of which the group's bits are the mask.
func readPrivate(path string) (string, error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrPermission) {
		return "", fmt.Errorf("secret: %w; run this as root or as the daemon's user", err)
	}
	if err != nil {
		return "", fmt.Errorf("secret: %w", err)
	}
	others := fs.FileMode(0o077)
	if IsCredential(path) {
		others = 0o007
	}
	if info.Mode().Perm()&others != 0 {
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
	return writeSecrets(path, [][SecretSize]byte{secret}, os.Link) // unlike Rename, never replaces
}
