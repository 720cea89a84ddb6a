package ban_test

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ban"
)

func TestWasOn(t *testing.T) {
	f := open(t)
	targets := []string{"203.0.113.7", "203.0.113.8", "203.0.113.0/24", "2001:db8:1:2::/64", "2001:db8:1:2::7/128", "2001:db8:1::/48"}
	for _, target := range targets {
		f.add(t, target, time.Hour)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	// The bans end under a key that came later: they are found by the older one.
	store, err := ban.Open(f.path, ban.Keys{{9}, testKeys[0]}, &ban.Options{Now: f.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	f.Store = store
	f.add(t, "198.51.100.1", time.Hour)
	f.Advance(2 * time.Hour)
	if err := f.Sweep(); err != nil {
		t.Fatal(err)
	}
	ended := f.history(t)
	if len(ended) != len(targets)+1 {
		t.Fatalf("%d bans have ended, want %d", len(ended), len(targets)+1)
	}
	tests := []struct {
		target string
		want   []string
	}{
		{"203.0.113.7", []string{"203.0.113.7", "203.0.113.0/24"}},
		{"203.0.113.9", []string{"203.0.113.0/24"}},
		{"203.0.113.0/24", []string{"203.0.113.0/24"}},
		{"203.0.113.0/25", []string{"203.0.113.0/24"}},
		{"203.0.112.0/23", nil},
		{"2001:db8:1:2::9", []string{"2001:db8:1:2::/64", "2001:db8:1::/48"}},
		{"2001:db8:1:2::7/128", []string{"2001:db8:1:2::/64", "2001:db8:1:2::7/128", "2001:db8:1::/48"}},
		{"2001:db8:1:3::9", []string{"2001:db8:1::/48"}},
		{"198.51.100.1", []string{"198.51.100.1"}},
		{"198.51.100.2", nil},
	}
	for _, tt := range tests {
		wasOn := f.WasOn(parse(t, tt.target))
		var got []string
		for i, e := range ended {
			if wasOn(e) {
				got = append(got, append(targets, "198.51.100.1")[i])
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("bans that were on %s: %q, want %q", tt.target, got, tt.want)
		}
	}
	p := f.Pseudonym(parse(t, "198.51.100.1").Prefix().Addr())
	if n := slices.IndexFunc(ended, f.WasOn(ban.TargetOf(p))); n != len(targets) {
		t.Errorf("by its pseudonym 198.51.100.1 is number %d, want %d", n, len(targets))
	}
}

func TestSize(t *testing.T) {
	f := open(t)
	f.add(t, "203.0.113.7", time.Hour)
	info, err := os.Stat(f.path)
	if err != nil {
		t.Fatal(err)
	}
	if size, err := f.Size(); err != nil || size <= 0 || size > info.Size() {
		t.Errorf("Size = %d, %v; the file has %d bytes", size, err, info.Size())
	}
}
