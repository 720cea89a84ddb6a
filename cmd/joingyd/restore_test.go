package main

import (
	"bytes"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/config"
)

// makeStore makes a store with one ban in dir, and returns the ban's address.
func makeStore(t *testing.T, dir, address string) netip.Addr {
	t.Helper()
	store := openDir(t, dir, config.LoadOrCreateSecrets)
	defer store.Close()
	addr := netip.MustParseAddr(address)
	if _, err := store.Add(ban.Entry{Target: ban.TargetFor(addr), By: "root"}); err != nil {
		t.Fatal(err)
	}
	return addr
}

// openDir opens the store of a data directory, as a daemon does.
func openDir(t *testing.T, dir string, load func(string) ([][config.SecretSize]byte, error)) *ban.Store {
	t.Helper()
	keys, err := loadBanKeys(dir, load)
	if err != nil {
		t.Fatal(err)
	}
	store, err := ban.Open(filepath.Join(dir, banStoreFile), keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// bannedIn tells which of some addresses the store of a data directory bans.
func bannedIn(t *testing.T, dir string, addrs ...netip.Addr) (banned []netip.Addr) {
	t.Helper()
	store := openDir(t, dir, config.LoadSecrets)
	defer store.Close()
	for _, addr := range addrs {
		if _, is := store.Check(addr, ban.UseSite); is {
			banned = append(banned, addr)
		}
	}
	return banned
}

// saved is the backup of the store in dir.
func saved(t *testing.T, dir string) []byte {
	t.Helper()
	store := openDir(t, dir, config.LoadSecrets)
	defer store.Close()
	var out bytes.Buffer
	if _, err := admin.NewService(store, nil).Backup(t.Context(), admin.BackupRequest{}, &out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestRestoreWhateverIsThere(t *testing.T) {
	source := t.TempDir()
	theirs := makeStore(t, source, "203.0.113.1")
	archive := saved(t, source)
	write := func(name, content string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	remove := func(name string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	tests := []struct {
		name   string
		before func(t *testing.T, dir string)
		kept   []string
	}{
		{"a store", nil, []string{banStoreFile}},
		{"the same store", func(t *testing.T, dir string) {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			if err := os.CopyFS(dir, os.DirFS(source)); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(filepath.Join(dir, banKeyFile), 0o600); err != nil {
				t.Fatal(err)
			}
		}, []string{banStoreFile}},
		{"a damaged store", write(banStoreFile, strings.Repeat("damaged\n", 5000)), []string{banStoreFile}},
		{"an empty store", write(banStoreFile, ""), []string{banStoreFile}},
		{"no store", remove(banStoreFile), nil},
		{"a damaged key", write(banKeyFile, "damaged"), []string{banKeyFile, banStoreFile}},
		{"no key", remove(banKeyFile), []string{banStoreFile}},
		{"no directory", func(t *testing.T, dir string) {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			ours := makeStore(t, dir, "203.0.113.2")
			if tt.before != nil {
				tt.before(t, dir)
			}
			before := map[string]string{}
			for _, name := range tt.kept {
				text, err := os.ReadFile(filepath.Join(dir, name))
				if err != nil {
					t.Fatal(err)
				}
				before[name] = string(text)
			}
			dry, err := restoreFrom(bytes.NewReader(archive), dir, true)
			if err != nil || dry.Bans != 1 || len(dry.Kept) != 0 || !dry.DryRun {
				t.Errorf("dry run: %+v, %v", dry, err)
			}
			result, err := restoreFrom(bytes.NewReader(archive), dir, false)
			if err != nil || result.Bans != 1 || len(result.Kept) != len(tt.kept) {
				t.Fatalf("restore: %+v, %v; want %v kept", result, err, tt.kept)
			}
			for i, name := range tt.kept {
				text, err := os.ReadFile(result.Kept[i])
				if err != nil || string(text) != before[name] || !strings.HasPrefix(result.Kept[i], filepath.Join(dir, name)+".before-restore-20") {
					t.Errorf("%s was kept as %s, %d bytes, %v; want what it was", name, result.Kept[i], len(text), err)
				}
			}
			if got := bannedIn(t, dir, theirs, ours); !slices.Equal(got, []netip.Addr{theirs}) {
				t.Errorf("banned: %v, want those of the backup", got)
			}
			left, err := filepath.Glob(filepath.Join(dir, ".restore-*"))
			if err != nil || len(left) > 0 {
				t.Errorf("left over: %v, %v", left, err)
			}
			for _, name := range []string{banStoreFile, banKeyFile} {
				if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 {
					t.Errorf("%s: %v, %v; want mode 0600", name, info, err)
				}
			}
		})
	}
}

// A power cut can come after any step: what is there then opens, and holds what
// was there or what was restored. What was kept opens with the keys too.
func TestRestoreCutShort(t *testing.T) {
	source := t.TempDir()
	theirs := makeStore(t, source, "203.0.113.1")
	archive := saved(t, source)
	for cut := 0; ; cut++ {
		dir := t.TempDir()
		ours := makeStore(t, dir, "203.0.113.2")
		draft := t.TempDir()
		if _, err := admin.Unpack(bytes.NewReader(archive), draft); err != nil {
			t.Fatal(err)
		}
		keys, _, err := checkDraft(draft)
		if err != nil {
			t.Fatal(err)
		}
		s := &swap{dir: dir, draft: draft, keys: keys, now: time.Unix(1, 0)}
		steps := s.steps()
		if cut > len(steps) {
			return
		}
		for _, step := range steps[:cut] {
			if err := step(); err != nil {
				t.Fatal(err)
			}
		}
		want := ours
		if cut == len(steps) {
			want = theirs
		}
		if got := bannedIn(t, dir, theirs, ours); !slices.Equal(got, []netip.Addr{want}) {
			t.Errorf("after %d of %d steps: banned %v, want %v", cut, len(steps), got, want)
		}
		if len(s.kept) == 0 {
			continue
		}
		if err := os.Rename(s.kept[0], filepath.Join(dir, banStoreFile)); err != nil {
			t.Fatal(err)
		}
		if got := bannedIn(t, dir, theirs, ours); !slices.Equal(got, []netip.Addr{ours}) {
			t.Errorf("what was kept bans %v, want %v", got, ours)
		}
	}
}

// A daemon that is started in the middle, where there was no store, makes one.
func TestRestoreReplacesNoStoreOfADaemon(t *testing.T) {
	source, dir := t.TempDir(), t.TempDir()
	makeStore(t, source, "203.0.113.1")
	draft := t.TempDir()
	if _, err := admin.Unpack(bytes.NewReader(saved(t, source)), draft); err != nil {
		t.Fatal(err)
	}
	keys, _, err := checkDraft(draft)
	if err != nil {
		t.Fatal(err)
	}
	s := &swap{dir: dir, draft: draft, keys: keys, now: time.Unix(1, 0)}
	for _, step := range []func() error{s.draftKeys, s.putKeys, s.keepStore} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	ours := makeStore(t, dir, "203.0.113.2")
	if err := s.putStore(); !errors.Is(err, fs.ErrExist) {
		t.Errorf("error %v, want that it is there", err)
	}
	if got := bannedIn(t, dir, ours); len(got) != 1 {
		t.Error("the daemon's store is gone")
	}
}

func TestRestoreRefusesABadStore(t *testing.T) {
	replace := func(old, new string) func(store, keys []byte) ([]byte, []byte) {
		return func(store, keys []byte) ([]byte, []byte) {
			return bytes.ReplaceAll(store, []byte(old), []byte(new)), keys
		}
	}
	tests := []struct {
		name   string
		change func(store, keys []byte) ([]byte, []byte)
		want   string
	}{
		{"good", func(store, keys []byte) ([]byte, []byte) { return store, keys }, ""},
		{"another key", func(store, _ []byte) ([]byte, []byte) { return store, bytes.Repeat([]byte("0"), 64) }, "the keys in it are not those of the store in it"},
		{"no key", func(store, _ []byte) ([]byte, []byte) { return store, nil }, "the keys in it: "},
		{"an active ban", replace("reason of one", "reason of One"), "the store in it is damaged; use another backup"},
		{"an ended ban", replace("reason of two", "reason of Two"), "the store in it has 1 problem: "},
		{"a newer joingyd", replace("schema2", "schema3"), "the store in it: ban store was written by a newer joingyd; install"},
		{"text", func(_, keys []byte) ([]byte, []byte) { return bytes.Repeat([]byte("text"), 5000), keys }, "the store in it is damaged"},
	}
	dir := t.TempDir()
	store := openDir(t, dir, config.LoadOrCreateSecrets)
	target := ban.TargetFor(netip.MustParseAddr("203.0.113.1"))
	other := ban.TargetFor(netip.MustParseAddr("203.0.113.2"))
	_, err := store.Add(ban.Entry{Target: target, Reason: "reason of one", By: "root"})
	if err == nil {
		_, err = store.Add(ban.Entry{Target: other, Reason: "reason of two", By: "root"})
	}
	if err == nil {
		_, err = store.Remove(other, ban.ScopeAll, "root")
	}
	if err = errors.Join(err, store.Close()); err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		draft := t.TempDir()
		content := map[string][]byte{}
		for _, name := range []string{banStoreFile, banKeyFile} {
			if content[name], err = os.ReadFile(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		content[banStoreFile], content[banKeyFile] = tt.change(content[banStoreFile], content[banKeyFile])
		for name, text := range content {
			if err := os.WriteFile(filepath.Join(draft, name), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		_, bans, err := checkDraft(draft)
		if tt.want == "" && (err != nil || bans != 1) {
			t.Errorf("%s: %d bans, %v; want 1", tt.name, bans, err)
		}
		if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want an error with %q", tt.name, err, tt.want)
		}
	}
}

// Restores that follow each other within a second put nothing aside under one name.
func TestRestoresInOneSecond(t *testing.T) {
	dir := t.TempDir()
	taken := make(map[string]bool)
	for range 3 {
		path := asideAt(filepath.Join(dir, banStoreFile), asideTime(dir))
		if taken[path] {
			t.Fatalf("%s is a second one's too", path)
		}
		taken[path] = true
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
