package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/coder/websocket"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/config"
)

// reportedChat lets one visitor report another for a line, and returns the case.
func reportedChat(t *testing.T, d *daemon) admin.Case {
	t.Helper()
	return reportedFor(t, d, "harassment")
}

func reportedFor(t *testing.T, d *daemon, reason string) admin.Case {
	t.Helper()
	a, b := newCaller(t, d, "127.0.0.2"), newCaller(t, d, "127.0.0.3")
	meet(t, a, b, "text")
	b.sendJSON(map[string]any{"type": "text", "pair": b.pair, "id": "1", "body": "heliotrope \x1b[31m red"})
	a.expect("text")
	a.sendJSON(map[string]any{"type": "report", "pair": a.pair, "reason": reason, "note": "look, heliotrope"})
	a.expect("reported")
	for _, c := range []*caller{a, b} { // a daemon that stops would wait for them
		c.conn.Close(websocket.StatusNormalClosure, "")
	}
	return onlyCase(t, d)
}

// output returns the exit status of a command and all that it printed.
func output(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var out bytes.Buffer
	status := execute(t.Context(), newRootCommand(), args, &out, &out)
	return int(status), out.String()
}

// What a report brings can be looked at until the case is decided, and whoever does is
// written down.
func TestEvidenceInMemory(t *testing.T) {
	d := startDaemon(t, nil)
	k := reportedChat(t, d)
	text := command(t, d, "evidence", "open", k.ID)
	if !strings.Contains(text, "addresses, ") || !strings.Contains(text, "  1; --addresses shows them\n") || strings.Contains(text, "127.0.0.3") {
		t.Errorf("without being asked for addresses:\n%s", text)
	}
	text = command(t, d, "evidence", "open", k.ID, "--addresses")
	for _, want := range []string{"chat, ", " reported  heliotrope ·[31m red\n", "note, ", "  look, heliotrope\n", "addresses, ", "  127.0.0.3\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "127.0.0.2") {
		t.Errorf("the reporter's address is shown:\n%s", text)
	}
	for path, content := range contents(t, d.cfg.DataDir) {
		if strings.Contains(content, "heliotrope") {
			t.Errorf("what was said is in %s", path)
		}
	}
	out := filepath.Join(t.TempDir(), "out")
	command(t, d, "evidence", "open", k.ID, "--out", out)
	if files, err := os.ReadDir(out); err != nil || len(files) != 3 {
		t.Errorf("%v, %v", files, err)
	}
	command(t, d, "reports", "decide", k.ID, "dismiss", "--reason", "A poem.")
	if text := command(t, d, "evidence", "open", k.ID); !strings.HasPrefix(text, "nothing is kept of this case") {
		t.Errorf("after the decision:\n%s", text)
	}

	_, text = output(t, "audit", "list", "--data-dir", d.cfg.DataDir)
	for _, want := range []string{"  evidence.open  " + k.ID, "  report.decide  " + k.ID + "  do=dismiss gravity=slight", "\n5 entries\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if _, text := output(t, "audit", "list", "--data-dir", d.cfg.DataDir, "--limit", "1"); !strings.HasSuffix(text, "\n1 of 5 entries\n") || strings.Contains(text, "decide") {
		t.Errorf("the last entry:\n%s", text)
	}
	if _, text := output(t, "audit", "verify", "--data-dir", d.cfg.DataDir); !strings.HasPrefix(text, "5 entries verify, and so do 0 exported heads\nhead 5 ") {
		t.Errorf("verify:\n%s", text)
	}
}

// With keys, the daemon keeps what it cannot read, over a restart; a decision ends it. A
// log that was written anew does not agree with the heads that were exported.
func TestEvidenceIsSealed(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	dir, heads := t.TempDir(), filepath.Join(t.TempDir(), "heads")
	settings := func(c *config.Config) {
		c.DataDir, c.Moderation.Recipients, c.Moderation.AuditHeads = dir, []string{key.Recipient().String()}, heads
	}
	identity := filepath.Join(t.TempDir(), "moderator.key")
	if err := os.WriteFile(identity, []byte(key.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d, stop := startDaemonToStop(t, settings)
	k := reportedChat(t, d)
	stop()
	for path, content := range contents(t, dir) {
		if strings.Contains(content, "heliotrope") || strings.Contains(content, "127.0.0.3") {
			t.Errorf("what is sealed is in clear in %s", path)
		}
	}

	d, stop = startDaemonToStop(t, settings)
	if text := command(t, d, "evidence", "open", k.ID, "--addresses", "--identity", identity); !strings.Contains(text, "heliotrope ·[31m red\n") || !strings.Contains(text, "  127.0.0.3\n") {
		t.Errorf("opened:\n%s", text)
	}
	status, text := output(t, "evidence", "open", k.ID, "--socket", d.adminPath)
	if status != 2 || !strings.Contains(text, "name the file with your private key with --identity") {
		t.Errorf("without a key: %d, %s", status, text)
	}
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(identity, []byte(other.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, text := output(t, "evidence", "open", k.ID, "--socket", d.adminPath, "--identity", identity); status != 1 || !strings.Contains(text, "none of the keys opens this file") {
		t.Errorf("with another key: %d, %s", status, text)
	}
	command(t, d, "reports", "decide", k.ID, "end", "--reason", "Enough.")
	if files, err := os.ReadDir(filepath.Join(dir, evidenceDir)); err != nil {
		t.Fatal(err)
	} else {
		for _, file := range files {
			if strings.HasSuffix(file.Name(), ".age") {
				t.Errorf("%s is still there", file.Name())
			}
		}
	}
	stop()

	verify := []string{"audit", "verify", "--data-dir", dir, "--heads", heads, "-o", "json"}
	var verdict auditVerdict
	status, text = output(t, verify...)
	if err := json.Unmarshal([]byte(text), &verdict); err != nil || status != 0 || verdict.Heads == 0 || verdict.Unproven != 0 {
		t.Errorf("verify: %d, %s", status, text)
	}
}
