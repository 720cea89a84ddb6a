package main

import (
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"

	"github.com/joingyd/joingyd/config"
)

// On a full disk a report is refused whole, and decided is nothing; when there is room
// again, both work.
func TestReportsOnAFullDisk(t *testing.T) {
	disk := mountDisk(t, `mount -t tmpfs -o size=8m,mode=700 none "$1"`)
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	dir := disk.path("data")
	d := startDaemon(t, func(c *config.Config) {
		c.DataDir, c.Moderation.Recipients = dir, []string{key.Recipient().String()}
		c.Admin.Socket = filepath.Join(t.TempDir(), "admin.sock")
	})
	a, b := newCaller(t, d, "127.0.0.2"), newCaller(t, d, "127.0.0.3")
	meet(t, a, b, "text")
	report := map[string]any{"type": "report", "pair": a.pair, "reason": "harassment", "note": "a note"}
	disk.fill("filler")
	a.sendJSON(report)
	if got := a.expect("error"); got.Code != "unavailable" {
		t.Errorf("a report on a full disk: %+v", got)
	}
	if n := d.cases.Waiting(); n != 0 {
		t.Errorf("%d cases wait", n)
	}
	free := func() {
		t.Helper()
		if err := os.Remove(disk.path("filler")); err != nil {
			t.Fatal(err)
		}
	}
	free()
	a.sendJSON(report)
	a.expect("reported")
	k := onlyCase(t, d)
	if files := d.evidence.sealed.Stats().Files; files != 1 || len(k.Evidence) != 1 {
		t.Errorf("%d files, case %+v", files, k)
	}

	disk.fill("filler")
	if status, text := output(t, "reports", "decide", k.ID, "end", "--reason", "Enough.", "--socket", d.adminPath); status != 1 {
		t.Errorf("decided on a full disk: %d, %s", status, text)
	}
	if len(d.hub.Reports()) != 1 || d.hub.Online() != 2 {
		t.Error("what could not be written down was done")
	}
	free()
	command(t, d, "reports", "decide", k.ID, "end", "--reason", "Enough.")
	if d.hub.Online() != 1 || d.cases.Waiting() != 0 {
		t.Errorf("%d online, %d cases wait", d.hub.Online(), d.cases.Waiting())
	}
}
