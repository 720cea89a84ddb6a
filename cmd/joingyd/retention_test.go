package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/match"
	"github.com/joingyd/joingyd/moderate"
	"github.com/joingyd/joingyd/moderate/watch"
)

// The page's table says what the program does.
func TestRetentionIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/moderation.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(page), "\n## What is kept, and for how long\n")
	if !found {
		t.Fatal("the section is missing")
	}
	settings := config.Default().Moderation
	days := func(d time.Duration) string { return fmt.Sprintf("%dd", d/(24*time.Hour)) }
	for what, long := range map[string]string{
		"the last lines of a chat": fmt.Sprintf("; %d lines, %d KiB", match.LinesKept, match.LinesKeptBytes>>10),
		"whom a report is about":   about(match.ReportsKept) + " at most",
		"a still that no rule":     about(watch.Lifetime) + " at most",
		"evidence |":               fmt.Sprintf("memory (%d MiB) or `%s/`, sealed | until its case is decided or expires, %s at most", evidenceMemory>>20, evidenceDir, days(moderate.WaitFor)),
		"evidence, where somebody": days(settings.Hold) + " after its case has ended (`moderation.hold`)",
		"a case: keyed hashes":     fmt.Sprintf("`%s` | %s after", caseFile, days(moderate.KeepFor)),
		"how good a reporter":      fmt.Sprintf("`%s` | %s after", caseFile, days(moderate.KeepFor)),
		"the audit log":            fmt.Sprintf("`%s/` | %dd (`moderation.audit_days`)", auditDir, settings.AuditDays),
		"hashes of known images":   "`" + knownImagesFile + "`",
		"a ban, and that there":    fmt.Sprintf("`%s` | until it ends, and %s", banStoreFile, days(ban.HistoryFor)),
	} {
		if !strings.Contains(table, "\n| "+what) {
			t.Errorf("no row begins with %q", what)
			continue
		}
		if row, _, _ := strings.Cut(table[strings.Index(table, "\n| "+what)+1:], "\n"); !strings.Contains(row, long) {
			t.Errorf("%s\ndoes not say %q", row, long)
		}
	}
	if settings.Hold != moderate.HoldFor {
		t.Errorf("moderation.hold is %s, and the store's default %s", settings.Hold, moderate.HoldFor)
	}
}
