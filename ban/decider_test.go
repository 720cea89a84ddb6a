package ban_test

import (
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/ban"
)

// Who decided is told from the index, after the store was opened anew too; what people
// write does not change it.
func TestDecider(t *testing.T) {
	path, keys := filepath.Join(t.TempDir(), "bans.db"), ban.Keys{{1}}
	s, err := ban.Open(path, keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		target string
		entry  ban.Entry
		want   string
	}{
		{"192.0.2.1", ban.Entry{By: "alice"}, "person"},
		{"192.0.2.2", ban.Entry{By: "auto:filter"}, "rule"},
		{"192.0.2.3", ban.Entry{By: "alice", Imported: true}, "list"},
		{"198.51.100.0/24", ban.Entry{By: "auto:filter", Imported: true}, "list"},
		{"192.0.2.5", ban.Entry{By: "alice", Note: `"by":"auto:x","imported":true`, Reason: `"by":"auto:x"`}, "person"},
		{"192.0.2.6", ban.Entry{}, "person"},
	}
	for i := range tests {
		tt := &tests[i]
		if tt.entry.Target, err = ban.ParseTarget(tt.target); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Add(tt.entry); err != nil {
			t.Fatal(err)
		}
	}
	check := func() {
		t.Helper()
		for _, tt := range tests {
			addr := netip.MustParseAddr(strings.TrimSuffix(tt.target, "/24"))
			if v, banned := s.Check(addr, ban.UseSite); !banned || v.By.String() != tt.want {
				t.Errorf("%s: %v, %v, want %s", tt.target, v.By, banned, tt.want)
			}
		}
		for b, err := range s.Active() {
			if err != nil {
				t.Fatal(err)
			}
			if b.Imported != (b.Decider() == ban.ByList) {
				t.Errorf("%v is said to be by a %v", b, b.Decider())
			}
		}
	}
	check()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = ban.Open(path, keys, nil); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	check()
}
