package main

import (
	"testing"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
)

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 12_345: "12,345", 1_000_000: "1,000,000"} {
		if got := thousands(n); got != want {
			t.Errorf("thousands(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestTotals(t *testing.T) {
	for _, tt := range []struct {
		shown, total, active int
		want                 string
	}{
		{0, 0, 0, "no bans"},
		{0, 0, 1000, "no bans match, of 1,000"},
		{1, 1, 1, "1 ban"},
		{3, 3, 3, "3 bans"},
		{1, 1, 3, "1 ban matches, of 3"},
		{3, 3, 1000, "3 bans match, of 1,000"},
		{100, 1_000_000, 1_000_000, "100 of 1,000,000 bans"},
		{100, 12_345, 1_000_000, "100 of 12,345 bans that match, of 1,000,000"},
	} {
		list := admin.BanList{Bans: make([]ban.Ban, tt.shown), Total: tt.total, Active: tt.active}
		if got := totals(list); got != tt.want {
			t.Errorf("%d, %d, %d: %q, want %q", tt.shown, tt.total, tt.active, got, tt.want)
		}
	}
}
