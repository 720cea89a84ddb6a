package admin_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
)

// member is one file of an archive.
type member struct {
	header  tar.Header
	content string
}

// backup returns a good one, of one ban.
func backup(t testing.TB) []byte {
	t.Helper()
	f := newFixture(t)
	if _, err := f.Ban(context.Background(), admin.BanRequest{Target: "203.0.113.7"}); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := f.Backup(context.Background(), admin.BackupRequest{}, &out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func members(t testing.TB, archive []byte) (list []member) {
	t.Helper()
	for in := tar.NewReader(bytes.NewReader(archive)); ; {
		header, err := in.Next()
		if err == io.EOF {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, member{*header, string(content)})
	}
}

func pack(t testing.TB, list []member) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, m := range list {
		if m.header.Typeflag == tar.TypeReg {
			m.header.Size = int64(len(m.content))
		}
		if err := w.WriteHeader(&m.header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, m.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// headerOf returns an archive that ends where the content of a file would begin.
func headerOf(name string, size int64) []byte {
	var out bytes.Buffer
	if err := tar.NewWriter(&out).WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Format: tar.FormatUSTAR}); err != nil {
		panic(err)
	}
	return out.Bytes()
}

func TestBackup(t *testing.T) {
	f := newFixture(t)
	if _, err := f.Ban(t.Context(), admin.BanRequest{Target: "203.0.113.7"}); err != nil {
		t.Fatal(err)
	}
	if err := f.bans.Rotate(ban.Key{2}, func(ban.Keys) error { return nil }); err != nil {
		t.Fatal(err)
	}
	var online, offline bytes.Buffer
	m, err := connect(t, serve(t, f)).Backup(t.Context(), admin.BackupRequest{By: "mallory"}, &online)
	if err != nil || m.Bans != 1 || m.Schema != 2 || m.Format != 1 || m.Version != "1.2.3" || !m.Created.Equal(noon.Truncate(1e9)) {
		t.Fatalf("Backup = %+v, %v", m, err)
	}
	if _, err := f.Backup(t.Context(), admin.BackupRequest{}, &offline); err != nil || !bytes.Equal(online.Bytes(), offline.Bytes()) {
		t.Errorf("without the daemon: %v, %d bytes; want the same %d", err, offline.Len(), online.Len())
	}
	if log := f.log.String(); !strings.Contains(log, "backup made") || strings.Contains(log, "mallory") {
		t.Errorf("log = %s, want who the kernel says", log)
	}

	dir := t.TempDir()
	unpacked, err := admin.Unpack(&online, dir)
	if err != nil || !maps.Equal(unpacked.Files, m.Files) {
		t.Fatalf("Unpack = %+v, %v; want %+v", unpacked, err, m)
	}
	for _, name := range []string{admin.ArchiveStore, admin.ArchiveKeys} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 || info.Size() != m.Files[name].Size {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if text, err := os.ReadFile(filepath.Join(dir, admin.ArchiveKeys)); err != nil || string(text) != fmt.Sprintf("02%062d\n01%062d\n", 0, 0) {
		t.Errorf("keys = %s, %v", text, err)
	}
	if r, err := ban.VerifyFile(filepath.Join(dir, admin.ArchiveStore), ban.Keys{{2}, {1}}); err != nil || r.Bans != 1 || len(r.Problems) > 0 {
		t.Errorf("the store: %+v, %v", r, err)
	}
}

func TestBackupOfAClosedStore(t *testing.T) {
	f := newFixture(t)
	client := connect(t, serve(t, f))
	f.bans.Close()
	var out bytes.Buffer
	_, err := client.Backup(t.Context(), admin.BackupRequest{}, &out)
	wantError(t, "closed store", err, admin.CodeInternal, "cannot be copied")
	if out.Len() != 0 {
		t.Errorf("%d bytes came", out.Len())
	}
}

// fullDisk takes some bytes.
type fullDisk struct{ room int }

var errFull = errors.New("disk full")

func (f *fullDisk) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestBackupThatHasNoRoom(t *testing.T) {
	f := newFixture(t)
	client := connect(t, serve(t, f))
	for _, room := range []int{0, 1000, 5000} {
		if _, err := client.Backup(t.Context(), admin.BackupRequest{}, &fullDisk{room}); !errors.Is(err, errFull) {
			t.Errorf("room for %d bytes: %v", room, err)
		}
		_, err := f.Backup(t.Context(), admin.BackupRequest{}, &fullDisk{room})
		wantError(t, "without the daemon", err, admin.CodeInternal, "disk full")
	}
}

func TestUnpackRefuses(t *testing.T) {
	good := backup(t)
	change := func(i int, f func(*member)) []byte {
		list := members(t, good)
		f(&list[i])
		return pack(t, list)
	}
	manifest := func(f func(*admin.Manifest)) []byte {
		return change(0, func(m *member) {
			var content admin.Manifest
			if err := json.Unmarshal([]byte(m.content), &content); err != nil {
				t.Fatal(err)
			}
			f(&content)
			text, err := json.Marshal(content)
			if err != nil {
				t.Fatal(err)
			}
			m.content = string(text)
		})
	}
	named := func(name string) []byte { return change(1, func(m *member) { m.header.Name = name }) }
	typed := func(flag byte) []byte {
		return change(1, func(m *member) {
			*m = member{header: tar.Header{Name: m.header.Name, Typeflag: flag, Linkname: "/etc/passwd"}}
		})
	}
	list := members(t, good)
	tests := []struct {
		name    string
		archive []byte
		want    string
	}{
		{"nothing", nil, "manifest.json is missing"},
		{"text", []byte(strings.Repeat("203.0.113.7\n", 100)), "not a backup"},
		{"cut in the manifest", good[:600], "unexpected EOF"},
		{"cut in the store", good[:len(good)/2], "unexpected EOF"},
		{"cut before the keys", good[:len(good)-2048], "ban.key is missing"},
		{"cut in the keys' header", good[:len(good)-2048+100], "ban.key: unexpected EOF"},
		{"cut in the keys", good[:len(good)-1536+30], "ban.key: unexpected EOF"},
		{"no keys", pack(t, list[:2]), "ban.key is missing"},
		{"no store", pack(t, []member{list[0], list[2]}), `"ban.key" comes where joingyd.db should`},
		{"other order", pack(t, []member{list[1], list[0], list[2]}), `"joingyd.db" comes where manifest.json should`},
		{"store twice", pack(t, []member{list[0], list[1], list[1], list[2]}), `"joingyd.db" comes where ban.key should`},
		{"one more", pack(t, append(list[:3:3], list[2])), `further file "ban.key"`},
		{"a directory more", pack(t, append(list[:3:3], member{header: tar.Header{Name: "etc/", Typeflag: tar.TypeDir}})), `further file "etc/"`},
		{"absolute", named("/joingyd.db"), "comes where joingyd.db should"},
		{"up", named("../joingyd.db"), "comes where joingyd.db should"},
		{"dot", named("./joingyd.db"), "comes where joingyd.db should"},
		{"elsewhere", named("a/joingyd.db"), "comes where joingyd.db should"},
		{"other bytes", change(1, func(m *member) { m.content = m.content[1:] + "x" }), "another checksum"},
		{"longer", change(1, func(m *member) { m.content += "x" }), "and should have"},
		{"symbolic link", typed(tar.TypeSymlink), "not a plain file"},
		{"hard link", typed(tar.TypeLink), "not a plain file"},
		{"device", typed(tar.TypeChar), "not a plain file"},
		{"pipe", typed(tar.TypeFifo), "not a plain file"},
		{"directory", typed(tar.TypeDir), "not a plain file"},
		{"extended", change(1, func(m *member) {
			m.header.Format, m.header.PAXRecords = tar.FormatPAX, map[string]string{"GNU.x": "1"}
		}), "not a plain file"},
		{"large keys", change(2, func(m *member) { m.content = strings.Repeat("0", 65<<10) }), "at most 65536 make sense"},
		{"large manifest", headerOf("manifest.json", 32<<20+1), "at most 33554432 make sense"},
		{"manifest is text", change(0, func(m *member) { m.content = "x" }), "manifest.json: invalid"},
		{"no format", manifest(func(m *admin.Manifest) { m.Format = 0 }), "the format is 0"},
		{"newer format", manifest(func(m *admin.Manifest) { m.Format, m.Version = 4, "9.9\x1b" }), `made by joingyd "9.9\x1b" in a newer form; restore it with that version`},
		{"another file in the manifest", manifest(func(m *admin.Manifest) { m.Format, m.Files["evidence/../../x.hold"] = 2, admin.ArchivedFile{} }), "which no backup has"},
		{"rows of a day", manifest(func(m *admin.Manifest) { m.Format, m.Files["iplog/2026-11-29.rows"] = 3, admin.ArchivedFile{} }), "which no backup has"},
		{"a hold that is a path", manifest(func(m *admin.Manifest) { m.Format, m.Files["iplog/held-../../../x.rows"] = 3, admin.ArchivedFile{} }), "which no backup has"},
		{"a file of format 2 in format 1", manifest(func(m *admin.Manifest) { m.Files["moderation.db"] = admin.ArchivedFile{} }), "which no backup has"},
		{"no cases, though promised", manifest(func(m *admin.Manifest) { m.Format, m.Files["moderation.db"] = 2, admin.ArchivedFile{} }), "moderation.db is missing"},
		{"manifest without files", manifest(func(m *admin.Manifest) { m.Files = nil }), "should have 0"},
	}
	for _, tt := range tests {
		dir := filepath.Join(t.TempDir(), "inner")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := admin.Unpack(bytes.NewReader(tt.archive), dir); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want an error with %q", tt.name, err, tt.want)
		}
		wantOnlyArchived(t, dir)
	}
}

// wantOnlyArchived fails the test if Unpack has put something where it should not.
func wantOnlyArchived(t *testing.T, dir string) {
	t.Helper()
	for _, at := range []string{dir, filepath.Dir(dir)} {
		list, err := os.ReadDir(at)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range list {
			if !slices.Contains([]string{"inner", admin.ArchiveStore, admin.ArchiveKeys}, entry.Name()) || entry.Type()&os.ModeSymlink != 0 {
				t.Errorf("there is %s", entry)
			}
		}
	}
}
