package setup_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/joingyd/joingyd/setup"
)

func good(string) error { return nil }

// names lists a directory.
func names(t *testing.T, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "joingyd.yaml")
	if err := setup.Write(path, []byte("one"), good); err != nil || read(t, path) != "one" || len(names(t, dir)) != 1 {
		t.Fatalf("%v, %q", err, names(t, dir))
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		if err := os.Chown(path, 12, 34); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(t.TempDir(), "link.yaml")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	checked := ""
	if err := setup.Write(link, []byte("two"), func(draft string) error { checked = read(t, draft); return nil }); err != nil || checked != "two" {
		t.Fatalf("%v, checked %q", err, checked)
	}
	if read(t, path) != "two" || read(t, path+".bak") != "one" || len(names(t, dir)) != 2 {
		t.Errorf("%q beside %q of %q", read(t, path), read(t, path+".bak"), names(t, dir))
	}
	for _, path := range []string{path, path + ".bak"} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		owner := info.Sys().(*syscall.Stat_t)
		if info.Mode().Perm() != 0o640 || os.Getuid() == 0 && (owner.Uid != 12 || owner.Gid != 34) {
			t.Errorf("%s: mode %v, owner %d:%d", path, info.Mode(), owner.Uid, owner.Gid)
		}
	}
	if err := setup.Write(path, []byte("two"), func(string) error { return errors.New("asked") }); err != nil || read(t, path+".bak") != "one" {
		t.Errorf("the same text: %v", err)
	}
}

// A draft that is refused changes nothing, and leaves nothing.
func TestWriteRefused(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "joingyd.yaml")
	if err := os.WriteFile(path, []byte("one"), 0o600); err != nil {
		t.Fatal(err)
	}
	bad := errors.New("bad")
	if err := setup.Write(path, []byte("two"), func(string) error { return bad }); !errors.Is(err, bad) || read(t, path) != "one" || len(names(t, dir)) != 1 {
		t.Errorf("%v, %q, %q", err, read(t, path), names(t, dir))
	}
	if err := setup.Write(filepath.Join(dir, "none", "joingyd.yaml"), nil, good); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a directory: %v", err)
	}
}
