package ban_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/joingyd/joingyd/ban"
)

// writeSchema1 makes a file as the first schema had it, of the key of testKeys:
// 203.0.113.7 and the prefix 198.51.100.0/24 are banned, 2001:db8::/64 was.
func writeSchema1(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "joingyd.db")
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	f := open(t) // to learn the tags
	tagOf := func(addr string) string {
		text := f.Pseudonym(netip.MustParseAddr(addr)).String()
		return text[len(text)-32:]
	}
	mac := hmac.New(sha256.New, testKeys[0][:])
	mac.Write([]byte("joingyd ban key"))
	if err := db.Update(func(tx *bbolt.Tx) error {
		buckets := map[string]*bbolt.Bucket{}
		for _, name := range []string{"bans/meta", "bans/active", "bans/history"} {
			if buckets[name], err = tx.CreateBucket([]byte(name)); err != nil {
				return err
			}
		}
		at := binary.BigEndian.AppendUint64(nil, uint64(noon.Add(-time.Hour).UnixNano()))
		return errors.Join(
			buckets["bans/meta"].Put([]byte("schema"), []byte("1")),
			buckets["bans/meta"].Put([]byte("key_id"), mac.Sum(nil)[:8]),
			buckets["bans/active"].Put([]byte("k3jq7xwe"), []byte(`{"ban":{"id":"k3jq7xwe","kind":"address","address":"203.0.113.7","reason":"spam","note":"ticket 17","by":"root","created":"2026-03-01T11:00:00Z","until":"2026-03-01T13:00:00.5Z"},"tag":"`+tagOf("203.0.113.7")+`"}`)),
			buckets["bans/active"].Put([]byte("zzzzzzzz"), []byte(`{"ban":{"id":"zzzzzzzz","kind":"prefix","prefix":"198.51.100.0/24","reason":"","note":"","by":"alice","created":"2026-03-01T10:00:00Z","until":null}}`)),
			buckets["bans/history"].Put(append(at, "bbbbbbbb"...), []byte(`{"ban":{"id":"bbbbbbbb","kind":"net64","reason":"rude","note":"","by":"root","created":"2026-03-01T09:00:00Z","until":"2026-03-01T11:00:00Z"},"how":"expired","at":"2026-03-01T11:00:00Z","tag":"`+tagOf("2001:db8::1")+`"}`)),
		)
	}); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUpgradeFromSchema1(t *testing.T) {
	path := writeSchema1(t)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ban.Open(path, ban.Keys{{9}}, nil); !errors.Is(err, ban.ErrWrongKey) {
		t.Errorf("with another key: %v, want ErrWrongKey", err)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(after, before) {
		t.Error("a file that was refused has changed")
	}
	f := &fixture{clock: &clock{now: noon}, path: path, keys: testKeys}
	for range 2 { // as brought forward, and as read back
		f.reopen(t)
		list := f.list(t)
		if len(list) != 2 {
			t.Fatalf("bans %+v, want two", list)
		}
		for _, b := range list {
			switch b.ID.String() {
			case "k3jq7xwe":
				want := ban.Ban{ID: b.ID, Kind: ban.KindAddress, Scope: ban.ScopeAll, Address: "203.0.113.7", Reason: "spam", Note: "ticket 17", By: "root", Created: noon.Add(-time.Hour), Until: noon.Add(time.Hour + 500*time.Millisecond)}
				if b != want {
					t.Errorf("%+v, want %+v", b, want)
				}
			case "zzzzzzzz":
				if !b.Permanent() || b.Prefix.String() != "198.51.100.0/24" || b.By != "alice" {
					t.Errorf("%+v", b)
				}
			default:
				t.Errorf("a ban %+v from nowhere", b)
			}
		}
		for addr, want := range map[string]bool{"203.0.113.7": true, "198.51.100.9": true, "203.0.113.8": false, "2001:db8::1": false} {
			if f.banned(addr) != want {
				t.Errorf("%s: banned %v, want %v", addr, !want, want)
			}
		}
		if n, err := f.Offences([]ban.Target{parse(t, "2001:db8::9")}); err != nil || n != 1 {
			t.Errorf("Offences = %d, %v; want that of the history", n, err)
		}
		if r, err := f.Verify(); err != nil || len(r.Problems) != 0 || r.Bans != 2 || r.History != 1 {
			t.Errorf("Verify = %+v, %v", r, err)
		}
	}
	made := f.add(t, "203.0.113.7", time.Minute)
	if list := f.list(t); len(list) != 2 || made.ID.String() == "k3jq7xwe" {
		t.Errorf("bans %+v after one was replaced", list)
	}
	f.Close()
}
