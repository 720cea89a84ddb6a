package evidence

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"
)

func sealedTo(t testing.TB) (*age.X25519Identity, []age.Recipient) {
	t.Helper()
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return key, []age.Recipient{key.Recipient()}
}

func TestADiskThatFailsLeavesNothing(t *testing.T) {
	_, recipients := sealedTo(t)
	dir := t.TempDir()
	s, err := NewStore(dir, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.recipients = recipients
	parts := []Part{{Name: "a", Type: "text/plain", Text: "x"}}
	write := s.write
	s.write = func(name string, data []byte) error { // the file is there, its name is not safe
		return errors.Join(write(name, data), syscall.ENOSPC)
	}
	if id, err := s.Seal("a", parts); !errors.Is(err, syscall.ENOSPC) || id != "" {
		t.Errorf("%q, %v", id, err)
	}
	if entries, err := os.ReadDir(dir); len(entries) != 0 || err != nil || s.Stats() != (Stats{MaxBytes: DefaultMaxBytes}) {
		t.Errorf("%v, %v, %+v", entries, err, s.Stats())
	}
	s.write = func(string, []byte) error { return syscall.ENOSPC }
	if err := s.Hold("a", time.Now().Add(time.Hour)); !errors.Is(err, syscall.ENOSPC) {
		t.Error(err)
	}
	if _, held := s.Held("a"); held {
		t.Error("on hold, and not on disk")
	}
	s.write = write
	if _, err := s.Seal("a", parts); err != nil {
		t.Error(err)
	}
}

func TestThePlaintextIsCleared(t *testing.T) {
	_, recipients := sealedTo(t)
	for _, size := range []int{1000, MaxFile + 1} {
		buffer := bytes.Repeat([]byte("x"), size+10)
		_, err := seal(buffer[:size], recipients)
		if errors.Is(err, ErrTooLarge) != (size > MaxFile) {
			t.Errorf("%d bytes: %v", size, err)
		}
		if bytes.Contains(buffer, []byte("x")) {
			t.Errorf("%d bytes: not cleared", size)
		}
	}
}

// Whatever parts say, the document says it, in one buffer; and whatever a document
// says, reading it does no harm.
func FuzzDocument(f *testing.F) {
	f.Add("still", "image/jpeg", "", []byte{0, 1, 2})
	f.Add("chat \" \\", "text/plain", "\x00\x1f\x7f\u2028</script>\xff\xed\xa0\x80🙂", []byte(nil))
	f.Add("", "", "x", []byte(`{"version":1,"case":"c","at":"2026-11-29T07:43:44Z","parts":[{"data":"AA=="}]}`))
	at := time.Date(2026, time.November, 29, 7, 43, 44, 0, time.UTC)
	f.Fuzz(func(t *testing.T, name, mimeType, text string, data []byte) {
		in := Document{Version: version, Case: "c", At: at, Parts: []Part{{Name: name, Type: mimeType, Text: text}, {Name: name, Type: mimeType, Data: data}}}
		encoded := in.encode()
		if again := in.encode(); !bytes.Equal(encoded, again) {
			t.Fatal("not the same again")
		}
		if room := in.room(); len(encoded) > room {
			t.Fatalf("%d bytes, room for %d: the buffer has moved", len(encoded), room)
		}
		out, err := decode(encoded)
		if err != nil {
			t.Fatalf("%v: %s", err, encoded)
		}
		valid := func(s string) string { return string([]rune(s)) }
		for i, p := range out.Parts {
			want := in.Parts[i]
			if p.Name != valid(want.Name) || p.Type != valid(want.Type) || p.Text != valid(want.Text) || !bytes.Equal(p.Data, want.Data) || !p.At.Equal(at) {
				t.Fatalf("%+v, want %+v", p, want)
			}
		}
		if d, err := decode(data); err == nil && d.Version != version || err != nil && !strings.HasPrefix(err.Error(), "evidence: ") {
			t.Fatalf("%+v, %v", d, err)
		}
	})
}
