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
	_, err := ban.Open(f.path, testKeys, nil)
	if !errors.Is(err, ban.ErrLocked) {
		t.Errorf("error %v, want ErrLocked", err)
	}
	if took := time.Since(start); took > 4*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestOpenWithAnotherKey(t *testing.T) {
	f := open(t)
	f.add(t, "203.0.113.7", 0)
	f.Close()
	if _, err := ban.Open(f.path, ban.Keys{{9}}, nil); !errors.Is(err, ban.ErrWrongKey) {
		t.Errorf("error %v, want ErrWrongKey", err)
	}
	f.reopen(t) // the refused open has left the file free
}

func TestOpenNewerSchema(t *testing.T) {
	f := open(t)
	f.edit(t, func(tx *bbolt.Tx) error { return tx.Bucket([]byte("bans/meta")).Put([]byte("schema"), []byte("3")) })
	if _, err := ban.Open(f.path, testKeys, nil); !errors.Is(err, ban.ErrNewerSchema) {
		t.Errorf("error %v, want ErrNewerSchema", err)
	}
}

func TestOpenDamagedRecord(t *testing.T) {
	tests := []struct {
		name, want string
		damage     func(active *bbolt.Bucket, key, value []byte) error
	}{
		{"a bit", "checksum", func(active *bbolt.Bucket, key, value []byte) error {
			value[len(value)/2] ^= 4
			return active.Put(key, value)
		}},
		{"cut off", "checksum", func(active *bbolt.Bucket, key, value []byte) error { return active.Put(key, value[:9]) }},
		{"empty", "checksum", func(active *bbolt.Bucket, key, _ []byte) error { return active.Put(key, nil) }},
		{"under another ID", "checksum", func(active *bbolt.Bucket, key, value []byte) error {
			return errors.Join(active.Delete(key), active.Put([]byte{0, 0, 0, 1, 0}, value))
		}},
		{"missing", "holds 1 bans and should hold 2", func(active *bbolt.Bucket, key, _ []byte) error { return active.Delete(key) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := open(t)
			f.add(t, "203.0.113.7", 0)
			f.add(t, "203.0.113.0/24", time.Hour)
			f.edit(t, func(tx *bbolt.Tx) error {
				active := tx.Bucket([]byte("bans/active"))
				key, value := active.Cursor().First()
				return tt.damage(active, bytes.Clone(key), bytes.Clone(value))
			})
			_, err := ban.Open(f.path, testKeys, nil)
			if !errors.Is(err, ban.ErrCorrupt) || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), f.path) {
				t.Errorf("error %v, want ErrCorrupt that names the file and says %q", err, tt.want)
			}
		})
	}
}

func TestOpenMissingBucket(t *testing.T) {
	f := open(t)
	f.edit(t, func(tx *bbolt.Tx) error { return tx.DeleteBucket([]byte("bans/history")) })
	if _, err := ban.Open(f.path, testKeys, nil); !errors.Is(err, ban.ErrCorrupt) {
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
		if _, err := ban.Open(path, testKeys, nil); !errors.Is(err, ban.ErrCorrupt) {
			t.Errorf("%s: error %v, want ErrCorrupt", name, err)
		}
	}
}

func TestBanJSON(t *testing.T) {
	f := open(t)
	for target, want := range map[string]string{
		"203.0.113.0/24": `"kind":"prefix","scope":"all","prefix":"203.0.113.0/24","reason":"spam","note":"","by":"root","created":"2026-03-01T12:00:00Z","until":"2026-03-01T13:00:00Z"}`,
		"203.0.113.7":    `"kind":"address","scope":"all","reason":"spam","note":"","by":"root","created":"2026-03-01T12:00:00Z","until":null}`,
	} {
		duration := time.Hour
		if strings.HasSuffix(want, "null}") {
			duration = 0
		}
		made := f.add(t, target, duration)
		text, err := json.Marshal(made)
		if err != nil || !strings.HasSuffix(string(text), want) || !strings.HasPrefix(string(text), `{"id":"`+made.ID.String()+`"`) {
			t.Errorf("JSON of the ban on %s = %s, %v; want …%s", target, text, err, want)
		}
		var back ban.Ban
		if err := json.Unmarshal(text, &back); err != nil || back != made {
			t.Errorf("read back %+v, %v; want %+v", back, err, made)
		}
	}
}
