package config_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/config"
)

type secret = [config.SecretSize]byte

func TestSecrets(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.key")
	if _, err := config.LoadSecrets(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("LoadSecrets of nothing: %v", err)
	}
	first, err := config.LoadOrCreateSecrets(path)
	if err != nil || len(first) != 1 || first[0] == (secret{}) {
		t.Fatalf("%d secrets, %v; want a random one", len(first), err)
	}
	if alone, err := config.LoadSecret(path); err != nil || alone != first[0] {
		t.Errorf("LoadSecret: %v, the same %v", err, alone == first[0])
	}
	before, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer before.Close()
	want := []secret{{2}, {1}, first[0]}
	if err := config.SaveSecrets(path, want); err != nil {
		t.Fatal(err)
	}
	for name, load := range map[string]func(string) ([]secret, error){"LoadSecrets": config.LoadSecrets, "LoadOrCreateSecrets": config.LoadOrCreateSecrets} {
		if got, err := load(path); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %d secrets, %v; want %d in their order", name, len(got), err, len(want))
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	// The file that was there is replaced, never written over.
	if text, err := io.ReadAll(before); err != nil || len(text) != 2*config.SecretSize+1 {
		t.Errorf("the file before holds %d bytes, %v", len(text), err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("files left: %v", left)
	}
	if _, err := config.LoadSecret(path); err == nil || !strings.Contains(err.Error(), "holds 3 secrets and should hold one") {
		t.Errorf("LoadSecret of several: %v", err)
	}
	if err := config.SaveSecrets(filepath.Join(dir, "none", "a.key"), want); err == nil {
		t.Error("secrets were saved nowhere")
	}
}

func TestBadSecrets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.key")
	good := strings.Repeat("0a", config.SecretSize)
	for text, want := range map[string]string{
		"":                        "line 1 is not 64",
		good + "\n\n" + good:      "line 2 is not 64",
		good + "\n" + good + "0":  "line 2 is not 64",
		good + "\n" + good + "0a": "line 2 is not 64",
		good + " " + good:         "line 1 is not 64",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := config.LoadSecrets(path)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), good[:8]) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if err := os.WriteFile(path, []byte(good+"\r\n"+good+"\n\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := config.LoadSecrets(path); err != nil || len(got) != 2 {
		t.Errorf("%d secrets, %v; want 2 whatever their line ends", len(got), err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := config.LoadSecrets(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("readable by others: %v", err)
	}
}
