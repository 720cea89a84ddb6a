package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/moderate/audit"
	"github.com/joingyd/joingyd/moderate/ncmec"
)

// warnsOf reports whether a daemon has warned of something.
func warnsOf(d *daemon, text string) (times int) {
	for _, w := range d.warnings.last() {
		if strings.Contains(w.Text, text) {
			times += w.Times
		}
	}
	return times
}

// What concerns somebody under 18 is held when it is decided, over restarts: it can be
// looked at and reported to NCMEC until the hold is over or ended.
func TestMinorsEvidenceIsHeld(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	settings := func(c *config.Config) {
		c.DataDir, c.Moderation.Recipients = dir, []string{key.Recipient().String()}
	}
	identity := filepath.Join(t.TempDir(), "moderator.key")
	if err := os.WriteFile(identity, []byte(key.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	sealed := func() (list []string) {
		t.Helper()
		list, err := filepath.Glob(filepath.Join(dir, evidenceDir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	d, stop := startDaemonToStop(t, settings)
	k := reportedFor(t, d, "minor")
	if text := command(t, d, "reports", "decide", k.ID, "ban", "--force", "--reason", "No."); !strings.Contains(text, "\nits evidence is held until 20") {
		t.Errorf("decide:\n%s", text)
	}
	stop()

	d, stop = startDaemonToStop(t, settings)
	if text := command(t, d, "reports", "list", "--held"); !strings.Contains(text, k.ID+"  report  urgent ") || !strings.Contains(text, ", held until 20") {
		t.Errorf("list --held:\n%s", text)
	}
	if got := complete(t, "reports", "release", "--socket", d.adminPath, ""); len(got) != 1 || !strings.HasPrefix(got[0], k.ID+"\turgent, minor, ") {
		t.Errorf("release offers %q", got)
	}
	if text := command(t, d, "reports", "show", k.ID); !strings.Contains(text, "\nheld      until 20") || !strings.Contains(text, " by auto:minor, ") {
		t.Errorf("show:\n%s", text)
	}
	if text := command(t, d, "reports", "list", "--address", "127.0.0.3"); !strings.HasSuffix(text, "\n1 case\n") || strings.Contains(text, "127.0.0.3") {
		t.Errorf("list --address:\n%s", text)
	}
	if text := command(t, d, "reports", "list", "--address", "127.0.0.2"); text != "no case is kept about them\n" {
		t.Errorf("list --address of the reporter: %s", text)
	}
	if text := command(t, d, "evidence", "open", k.ID, "--identity", identity); !strings.Contains(text, "heliotrope ·[31m red\n") {
		t.Errorf("evidence open:\n%s", text)
	}
	out := filepath.Join(t.TempDir(), "tip")
	command(t, d, "reports", "ncmec", k.ID, "--identity", identity, "--out", out, "--type", string(ncmec.OnlineEnticement), "--first-name", "Ann", "--last-name", "Roe", "--email", "ann@example.org")
	if text := command(t, d, "reports", "release", k.ID, "--reason", "a mistake"); text != "case "+k.ID+" is not held any more; its evidence is deleted\n" || len(sealed()) > 0 {
		t.Errorf("release: %s, %q is left", text, sealed())
	}
	if _, text := output(t, "audit", "list", "--data-dir", dir); !strings.Contains(text, "  report.release  "+k.ID+"  reason=a mistake\n") || !strings.Contains(text, " gravity=urgent held=20") {
		t.Errorf("the audit log:\n%s", text)
	}
	// A release that a crash cut short leaves the hold of a case that is not held.
	hold, leftover := filepath.Join(dir, evidenceDir, k.ID+".hold"), filepath.Join(dir, evidenceDir, k.ID+".20261129T120000Z.aaaaaaaaaaaaaaaa.age")
	if err := errors.Join(os.WriteFile(hold, []byte(`{"until":"2036-01-01T00:00:00Z"}`), 0o600), os.WriteFile(leftover, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	stop()
	startDaemon(t, settings)
	if len(sealed()) > 0 {
		t.Errorf("%q is left", sealed())
	}
}

// Where moderators have no keys it is said that what is to be held will not last.
func TestAHoldInMemoryIsSaidNotToLast(t *testing.T) {
	dir := t.TempDir()
	settings := func(c *config.Config) { c.DataDir, c.Site.Contact = dir, "admin@example.org" }
	d, stop := startDaemonToStop(t, settings)
	const atStart, atHold, after = "moderation.recipients is empty", "is in memory only, and is lost", "was in memory only, and is lost"
	if warnsOf(d, atStart) != 1 || warnsOf(d, atHold)+warnsOf(d, after) != 0 {
		t.Errorf("at the start: %+v", d.warnings.last())
	}
	k := reportedFor(t, d, "minor")
	if text := command(t, d, "reports", "hold", k.ID, "--until", "2030-06-30", "--reason", "police"); text != "case "+k.ID+" is held until 2030-07-01T00:00:00Z\n" {
		t.Errorf("hold: %s", text)
	}
	command(t, d, "reports", "decide", k.ID, "end", "--reason", "No.")
	if warnsOf(d, atHold) != 1 {
		t.Errorf("after a hold: %+v", d.warnings.last())
	}
	if text := command(t, d, "evidence", "open", k.ID); !strings.Contains(text, "heliotrope") {
		t.Errorf("held in memory:\n%s", text)
	}
	stop()
	d = startDaemon(t, settings)
	if warnsOf(d, after) != 1 {
		t.Errorf("after a restart: %+v", d.warnings.last())
	}
	for args, want := range map[string]string{
		"reports hold " + k.ID + " --until soon --reason x":                `--until is "soon"; write a day`,
		"reports hold " + k.ID + " --until 2031-01-01 --for 9d --reason x": "leave out one",
		"reports hold " + k.ID: "reason: is missing",
		"reports list --held --session fvk7zq2m5xjd3thn6bwy4lcs2a":           "leave out --address and --session",
		"reports list --address 127.0.0.1 --limit 3":                         "leave out --limit",
		"reports list --address 127.0.0.1 --session fvk7zq2m5xjd3thn6bwy4lc": "one of them",
	} {
		if status, text := output(t, append(strings.Fields(args), "--socket", d.adminPath)...); status != exitUsage || !strings.Contains(text, want) {
			t.Errorf("%s: %d, %s; want %q", args, status, text, want)
		}
	}
}

// The audit log forgets months that are older than it is kept for, and verifies then.
func TestTheAuditLogForgets(t *testing.T) {
	dir := t.TempDir()
	var at time.Time
	log, err := audit.Open(filepath.Join(dir, auditDir), audit.Options{Now: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	for _, years := range []int{-4, -3, -1} {
		at = time.Now().AddDate(years, 0, 0)
		if _, err := log.Append(audit.Record{By: audit.User("ann"), Did: "report.decide", On: at.Format(time.DateOnly)}); err != nil {
			t.Fatal(err)
		}
	}
	newest := log.Head()
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	d := startDaemon(t, func(c *config.Config) { c.DataDir = dir })
	for range 2 {
		d.forget(time.Now())
	}
	if warnsOf(d, "kept for long enough") != 0 {
		t.Errorf("%+v", d.warnings.last())
	}
	report, err := audit.Verify(filepath.Join(dir, auditDir), []audit.Head{newest})
	if err != nil || report.Err() != nil || report.Proven != 1 {
		t.Errorf("%+v, %v, %v", report, report.Err(), err)
	}
	if _, text := output(t, "audit", "list", "--data-dir", dir); !strings.HasSuffix(text, "\n2 entries\n") || !strings.Contains(text, "  auto:retention  audit.forget ") {
		t.Errorf("the audit log:\n%s", text)
	}
}
