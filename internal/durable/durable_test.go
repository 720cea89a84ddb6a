package durable_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/joingyd/joingyd/internal/durable"
)

func TestLockIsForOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b")
	d, err := durable.Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := durable.Lock(path); !errors.Is(err, durable.ErrLocked) {
		t.Errorf("the second got %v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d, err = durable.Lock(path)
	if err != nil {
		t.Fatal("after Close: ", err)
	}
	d.Close()
}

func TestWriteFileIsWholeAndPrivate(t *testing.T) {
	path := t.TempDir()
	if err := os.WriteFile(filepath.Join(path, ".draft-1"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := durable.Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, text := range []string{"one", "another"} {
		if err := d.WriteFile("name", []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(d.Path("name")); err != nil || string(got) != text {
			t.Errorf("read %q, %v, want %q", got, err, text)
		}
	}
	if info, err := os.Stat(d.Path("name")); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	// A directory is in the way: nothing is left of the attempt.
	if err := os.MkdirAll(d.Path("taken/x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := d.WriteFile("taken", nil); err == nil {
		t.Error("a directory was overwritten")
	}
	entries, err := os.ReadDir(path)
	if err != nil || len(entries) != 2 {
		t.Errorf("there are %v, %v; want name and taken", entries, err)
	}
}
