package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrCredential is about a secret that cannot be replaced because systemd hands it out.
var ErrCredential = errors.New("it is a systemd credential, which the daemon cannot replace; replace what the unit's LoadCredential= names, and restart the daemon")

// credentialsDir is where systemd puts the credentials of a service (systemd.exec(5)),
// "" if it gave it none.
func credentialsDir() string { return os.Getenv("CREDENTIALS_DIRECTORY") }

// SecretPath is where the secret of this name is: among systemd's credentials if there
// is one of the name, else in the data directory.
func SecretPath(dataDir, name string) string {
	if dir := credentialsDir(); dir != "" {
		path := filepath.Join(dir, name)
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) { // what cannot be looked at is not passed over
			return path
		}
	}
	return filepath.Join(dataDir, name)
}

// IsCredential reports whether a path is that of one of systemd's credentials.
func IsCredential(path string) bool {
	dir := credentialsDir()
	return dir != "" && filepath.Dir(path) == filepath.Clean(dir)
}
