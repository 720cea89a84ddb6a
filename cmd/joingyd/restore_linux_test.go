package main

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Root restores for a daemon that is another user.
func TestRestoreGivesTheFilesToTheOwnerOfTheDirectory(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	const owner = 12345
	source, dir := t.TempDir(), t.TempDir()
	makeStore(t, source, "203.0.113.1")
	if err := os.Chown(dir, owner, owner); err != nil {
		t.Fatal(err)
	}
	if _, err := restoreFrom(bytes.NewReader(saved(t, source)), dir, false); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{banStoreFile, banKeyFile} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if stat := info.Sys().(*syscall.Stat_t); stat.Uid != owner || stat.Gid != owner {
			t.Errorf("%s belongs to %d:%d, want the directory's owner", name, stat.Uid, stat.Gid)
		}
	}
}
