package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/match"
	"github.com/joingyd/joingyd/moderate"
	"github.com/joingyd/joingyd/moderate/watch"
)

// The page's tables say what the program does.
func TestRetentionIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/privacy.md")
	if err != nil {
		t.Fatal(err)
	}
	cfg := config.Default()
	cfg.Privacy.Recipients = []string{"age1…"} // with a log of addresses
	for _, kept := range (&daemon{cfg: cfg}).retention() {
		if row := fmt.Sprintf("\n| `%s` | %s | `%s` | %s |\n", kept.store, kept.what, kept.where, kept.long); !strings.Contains(string(page), row) {
			t.Errorf("docs/privacy.md has no row%s", row)
		}
	}
	for what, long := range map[string]string{
		"the last lines of a chat": fmt.Sprintf("; %d lines, %d KiB", match.LinesKept, match.LinesKeptBytes>>10),
		"whom a report is about":   about(match.ReportsKept) + " at most",
		"a still that no rule":     about(watch.Lifetime) + " at most",
		"evidence, without":        fmt.Sprintf("%d MiB at most", evidenceMemory>>20),
	} {
		_, row, found := strings.Cut(string(page), "\n| "+what)
		if row, _, _ = strings.Cut(row, "\n"); !found || !strings.Contains(row, long) {
			t.Errorf("the row %q does not say %q: %s", what, long, row)
		}
	}
	if cfg.Moderation.Hold != moderate.HoldFor {
		t.Errorf("moderation.hold is %s, and the store's default %s", cfg.Moderation.Hold, moderate.HoldFor)
	}
}
