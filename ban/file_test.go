package ban_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/joingyd/joingyd/ban"
)

// edit changes the closed store's file behind its back.
func (f *fixture) edit(t *testing.T, change func(*bbolt.Tx) error) {
	t.Helper()
	f.Close()
	db, err := bbolt.Open(f.path, 0o600, &bbolt.Options{Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Update(change); err != nil {
		t.Fatal(err)
	}
}

func TestOpenLocked(t *testing.T) {
	t.Parallel()
	f := open(t)
	start := time.Now()
	_, err := ban.Open(f.path, testKey, nil)
	if !errors.Is(err, ban.ErrLocked) {
		t.Errorf("error %v, want ErrLocked", err)
	}
	if took := time.Since(start); took > 4*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestOpenWithAnotherKey(t *testing.T) {
	f := open(t)
	f.Close()
	if _, err := ban.Open(f.path, ban.Key{9}, nil); !errors.Is(err, ban.ErrWrongKey) {
		t.Errorf("error %v, want ErrWrongKey", err)
	}
	f.reopen(t) // the refused open has left the file free
}

func TestOpenNewerSchema(t *testing.T) {
	f := open(t)
	f.edit(t, func(tx *bbolt.Tx) error { return tx.Bucket([]byte("bans/meta")).Put([]byte("schema"), []byte("2")) })
	if _, err := ban.Open(f.path, testKey, nil); !errors.Is(err, ban.ErrNewerSchema) {
		t.Errorf("error %v, want ErrNewerSchema", err)
	}
}

func TestOpenDamagedRecord(t *testing.T) {
	const good = `{"ban":{"id":"aaaaaaaa","kind":"address","created":"2026-01-01T00:00:00Z","until":null},"tag":"00112233445566778899aabbccddeeff"}`
	tests := []struct{ name, record, want string }{
		{"not JSON", `{"ban":`, "unexpected end"},
		{"null", `null`, `holds the ban ""`},
		{"another ID", strings.Replace(good, "aaaaaaaa", "aaaaaaab", 1), `holds the ban "aaaaaaab"`},
		{"short tag", strings.Replace(good, "0011", "", 1), "tag has the wrong length"},
		{"not hex", strings.Replace(good, "0011", "zz11", 1), "invalid byte"},
		{"no tag", strings.Replace(good, `,"tag":"00112233445566778899aabbccddeeff"`, "", 1), "tag does not fit"},
		{"unknown kind", strings.Replace(good, "address", "country", 1), `unknown kind "country"`},
		{"prefix without prefix", strings.Replace(good, "address", "prefix", 1), "prefix"},
		{"bad time", strings.Replace(good, "null", `"soon"`, 1), "soon"},
		{"host bits", `{"ban":{"id":"aaaaaaaa","kind":"prefix","prefix":"10.0.0.1/8","created":"2026-01-01T00:00:00Z"}}`, "prefix"},
		{"same target", good, "another record has the same target"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := open(t)
			f.edit(t, func(tx *bbolt.Tx) error {
				if tt.name == "same target" {
					twin := []byte(strings.Replace(good, "aaaaaaaa", "22222222", 1))
					if err := tx.Bucket([]byte("bans/active")).Put([]byte("22222222"), twin); err != nil {
						return err
					}
				}
				return tx.Bucket([]byte("bans/active")).Put([]byte("aaaaaaaa"), []byte(tt.record))
			})
			_, err := ban.Open(f.path, testKey, nil)
			if !errors.Is(err, ban.ErrCorrupt) || !strings.Contains(err.Error(), `record "aaaaaaaa"`) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want ErrCorrupt that names record aaaaaaaa and says %q", err, tt.want)
			}
		})
	}
}

func TestOpenMissingBucket(t *testing.T) {
	f := open(t)
	f.edit(t, func(tx *bbolt.Tx) error { return tx.DeleteBucket([]byte("bans/history")) })
	if _, err := ban.Open(f.path, testKey, nil); !errors.Is(err, ban.ErrCorrupt) {
		t.Errorf("error %v, want ErrCorrupt", err)
	}
}

func TestOpenDamagedFile(t *testing.T) {
	f := open(t)
	f.add(t, "203.0.113.0/24", 0)
	f.Close()
	good, err := os.ReadFile(f.path)
	if err != nil {
		t.Fatal(err)
	}
	page := os.Getpagesize()
	noise := bytes.Repeat([]byte{0xff}, page)
	for name, content := range map[string][]byte{
		"text":        []byte(strings.Repeat("not a database\n", page)),
		"no meta":     append(bytes.Repeat(noise, 2), good[2*page:]...),
		"other pages": append(good[:2*page:2*page], bytes.Repeat(noise, len(good)/page-2)...),
	} {
		path := filepath.Join(t.TempDir(), "joingyd.db")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ban.Open(path, testKey, nil); !errors.Is(err, ban.ErrCorrupt) {
			t.Errorf("%s: error %v, want ErrCorrupt", name, err)
		}
	}
}

func TestBanJSON(t *testing.T) {
	f := open(t)
	for target, want := range map[string]string{
		"203.0.113.0/24": `"kind":"prefix","prefix":"203.0.113.0/24","reason":"spam","note":"","by":"root","created":"2026-03-01T12:00:00Z","until":"2026-03-01T13:00:00Z"}`,
		"203.0.113.7":    `"kind":"address","reason":"spam","note":"","by":"root","created":"2026-03-01T12:00:00Z","until":null}`,
	} {
		duration := time.Hour
		if strings.HasSuffix(want, "null}") {
			duration = 0
		}
		made := f.add(t, target, duration)
		text, err := json.Marshal(made)
		if err != nil || !strings.HasSuffix(string(text), want) || !strings.HasPrefix(string(text), `{"id":"`+made.ID+`"`) {
			t.Errorf("JSON of the ban on %s = %s, %v; want …%s", target, text, err, want)
		}
		var back ban.Ban
		if err := json.Unmarshal(text, &back); err != nil || back != made {
			t.Errorf("read back %+v, %v; want %+v", back, err, made)
		}
	}
}
