package admin

import (
	"archive/tar"
	"bytes"
	"io"
	"maps"
	"slices"
	"testing"
	"time"
)

// kept keeps what an archive is unpacked to.
type kept struct{ bytes.Buffer }

func (*kept) Close() error { return nil }

// What is taken is exactly what the manifest says, and is taken again when it is
// packed anew.
func FuzzReadArchive(f *testing.F) {
	good := archive{contents: map[string]io.ReadSeeker{}, manifest: Manifest{Format: 1, Created: time.Unix(1, 0), Files: map[string]ArchivedFile{}}}
	for name, content := range map[string]string{ArchiveStore: "store", ArchiveKeys: ""} {
		if err := good.add(name, bytes.NewReader([]byte(content))); err != nil {
			f.Fatal(err)
		}
	}
	var seed bytes.Buffer
	if err := good.writeTo(&seed); err != nil {
		f.Fatal(err)
	}
	f.Add(seed.Bytes())
	more := archive{contents: map[string]io.ReadSeeker{}, manifest: Manifest{Format: 3, Created: time.Unix(1, 0), Files: map[string]ArchivedFile{}}}
	for _, name := range []string{ArchiveStore, ArchiveKeys, ArchiveCases, "audit/audit-2026-11.jsonl", "evidence/a.hold", "privacy/a4n7x2qm.json", "holds/holds.json", "iplog/held-0123456789abcdef.rows"} {
		if err := more.add(name, bytes.NewReader([]byte(name))); err != nil {
			f.Fatal(err)
		}
	}
	var larger bytes.Buffer
	if err := more.writeTo(&larger); err != nil {
		f.Fatal(err)
	}
	f.Add(larger.Bytes())
	f.Add(bytes.ReplaceAll(seed.Bytes(), []byte("joingyd.db"), []byte("../passwd.")))
	f.Add(seed.Bytes()[:seed.Len()-1500])
	var other bytes.Buffer
	w := tar.NewWriter(&other)
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: archiveManifest, Linkname: "/etc/passwd"}); err != nil {
		f.Fatal(err)
	}
	f.Add(other.Bytes())

	f.Fuzz(func(t *testing.T, data []byte) {
		got := map[string]*kept{}
		open := func(name string) (io.WriteCloser, error) {
			if !slices.Contains(archived, name) && !optional(name) || got[name] != nil {
				t.Errorf("%q is unpacked", name)
			}
			got[name] = new(kept)
			return got[name], nil
		}
		m, err := readArchive(bytes.NewReader(data), open)
		if err != nil {
			return
		}
		again := archive{manifest: m, contents: map[string]io.ReadSeeker{}}
		want := maps.Clone(m.Files)
		for _, name := range m.names() {
			if err := again.add(name, bytes.NewReader(got[name].Bytes())); err != nil {
				t.Fatal(err)
			}
			if again.manifest.Files[name] != want[name] {
				t.Errorf("%s is %+v, want %+v", name, again.manifest.Files[name], want[name])
			}
		}
		var packed bytes.Buffer
		if err := again.writeTo(&packed); err != nil {
			t.Skip(err) // a time that tar has no room for
		}
		got = map[string]*kept{}
		if back, err := readArchive(&packed, open); err != nil || !maps.Equal(back.Files, want) {
			t.Errorf("packed anew: %+v, %v; want %+v", back, err, want)
		}
	})
}
