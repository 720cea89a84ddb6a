package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/config"
)

func TestCredentials(t *testing.T) {
	data, credentials := t.TempDir(), t.TempDir()
	inData, given := filepath.Join(data, "a.key"), filepath.Join(credentials, "a.key")
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	if path := config.SecretPath(data, "a.key"); path != inData || config.IsCredential(path) {
		t.Errorf("without systemd: %s", path)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", credentials+"/")
	if path := config.SecretPath(data, "a.key"); path != inData {
		t.Errorf("without a credential of the name: %s", path)
	}
	write := func(path string, mode os.FileMode) {
		t.Helper()
		err := os.WriteFile(path, []byte(strings.Repeat("0a", config.SecretSize)+"\n"), 0o600)
		if err = errors.Join(err, os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
	}
	write(inData, 0o600)
	write(given, 0o440) // as systemd has it, with an ACL
	if path := config.SecretPath(data, "a.key"); path != given || !config.IsCredential(path) {
		t.Errorf("with a credential: %s", path)
	}
	if _, err := config.LoadOrCreateSecret(given); err != nil {
		t.Error(err)
	}
	if err := config.SaveSecrets(given, []secret{{1}}); !errors.Is(err, config.ErrCredential) {
		t.Errorf("SaveSecrets: %v, want ErrCredential", err)
	}
	write(given, 0o444)
	if _, err := config.LoadSecret(given); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("readable by everybody: %v", err)
	}
	write(inData, 0o440)
	if _, err := config.LoadSecret(inData); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a file that its group may read: %v", err)
	}
}

// A key file may be on another disk: a rotation must not put it on this one, and a disk
// that is not there must not lead to another key.
func TestSecretsBehindALink(t *testing.T) {
	elsewhere, data := t.TempDir(), t.TempDir()
	end, link := filepath.Join(elsewhere, "a.key"), filepath.Join(data, "a.key")
	if err := os.Symlink(end, link); err != nil {
		t.Fatal(err)
	}
	if _, err := config.LoadOrCreateSecret(link); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a link to nothing: %v, want that there is nothing", err)
	}
	if _, err := config.LoadOrCreateSecret(end); err != nil {
		t.Fatal(err)
	}
	if err := config.SaveSecrets(link, []secret{{1}, {2}}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode().Type() != os.ModeSymlink {
		t.Errorf("the link is now %v, %v", info.Mode(), err)
	}
	if secrets, err := config.LoadSecrets(end); err != nil || len(secrets) != 2 {
		t.Errorf("behind the link: %d secrets, %v", len(secrets), err)
	}
}
