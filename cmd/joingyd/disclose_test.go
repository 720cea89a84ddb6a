package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/coder/websocket"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/disclosure"
)

// keyFile makes a key of age's, and returns it and the file of its private half.
func keyFile(t *testing.T) (public, file string) {
	t.Helper()
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "private.key")
	if err := os.WriteFile(file, []byte(key.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return key.Recipient().String(), file
}

// sessionAbout returns the session that a case is about, which may have ended.
func sessionAbout(t *testing.T, d *daemon, id string) string {
	t.Helper()
	k, err := d.cases.Get(id)
	if err != nil {
		t.Fatal(err)
	}
	return k.Session
}

// A bundle has what was ordered and no more, and the authority alone can open it.
func TestDisclose(t *testing.T) {
	operator, operatorKey := keyFile(t)
	police, policeKey := keyFile(t)
	dir := t.TempDir()
	d := startDaemon(t, func(c *config.Config) { c.DataDir, c.Privacy.Recipients = dir, []string{operator} })
	k := reportedFor(t, d, "spam")
	session := sessionAbout(t, d, k.ID)
	command(t, d, "reports", "decide", k.ID, "ban", "--force", "--reason", "Advertising.")
	out := func(name string) string { return filepath.Join(dir, name) }
	to := time.Now().UTC().Truncate(time.Second)
	span := []string{"--from", to.Add(-time.Hour).Format(time.RFC3339), "--authority", "Police of Example", "--reference", "5 C 12/26", "--identity", operatorKey}
	disclose := func(args ...string) []string {
		return append(append([]string{"disclose", "--to", time.Now().UTC().Format(time.RFC3339Nano)}, span...), args...)
	}

	text := command(t, d, disclose("--session", session, "--recipient", police, "--out", out("a.age"))...)
	if !strings.Contains(text, ": 3 rows, 0 bans, 0 reports\nsigned with ") || !strings.Contains(text, "a.age, sealed\n") {
		t.Errorf("by session: %s", text)
	}
	sealed, err := os.ReadFile(out("a.age"))
	if err != nil || strings.Contains(string(sealed), "127.0.0.3") {
		t.Errorf("the bundle is not sealed: %v", err)
	}
	key := strings.TrimSpace(command(t, d, "disclose", "key"))
	status, text := output(t, "disclose", "verify", out("a.age"), "--identity", policeKey, "--key", key, "--text")
	if status != exitDone || !strings.Contains(text, "is whole, and signed with "+key+"\n") || strings.Count(text, " 127.0.0.3:") != 3 || strings.Contains(text, "127.0.0.2") || strings.Contains(text, "matched") {
		t.Errorf("verify: %d, %s", status, text)
	}
	text = command(t, d, disclose("--address", "127.0.0.3", "--include", "events,bans,reports", "--clear", "--out", out("b.tar"))...)
	if !strings.Contains(text, ": 3 rows, 1 ban, 1 report\n") || !strings.Contains(text, "b.tar, in clear\n") {
		t.Errorf("by address: %s", text)
	}
	if _, text = output(t, "disclose", "verify", out("b.tar"), "--text"); !strings.Contains(text, "matched in chat ") || !strings.Contains(text, `"Advertising."`) || !strings.Contains(text, "spam in case "+k.ID+", decided: ban") || strings.Contains(text, "127.0.0.2") {
		t.Errorf("with all: %s", text)
	}

	clear, err := os.ReadFile(out("b.tar"))
	if err != nil {
		t.Fatal(err)
	}
	clear[700] ^= 1
	for name, data := range map[string][]byte{"cut.age": sealed[:len(sealed)-40], "changed.tar": clear, "cut.tar": clear[:3000]} {
		if err := os.WriteFile(out(name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wrong := func(want string, args ...string) {
		t.Helper()
		if status, text := output(t, append(args, "--socket", d.adminPath)...); status == exitDone || !strings.Contains(text, want) {
			t.Errorf("%v: %d, %s; want %q", args, status, text, want)
		}
	}
	wrong("it was cut off or changed", "disclose", "verify", out("cut.age"), "--identity", policeKey)
	wrong("the bundle was changed", "disclose", "verify", out("changed.tar"))
	wrong("the bundle is cut off", "disclose", "verify", out("cut.tar"))
	wrong("none of the keys opens it", "disclose", "verify", out("a.age"), "--identity", operatorKey)
	wrong("name the file with the private key", "disclose", "verify", out("a.age"))
	wrong("not with --key", "disclose", "verify", out("b.tar"), "--key", strings.Repeat("0", 64))
	wrong("is there already", disclose("--session", session, "--clear", "--out", out("b.tar"))...)
	wrong("--clear", disclose("--session", session, "--out", out("c.tar"))...)
	wrong("--recipient: ", disclose("--session", session, "--recipient", "age1x", "--out", out("c.tar"))...)
	wrong(`--from is "Monday"`, disclose("--session", session, "--from", "Monday", "--clear", "--out", out("c.tar"))...)
	wrong("swap them", disclose("--session", session, "--from", "2026-11-20", "--to", "2026-11-19", "--clear", "--out", out("c.tar"))...)
	if _, err := os.Stat(out("c.tar")); !os.IsNotExist(err) {
		t.Errorf("a file is left of what was not made: %v", err)
	}
	if text := command(t, d, "disclose", "list"); !strings.Contains(text, "  an address                  Police of Example  5 C 12/26  made\n") || strings.Contains(text, "127.0.0.3") {
		t.Errorf("list:\n%s", text)
	}
	noAddress(t, filepath.Join(dir, disclosureDir), "5 C 12/26")
	if text := command(t, d, "transparency", "-o", "csv"); !strings.Contains(text, ",disclosures,order,2\n") {
		t.Errorf("figures:\n%s", text)
	}
	_, text = output(t, "audit", "list", "--data-dir", dir)
	if strings.Count(text, "  disclosure.ask  ") != 2 || strings.Count(text, "  disclosure.make  ") != 2 || !strings.Contains(text, "about=session "+session) || strings.Contains(text, "127.0.0") {
		t.Errorf("the audit log:\n%s", text)
	}
}

// In an emergency the daemon gives out nothing before somebody else says that it is one.
func TestEmergencyTakesTwo(t *testing.T) {
	operator, operatorKey := keyFile(t)
	dir := t.TempDir()
	settings := func(c *config.Config) { c.DataDir, c.Privacy.Recipients = dir, []string{operator} }
	d, stop := startDaemonToStop(t, settings)
	a := newCaller(t, d, "127.0.0.3")
	a.conn.Close(websocket.StatusNormalClosure, "")
	out := filepath.Join(t.TempDir(), "b.tar")
	to := time.Now().UTC().Add(-time.Millisecond)
	args := []string{
		"disclose", "--address", "127.0.0.3", "--from", to.Add(-time.Hour).Format(time.RFC3339Nano), "--to", to.Format(time.RFC3339Nano),
		"--authority", "Police of Example, by telephone", "--emergency", "--identity", operatorKey, "--clear", "--out", out,
	}
	refused := func(want string) {
		t.Helper()
		if status, text := output(t, append(args, "--socket", d.adminPath)...); status != exitRefused || !strings.Contains(text, want) {
			t.Fatalf("%d, %s; want %q", status, text, want)
		}
	}
	refused("needs a second person: somebody else runs joingyd disclose confirm ")
	refused("needs a second person")
	list := d.told.List()
	if len(list) != 1 || list[0].State != disclosure.Pending {
		t.Fatalf("%+v", list)
	}
	id := list[0].ID
	if status, text := output(t, "disclose", "confirm", id, "--socket", d.adminPath); status == exitDone || !strings.Contains(text, "cannot confirm it themselves") && !strings.Contains(text, "who asked cannot confirm it") {
		t.Errorf("confirmed by who asked: %d, %s", status, text)
	}
	if _, err := d.service.SignDisclosure(t.Context(), admin.SignRequest{ID: id, Digest: strings.Repeat("ab", 32)}); err == nil {
		t.Error("signed before it was confirmed")
	}
	for _, nobody := range []string{"token", "unknown"} {
		if _, err := d.service.ConfirmDisclosure(t.Context(), admin.ConfirmRequest{ID: id, By: nobody}); err == nil {
			t.Errorf("confirmed by %s", nobody)
		}
	}
	stop()
	d = startDaemon(t, settings)
	if _, err := d.service.ConfirmDisclosure(t.Context(), admin.ConfirmRequest{ID: id, By: "bob"}); err != nil {
		t.Fatal(err)
	}
	if text := command(t, d, args...); !strings.Contains(text, "disclosure "+id+": ") {
		t.Errorf("%s", text)
	}
	if _, text := output(t, "disclose", "verify", out, "--text"); !strings.Contains(text, "Confirmed:  bob\n") {
		t.Errorf("%s", text)
	}
	if text := command(t, d, "transparency", "-o", "csv"); !strings.Contains(text, ",disclosures,emergency,1\n") {
		t.Errorf("figures:\n%s", text)
	}
	_, text := output(t, "audit", "list", "--data-dir", dir)
	for _, want := range []string{"disclosure.ask ", "disclosure.refuse ", "disclosure.confirm ", "disclosure.make "} {
		if strings.Count(text, "  "+want) != 1 {
			t.Errorf("%s is not there once:\n%s", want, text)
		}
	}
}
