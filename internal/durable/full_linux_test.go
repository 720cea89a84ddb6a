package durable_test

import (
	"errors"
	"os"
	"syscall"
	"testing"

	"github.com/joingyd/joingyd/internal/durable"
)

func TestAFullDiskLeavesNoFile(t *testing.T) {
	path := t.TempDir()
	if err := syscall.Mount("tmpfs", path, "tmpfs", 0, "size=64k"); err != nil {
		t.Skip("mounting a small disk takes root: ", err)
	}
	defer syscall.Unmount(path, syscall.MNT_DETACH)
	d, err := durable.Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.WriteFile("old", []byte("old")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"new", "old"} {
		if err := d.WriteFile(name, make([]byte, 128<<10)); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if entries, err := os.ReadDir(path); err != nil || len(entries) != 1 {
		t.Errorf("there are %v, %v", entries, err)
	}
	if got, err := os.ReadFile(d.Path("old")); err != nil || string(got) != "old" {
		t.Errorf("%q, %v", got, err)
	}
}
