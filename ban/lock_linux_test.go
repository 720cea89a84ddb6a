package ban_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/joingyd/joingyd/ban"
)

func TestLock(t *testing.T) {
	t.Parallel()
	f := open(t)
	if _, err := ban.Lock(f.path); !errors.Is(err, ban.ErrLocked) {
		t.Errorf("Lock of an open store: %v, want ErrLocked", err)
	}
	f.Close()
	release, err := ban.Lock(f.path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ban.Open(f.path, testKeys, nil); !errors.Is(err, ban.ErrLocked) {
		t.Errorf("Open of a locked store: %v, want ErrLocked", err)
	}
	if err := release(); err != nil {
		t.Error(err)
	}
	f.reopen(t)
	if _, err := ban.Lock(f.path + ".none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Lock of nothing: %v, want fs.ErrNotExist", err)
	}
}

// Who waits for a store and finds another in its place must not work on the one
// that was put aside.
func TestOpenOfAReplacedStore(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.Close()
	release, err := ban.Lock(f.path)
	if err != nil {
		t.Fatal(err)
	}
	opened := make(chan error)
	go func() {
		store, err := ban.Open(f.path, testKeys, nil)
		if err == nil {
			store.Close()
		}
		opened <- err
	}()
	for descriptors(t, f.path) < 2 { // until the other one has it open, and waits
		runtime.Gosched()
	}
	other := filepath.Join(t.TempDir(), "other.db")
	if store, err := ban.Open(other, testKeys, nil); err != nil {
		t.Fatal(err)
	} else if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(other, f.path); err != nil {
		t.Fatal(err)
	}
	if err := release(); err != nil {
		t.Error(err)
	}
	if err := <-opened; !errors.Is(err, ban.ErrLocked) {
		t.Errorf("Open: %v, want ErrLocked", err)
	}
}

// descriptors counts how often this process has a file open.
func descriptors(t *testing.T, path string) (n int) {
	t.Helper()
	list, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range list {
		if target, err := os.Readlink(fd); err == nil && target == path {
			n++
		}
	}
	return n
}
