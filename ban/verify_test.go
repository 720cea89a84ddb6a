package ban_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/joingyd/joingyd/ban"
)

func TestCopyWhileBansAreMade(t *testing.T) {
	f := open(t)
	f.add(t, "203.0.113.7", 0)
	f.add(t, "203.0.113.8", time.Minute)
	f.Advance(time.Hour)
	if err := f.Sweep(); err != nil {
		t.Fatal(err)
	}
	var writer sync.WaitGroup
	stop := make(chan struct{})
	writer.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				f.add(t, fmt.Sprintf("10.0.%d.%d", i>>8&255, i&255), 0)
			}
		}
	})
	for n := range 5 {
		path := filepath.Join(t.TempDir(), "copy.db")
		copied, keys, err := f.Copy()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(copied)
		if err = errors.Join(err, copied.Close(), os.WriteFile(path, content, 0o600)); err != nil {
			t.Fatal(err)
		}
		r, err := ban.VerifyFile(path, keys)
		if err != nil || len(r.Problems) != 0 || r.Bans < 1 || r.History != 1 || r.Schema != 2 || r.Bytes != int64(len(content)) {
			t.Fatalf("copy %d: %+v, %v", n, r, err)
		}
		if r, err := f.Verify(); err != nil || len(r.Problems) != 0 {
			t.Fatalf("Verify: %+v, %v", r, err)
		}
	}
	close(stop)
	writer.Wait()
	if left, _ := filepath.Glob(f.path + ".*"); len(left) > 0 {
		t.Errorf("Verify has left %v", left)
	}
}

func TestVerifyFile(t *testing.T) {
	f := open(t)
	f.add(t, "203.0.113.7", time.Hour)
	f.add(t, "203.0.113.0/24", 0)
	if _, err := f.Allow(parse(t, "203.0.113.9"), "", "root"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if r, err := ban.VerifyFile(f.path, testKeys); err != nil || len(r.Problems) > 0 || r.Bans != 2 || r.Allowed != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	if _, err := ban.VerifyFile(f.path, ban.Keys{{9}}); !errors.Is(err, ban.ErrWrongKey) {
		t.Errorf("another key: %v, want ErrWrongKey", err)
	}
	spoil := func(bucket string) func(*bbolt.Tx) error {
		return func(tx *bbolt.Tx) error {
			key, value := tx.Bucket([]byte(bucket)).Cursor().First()
			value = bytes.Clone(value)
			value[len(value)/2] ^= 1
			return tx.Bucket([]byte(bucket)).Put(bytes.Clone(key), value)
		}
	}
	good, err := os.ReadFile(f.path)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		damage func(*bbolt.Tx) error
		want   string
	}{
		"a ban":       {spoil("bans/active"), "checksum"},
		"the allowed": {spoil("bans/allowed"), "checksum"},
		"an end is gone": {func(tx *bbolt.Tx) error {
			key, _ := tx.Bucket([]byte("bans/ends")).Cursor().First()
			return tx.Bucket([]byte("bans/ends")).Delete(key)
		}, "its end is not noted"},
		"a ban is gone": {func(tx *bbolt.Tx) error {
			key, _ := tx.Bucket([]byte("bans/active")).Cursor().Last()
			return tx.Bucket([]byte("bans/active")).Delete(key)
		}, "should be 2"},
	} {
		f.edit(t, tt.damage)
		r, err := ban.VerifyFile(f.path, testKeys)
		if found := fmt.Sprint(r.Problems, err); !strings.Contains(found, tt.want) {
			t.Errorf("%s: %+v, %v; want %q", name, r, err, tt.want)
		}
		if err := os.WriteFile(f.path, good, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
