package ban_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ban"
)

// FuzzDamagedFile alters bytes of a file: it opens with every ban as it was, or
// is refused.
func FuzzDamagedFile(f *testing.F) {
	made := open(f)
	for i := range 60 {
		made.add(f, fmt.Sprintf("10.0.0.%d", i), time.Duration(i%3)*time.Hour)
		made.add(f, fmt.Sprintf("10.%d.0.0/16", i+1), time.Minute)
	}
	made.Advance(30 * time.Minute)
	if err := made.Sweep(); err != nil {
		f.Fatal(err)
	}
	if _, err := made.Allow(parse(f, "10.9.9.9"), "", "root"); err != nil {
		f.Fatal(err)
	}
	want := fmt.Sprint(made.list(f))
	made.Close()
	good, err := os.ReadFile(made.path)
	if err != nil {
		f.Fatal(err)
	}
	for at := 0; at < 64<<10; at += 509 { // what lies behind is not in use yet
		f.Add(uint32(at), byte(1<<(at%8)), uint32(0), byte(0))
	}
	path := filepath.Join(f.TempDir(), "joingyd.db")
	f.Fuzz(func(t *testing.T, at uint32, flip byte, at2 uint32, flip2 byte) {
		damaged := append([]byte(nil), good...)
		damaged[int(at)%len(good)] ^= flip
		damaged[int(at2)%len(good)] ^= flip2
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		store, err := ban.Open(path, testKeys, &ban.Options{Now: made.Now})
		if err != nil {
			if !errors.Is(err, ban.ErrCorrupt) && !errors.Is(err, ban.ErrNewerSchema) && !errors.Is(err, ban.ErrWrongKey) {
				t.Errorf("refused with %v", err)
			}
			return
		}
		defer store.Close()
		got := &fixture{Store: store, clock: made.clock}
		if list := fmt.Sprint(got.list(t)); list != want {
			t.Errorf("opened with\n%s\nand not\n%s", list, want)
		}
		if allowed, err := store.Allowed(); err != nil || len(allowed) != 1 {
			t.Errorf("the allowlist is %v, %v", allowed, err)
		}
		if !got.banned("10.0.0.3") || got.banned("10.9.9.9") || !got.banned("10.0.0.4") {
			t.Error("a verdict is wrong")
		}
	})
}
