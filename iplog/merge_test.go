package iplog_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/joingyd/joingyd/iplog"
)

// Holds of a backup come with their rows, those that there are stay, and days are nobody's.
func TestMergeHolds(t *testing.T) {
	there, backup := t.TempDir(), t.TempDir()
	at := time.Now()
	hold := func(dir, addr string) {
		t.Helper()
		l, err := iplog.Open(dir, iplog.Options{Days: 30, Seal: func(plain []byte) ([]byte, error) { return slices.Clone(plain), nil }})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		l.Add(iplog.Event{At: at, Kind: iplog.Came, Session: "s" + addr, Address: netip.AddrPortFrom(netip.MustParseAddr(addr), 1)})
		if _, err := l.Hold(iplog.Query{Address: netip.MustParseAddr(addr)}, at.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	hold(there, "203.0.113.1")
	hold(backup, "203.0.113.2")
	entries, err := os.ReadDir(backup)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries { // as a backup has it
		if !iplog.IsHeld(entry.Name()) {
			if err := os.Remove(filepath.Join(backup, entry.Name())); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 2 { // and again
		if err := iplog.MergeHolds(there, backup); err != nil {
			t.Fatal(err)
		}
	}
	l, err := iplog.Open(there, iplog.Options{Days: 30})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, addr := range []string{"203.0.113.1", "203.0.113.2"} {
		if n, err := l.Held(iplog.Query{Address: netip.MustParseAddr(addr)}); err != nil || n != 1 {
			t.Errorf("%s: %d rows on hold, %v", addr, n, err)
		}
	}
	for name, want := range map[string]bool{
		"holds.json": true, "held-0123456789abcdef.rows": true, "held-0123456789ABCDEF.rows": false, "held-01.rows": false,
		"2026-11-29.rows": false, "2026-11-29.key": false, "erase-0123456789abcdef.json": false, "held-..rows": false,
	} {
		if iplog.IsHeld(name) != want {
			t.Errorf("%s is on hold: %v", name, !want)
		}
	}
}
