package ban_test

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ban"
)

func TestCopy(t *testing.T) {
	f := open(t)
	f.add(t, "203.0.113.1", time.Hour)
	f.rotate(t, ban.Key{2})
	copied, keys, err := f.Copy()
	if err != nil {
		t.Fatal(err)
	}
	defer copied.Close()
	if !slices.Equal(keys, ban.Keys{{2}, testKeys[0]}) {
		t.Errorf("%d keys, want 2, the current first", len(keys))
	}
	if left, err := os.ReadDir(filepath.Dir(f.path)); err != nil || len(left) != 1 {
		t.Errorf("beside the store: %v, %v; want nothing", left, err)
	}
	f.add(t, "203.0.113.2", time.Hour) // comes too late
	path := filepath.Join(t.TempDir(), "copy.db")
	content, err := io.ReadAll(copied)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	store, err := ban.Open(path, keys, &ban.Options{Now: f.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if store.Len() != 1 {
		t.Errorf("the copy has %d bans, want 1", store.Len())
	}
	f.Close()
	if _, _, err := f.Copy(); err == nil {
		t.Error("a closed store was copied")
	}
}
