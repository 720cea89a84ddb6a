package pdq_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/moderate/pdq"
)

func TestSaveAndLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "known.txt")
	if _, err := pdq.Load(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	list := new(pdq.List)
	for _, text := range []string{"", bridge + ",a, b\n" + wee + ",\n"} {
		if _, err := list.Import(strings.NewReader(text), ""); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := list.Save(path); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Error(info.Mode(), err)
		}
		again, err := pdq.Load(path)
		if err != nil || fmt.Sprint(again.Labels()) != fmt.Sprint(list.Labels()) {
			t.Errorf("%v became %v, %v", list.Labels(), again.Labels(), err)
		}
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Error("more is left than the file", files, err)
	}
	if err := list.Save(filepath.Join(path, "no directory")); err == nil {
		t.Error("a list is saved nowhere")
	}
}

// What is changed is in the file before it is known, and what the file does not take is
// not changed.
func TestKeep(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "known.txt")
	list, err := pdq.Keep(path)
	if err != nil || list.Len() != 0 {
		t.Fatal(err)
	}
	same := func(want string) {
		t.Helper()
		again, err := pdq.Keep(path)
		if err != nil || fmt.Sprint(list.Labels()) != want || fmt.Sprint(again.Labels()) != want {
			t.Errorf("known are %v, on disk %v, %v; want %s", list.Labels(), again.Labels(), err, want)
		}
	}
	if _, err := list.Import(strings.NewReader(bridge+"\n"), "a"); err != nil {
		t.Fatal(err)
	}
	same("map[a:1]")
	if _, err := list.Import(strings.NewReader(wee+"\n"), "b"); err != nil {
		t.Fatal(err)
	}
	if n, err := list.Remove("a"); n != 1 || err != nil {
		t.Errorf("%d removed, %v", n, err)
	}
	same("map[b:1]")

	// The directory is gone, and with it the file.
	if err := os.Rename(dir, dir+"-away"); err != nil {
		t.Fatal(err)
	}
	if r, err := list.Import(strings.NewReader(bridge+"\n"), "c"); err == nil || r.New != 0 || !strings.Contains(err.Error(), "is as it was") {
		t.Errorf("imported without a file: %+v, %v", r, err)
	}
	if n, err := list.Remove("b"); err == nil || n != 0 {
		t.Errorf("removed without a file: %d", n)
	}
	if err := os.Rename(dir+"-away", dir); err != nil {
		t.Fatal(err)
	}
	same("map[b:1]")
	if err := os.WriteFile(path, []byte("spoilt"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := pdq.Keep(path); err == nil {
		t.Error("a spoilt file is kept on")
	}
}

func TestLoadOfASpoiltFile(t *testing.T) {
	const first, last = "# joingyd's known pictures, format 1: hash,label\n", "# end\n"
	tests := []struct{ name, text, want string }{
		{"empty", "", "line 0: the file ends"},
		{"another", "hash\n" + wee + "\n", "line 1: it is not"},
		{"cut between lines", first + wee + ",a\n", "line 2: the file ends"},
		{"cut in a line", first + wee + ",a\n" + bridge[:30], "line 3: the hash"},
		{"cut in the last line", first + wee + ",a\n# end", "line 3: the hash"},
		{"a bit flipped", first + wee[:40] + "\x01" + wee[41:] + ",a\n" + last, "line 2: the hash"},
		{"zeros", first + wee + ",a\n" + strings.Repeat("\x00", 200) + last, "line 3: the hash"},
		{"label", first + wee + ",a\x07\n" + last, "line 2: the label"},
		{"long line", first + wee + "," + strings.Repeat("a", 70<<10) + "\n" + last, "line 2: the label"},
		{"two files in one", first + last + first + last, `line 3: there is more behind "# end"`},
	}
	path := filepath.Join(t.TempDir(), "known.txt")
	for _, test := range tests {
		if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := pdq.Load(path)
		if err == nil || !strings.HasPrefix(err.Error(), path+": "+test.want) || !strings.HasSuffix(err.Error(), "import its sources again") || len(err.Error()) > 500 {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
	}
}
