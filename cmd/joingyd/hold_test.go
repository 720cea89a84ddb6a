package main

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/iplog"
)

// One number holds the rows and the cases of an address, also those to come, over a
// restart.
func TestHold(t *testing.T) {
	operator, _ := keyFile(t)
	dir := t.TempDir()
	settings := func(c *config.Config) {
		c.DataDir, c.Privacy.Recipients, c.Moderation.Recipients = dir, []string{operator}, []string{operator}
	}
	d, stop := startDaemonToStop(t, settings)
	k := reportedFor(t, d, "spam")
	text := command(t, d, "hold", "--address", "127.0.0.3", "--for", "90d", "--reference", "26-1402")
	if !strings.HasPrefix(text, "hold ") || !strings.HasSuffix(text, ": rows of the IP log, those to come too; cases: 1\n") {
		t.Errorf("hold: %s", text)
	}
	id := strings.Fields(text)[1]
	if text := command(t, d, "hold", "list"); !strings.Contains(text, id+"  an address  ") || !strings.Contains(text, "  yes   1      26-1402    held\n") {
		t.Errorf("list:\n%s", text)
	}
	noAddress(t, filepath.Join(dir, legalHoldDir), "26-1402")
	command(t, d, "reports", "decide", k.ID, "dismiss", "--reason", "Nothing.")
	if len(d.evidence.sealed.List(k.ID)) == 0 {
		t.Error("the evidence of a held case is gone")
	}
	stop()

	d = startDaemon(t, settings)
	a := newCaller(t, d, "127.0.0.3")
	a.conn.Close(websocket.StatusNormalClosure, "")
	query := iplog.Query{Address: netip.MustParseAddr("127.0.0.3")}
	rows, err := d.iplog.Find(query)
	if err != nil || len(rows) < 3 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if _, held, err := d.iplog.Erase(query); err != nil || held < len(rows) {
		t.Errorf("%d rows, of which an erasure left %d, %v", len(rows), held, err)
	}
	d.forget(time.Now())
	for args, want := range map[string]string{
		"hold --address 127.0.0.3": "the reference is missing",
		"hold --reference x":       "one of them",
		"hold --address 127.0.0.3 --reference x --until 2020-01-01":          "has passed",
		"hold --address 127.0.0.3 --reference x --until 2031-01-01 --for 9d": "leave out one",
		"hold --address 127.0.0.3 --reference x --for soon":                  "is not a time that a hold can last",
		"hold release aaaaaaaa --reason x":                                   "there is no such hold",
		"hold release " + id:                                                 "reason: is missing",
		"hold --session ../../etc --reference x":                             "is not a session",
	} {
		if status, text := output(t, append(strings.Fields(args), "--socket", d.adminPath)...); status == exitDone || !strings.Contains(text, want) {
			t.Errorf("%s: %d, %s; want %q", args, status, text, want)
		}
	}
	if text := command(t, d, "hold", "release", id, "--reason", "enough"); text != "hold "+id+" has ended\n" {
		t.Errorf("release: %s", text)
	}
	if len(d.evidence.sealed.List(k.ID)) > 0 || len(d.iplog.Holds()) > 0 {
		t.Errorf("kept after the release: %v, %v", d.evidence.sealed.List(k.ID), d.iplog.Holds())
	}
	_, text = output(t, "audit", "list", "--data-dir", dir)
	if !strings.Contains(text, "  hold.make  ") || !strings.Contains(text, "  hold.release  ") || strings.Contains(text, "127.0.0") {
		t.Errorf("the audit log:\n%s", text)
	}
}

// noAddress fails if a register has no file with the reference, or one with an address.
func noAddress(t *testing.T, dir, reference string) {
	t.Helper()
	found := false
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		found = found || strings.Contains(string(data), reference)
		if strings.Contains(string(data), "127.0.0") {
			t.Errorf("%s has an address: %s", entry.Name(), data)
		}
	}
	if !found {
		t.Errorf("no file in %s tells of %s", dir, reference)
	}
}

// Without an IP log a hold keeps cases, and says so.
func TestHoldWithoutALog(t *testing.T) {
	d := startDaemon(t, nil)
	if status, text := output(t, "hold", "--address", "127.0.0.3", "--reference", "x", "--socket", d.adminPath); status == exitDone || !strings.Contains(text, "nothing to hold") {
		t.Errorf("%d, %s", status, text)
	}
	k := reportedFor(t, d, "spam")
	if text := command(t, d, "hold", "--session", sessionAbout(t, d, k.ID), "--reference", "x"); !strings.Contains(text, ": cases: 1\nthere is no IP log") {
		t.Errorf("%s", text)
	}
}
