package config_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/joingyd/joingyd/config"
)

func TestSecretsBelongToTheOwnerOfTheDirectory(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	const owner = 12345
	dir := t.TempDir()
	if err := os.Chown(dir, owner, owner); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "a.key")
	for _, write := range []func() error{
		func() error { _, err := config.LoadOrCreateSecret(path); return err },
		func() error { return config.SaveSecrets(path, []secret{{1}}) },
	} {
		if err := write(); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if stat := info.Sys().(*syscall.Stat_t); stat.Uid != owner || stat.Gid != owner {
			t.Errorf("it belongs to %d:%d, want the directory's owner", stat.Uid, stat.Gid)
		}
	}
}
