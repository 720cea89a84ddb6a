package evidence_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/joingyd/joingyd/internal/durable"
	"github.com/joingyd/joingyd/moderate/evidence"
)

var start = time.Date(2026, time.November, 29, 7, 43, 44, 5e8, time.UTC)

// moderator is a key pair.
type moderator struct {
	recipient evidence.Recipient
	identity  evidence.Identity
}

func newModerator(t testing.TB, hybrid bool) moderator {
	t.Helper()
	var public, private string
	if hybrid {
		key, err := age.GenerateHybridIdentity()
		if err != nil {
			t.Fatal(err)
		}
		public, private = key.Recipient().String(), key.String()
	} else {
		key, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		public, private = key.Recipient().String(), key.String()
	}
	recipients, err := evidence.ParseRecipients([]string{public})
	if err != nil {
		t.Fatal(err)
	}
	identities, err := evidence.ParseIdentities(strings.NewReader("# created\n"+private+"\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return moderator{recipients[0], identities[0]}
}

// clock is a time that tests set.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

func open(t *testing.T, dir string, o evidence.Options, to ...moderator) *evidence.Store {
	t.Helper()
	var recipients []evidence.Recipient
	for _, m := range to {
		recipients = append(recipients, m.recipient)
	}
	s, err := evidence.NewStore(dir, recipients, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func seal(t *testing.T, s *evidence.Store, caseName string, parts ...evidence.Part) evidence.ID {
	t.Helper()
	if parts == nil {
		parts = []evidence.Part{text("hello")}
	}
	id, err := s.Seal(caseName, parts)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func text(s string) evidence.Part {
	return evidence.Part{Name: "chat", Type: "text/plain; charset=utf-8", Text: s}
}

func data(b []byte) evidence.Part {
	return evidence.Part{Name: "still", Type: "image/jpeg", At: start.Add(-time.Second), Data: b}
}

// names returns the names of the files in a directory.
func names(t *testing.T, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		list = append(list, entry.Name())
	}
	return list
}

func TestSealedPartsAreOpenedByEachModerator(t *testing.T) {
	for _, hybrid := range []bool{false, true} {
		anna, bo := newModerator(t, hybrid), newModerator(t, hybrid)
		dir := t.TempDir()
		s := open(t, dir, evidence.Options{Now: (&clock{start}).now}, anna, bo)
		picture := bytes.Repeat([]byte{0, 1, 0xff}, 100_000)
		id := seal(t, s, "case_1-a", text("a \"line\" \\ \x00\n\u2028 </script> \xff ü🙂"), data(picture))
		sealed, err := s.Read(id)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range []moderator{anna, bo} {
			d, err := evidence.Open(bytes.NewReader(sealed), m.identity)
			if err != nil {
				t.Fatal(err)
			}
			if d.Version != 1 || d.Case != "case_1-a" || !d.At.Equal(start.Truncate(time.Second)) || len(d.Parts) != 2 {
				t.Fatalf("%+v", d)
			}
			chat, still := d.Parts[0], d.Parts[1]
			if chat.Name != "chat" || chat.Type != "text/plain; charset=utf-8" || !chat.At.Equal(d.At) || chat.Text != "a \"line\" \\ \x00\n\u2028 </script> \ufffd ü🙂" || chat.Data != nil {
				t.Errorf("%+v", chat)
			}
			if still.Name != "still" || still.Type != "image/jpeg" || !still.At.Equal(start.Add(-time.Second)) || !bytes.Equal(still.Data, picture) || still.Text != "" {
				t.Errorf("%s %s %v", still.Name, still.Type, still.At)
			}
		}
		f := s.List("case_1-a")
		if len(f) != 1 || f[0].ID != id || f[0].Size != int64(len(sealed)) || !f[0].At.Equal(start.Truncate(time.Second)) {
			t.Errorf("%+v", f)
		}
		name := "case_1-a.20261129T074344Z." + string(id) + ".age"
		if got := names(t, dir); !slices.Equal(got, []string{name}) {
			t.Errorf("there are %q, want %q", got, name)
		}
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
	}
}

func TestWhatDoesNotOpen(t *testing.T) {
	anna, bo, post := newModerator(t, false), newModerator(t, false), newModerator(t, true)
	s := open(t, t.TempDir(), evidence.Options{}, anna)
	sealed, err := s.Read(seal(t, s, "c"))
	if err != nil {
		t.Fatal(err)
	}
	fails := func(what string, file []byte, want error, keys ...evidence.Identity) {
		t.Helper()
		if d, err := evidence.Open(bytes.NewReader(file), keys...); !errors.Is(err, want) || d.Parts != nil {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	fails("no key", sealed, evidence.ErrWrongKey)
	fails("wrong keys", sealed, evidence.ErrWrongKey, bo.identity, post.identity)
	fails("nothing", nil, evidence.ErrDamaged, anna.identity)
	fails("something else", []byte("%PDF-1.4\n"), evidence.ErrDamaged, anna.identity)
	fails("more behind it", append(slices.Clone(sealed), 0), evidence.ErrDamaged, anna.identity)
	for cut := 0; cut < len(sealed); cut += 3 {
		fails(fmt.Sprint("cut to ", cut), sealed[:cut], evidence.ErrDamaged, anna.identity)
	}
	for i := 0; i < len(sealed); i += 3 {
		changed := slices.Clone(sealed)
		changed[i] ^= 1
		if d, err := evidence.Open(bytes.NewReader(changed), anna.identity); d.Parts != nil || !errors.Is(err, evidence.ErrDamaged) && !errors.Is(err, evidence.ErrWrongKey) {
			t.Errorf("byte %d changed: %v", i, err)
		}
	}
	// A file of two chunks, cut between them.
	if sealed, err = s.Read(seal(t, s, "c", data(make([]byte, 60_000)))); err != nil {
		t.Fatal(err)
	}
	body := bytes.Index(sealed, []byte("\n---")) + len("\n--- ") + 43 + 1 + 16 // behind the header's MAC and the nonce
	fails("a chunk missing", sealed[:body+64<<10+16], evidence.ErrDamaged, anna.identity)
	for document, want := range map[string]string{"[]": "none of a store", `{"version":2}`: "newer"} {
		var other bytes.Buffer
		key, _ := age.ParseX25519Recipient(anna.recipient.String())
		w, _ := age.Encrypt(&other, key)
		w.Write([]byte(document))
		w.Close()
		if _, err := evidence.Open(&other, anna.identity); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", document, err, want)
		}
	}
}

func TestNothingIsKeptWithoutRecipients(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, evidence.Options{})
	if id, err := s.Seal("c", []evidence.Part{text("hello")}); !errors.Is(err, evidence.ErrNoRecipients) || id != "" {
		t.Errorf("%q, %v", id, err)
	}
	if got := names(t, dir); got != nil {
		t.Errorf("there are %q", got)
	}
}

func TestNothingIsOnDiskInClear(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, evidence.Options{}, newModerator(t, false))
	canary := "canary-3f9a1c77e0"
	part := data([]byte(strings.Repeat(canary, 1000)))
	part.Name = canary
	seal(t, s, "c", part, text(canary))
	if err := s.Hold("c", time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	looked := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		looked++
		content, err := os.ReadFile(path)
		content = append(content, path...)
		for shift := range 3 {
			encoded := base64.StdEncoding.EncodeToString([]byte(canary[shift:]))[:16]
			if bytes.Contains(content, []byte(encoded)) || bytes.Contains(content, []byte(canary)) {
				t.Errorf("%s has the canary", path)
			}
		}
		return err
	})
	if err != nil || looked != 2 {
		t.Errorf("looked at %d files, %v", looked, err)
	}
}

func TestSealRefuses(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, evidence.Options{}, newModerator(t, false))
	full := data(make([]byte, evidence.MaxPart))
	for name, test := range map[string]struct {
		caseName string
		parts    []evidence.Part
		want     string
	}{
		"a path":         {"../c", []evidence.Part{text("x")}, "a-z, 0-9"},
		"a dot":          {"c.d", []evidence.Part{text("x")}, "a-z, 0-9"},
		"no case":        {"", []evidence.Part{text("x")}, "1 to 64"},
		"a long case":    {strings.Repeat("c", 65), []evidence.Part{text("x")}, "1 to 64"},
		"no part":        {"c", nil, "no parts"},
		"an empty part":  {"c", []evidence.Part{text("x"), text("")}, "part 2: evidence: it must have either"},
		"both":           {"c", []evidence.Part{{Name: "a", Type: "a/b", Text: "x", Data: []byte{1}}}, "either"},
		"no name":        {"c", []evidence.Part{{Type: "a/b", Text: "x"}}, "name must be"},
		"no type":        {"c", []evidence.Part{{Name: "a", Text: "x"}}, "MIME type"},
		"a strange type": {"c", []evidence.Part{{Name: "a", Type: "\"\n", Text: "x"}}, "MIME type"},
		"a large part":   {"c", []evidence.Part{data(make([]byte, evidence.MaxPart+1))}, "part 1: evidence: more than may be sealed at once: 1048577 bytes"},
		"many parts":     {"c", slices.Repeat([]evidence.Part{text("x")}, 33), "33 parts, 32 at most"},
		"a large file":   {"c", slices.Repeat([]evidence.Part{full}, 6), "bytes in all"},
	} {
		_, err := s.Seal(test.caseName, test.parts)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
		if large := strings.Contains(test.want, " at most") || strings.Contains(test.want, "in all") || strings.Contains(test.want, "at once"); large != errors.Is(err, evidence.ErrTooLarge) {
			t.Errorf("%s: %v is ErrTooLarge: %v", name, err, !large)
		}
	}
	seal(t, s, "c", full)
	seal(t, s, "c", slices.Repeat([]evidence.Part{text("\x01")}, 32)...)
	if got := s.Stats(); got.Files != 2 {
		t.Errorf("%+v", got)
	}
}

func TestTheStoreHasABound(t *testing.T) {
	dir, m := t.TempDir(), newModerator(t, false)
	s := open(t, dir, evidence.Options{MaxBytes: 1200}, m)
	first := seal(t, s, "a")
	sealed, err := s.Read(first)
	if err != nil {
		t.Fatal(err)
	}
	fit := 1200 / len(sealed)
	for range fit - 1 {
		seal(t, s, "b")
	}
	for range 2 { // also after it was opened again
		if _, err := s.Seal("b", []evidence.Part{text("hello")}); !errors.Is(err, evidence.ErrFull) {
			t.Errorf("%v", err)
		}
		if got := s.Stats(); got.Files != fit || got.Bytes != int64(fit*len(sealed)) || got.MaxBytes != 1200 {
			t.Errorf("%+v", got)
		}
		s.Close()
		s = open(t, dir, evidence.Options{MaxBytes: 1200}, m)
	}
	if err := s.Delete("a"); err != nil {
		t.Fatal(err)
	}
	seal(t, s, "b")
}

func TestACaseHasSeveralFiles(t *testing.T) {
	dir, m, c := t.TempDir(), newModerator(t, false), &clock{start}
	s := open(t, dir, evidence.Options{Now: c.now}, m)
	var want []evidence.ID
	for range 3 {
		want = append(want, seal(t, s, "a"))
		seal(t, s, "b")
		c.Time = c.Add(time.Second)
	}
	// A crash left half a file; others put theirs here.
	for _, name := range []string{".draft-123", "c.age", "c.20261129T074344Z.short.age", "notes", "X.hold"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	s = open(t, dir, evidence.Options{Now: c.now}, m)
	var got []evidence.ID
	for _, f := range s.List("a") {
		got = append(got, f.ID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("a has %q, want %q", got, want)
	}
	if list := names(t, dir); slices.Contains(list, ".draft-123") || !slices.Contains(list, "notes") {
		t.Errorf("there are %q", list)
	}
	if stats := s.Stats(); stats.Files != 6 || !stats.Oldest.Equal(start.Truncate(time.Second)) || stats.Held != 0 {
		t.Errorf("%+v", stats)
	}
	if err := s.Delete("a"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(want[0]); !errors.Is(err, evidence.ErrNotFound) || s.List("a") != nil || len(s.List("b")) != 3 {
		t.Errorf("%v, %v", err, s.List("a"))
	}
	if err := s.Delete("a"); err != nil {
		t.Errorf("again: %v", err)
	}
}

func TestReadOfAFileThatIsGone(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, evidence.Options{}, newModerator(t, false))
	id := seal(t, s, "a")
	if err := os.Remove(filepath.Join(dir, names(t, dir)[0])); err != nil {
		t.Fatal(err)
	}
	for _, id := range []evidence.ID{id, "", "../../etc/passwd"} {
		if _, err := s.Read(id); !errors.Is(err, evidence.ErrNotFound) {
			t.Errorf("%q: %v", id, err)
		}
	}
	if err := s.Delete("a"); err != nil || s.Stats().Files != 0 {
		t.Errorf("%v, %+v", err, s.Stats())
	}
}

func TestOneProcessHasTheStore(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, evidence.Options{})
	if _, err := evidence.NewStore(dir, nil, evidence.Options{}); !errors.Is(err, durable.ErrLocked) {
		t.Errorf("the second got %v", err)
	}
}

func TestUseAtTheSameTime(t *testing.T) {
	s := open(t, t.TempDir(), evidence.Options{}, newModerator(t, false))
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			name := fmt.Sprint("c", i%4)
			for range 3 {
				id, err := s.Seal(name, []evidence.Part{text("x")})
				if _, readErr := s.Read(id); err != nil || readErr != nil && !errors.Is(readErr, evidence.ErrNotFound) {
					t.Error(err, readErr)
				}
			}
			if i >= 4 {
				if err := s.Delete(name); err != nil {
					t.Error(err)
				}
			}
			s.Stats()
		})
	}
	wait.Wait()
	if _, err := s.Sweep(time.Now(), func(string) bool { return false }); err != nil || s.Stats().Files != 0 || s.Stats().Bytes != 0 {
		t.Errorf("%v, %+v", err, s.Stats())
	}
}

func TestParseID(t *testing.T) {
	for text, ok := range map[string]bool{
		"abcdefgh234567yz": true, "abcdefgh234567y": false, "abcdefgh234567yzz": false,
		"ABCDEFGH234567YZ": false, "abcdefgh/../67yz": false, "abcdefgh01234567": false, "": false,
	} {
		if id, err := evidence.ParseID(text); (err == nil) != ok || ok && string(id) != text {
			t.Errorf("%q: %q, %v", text, id, err)
		}
	}
}
