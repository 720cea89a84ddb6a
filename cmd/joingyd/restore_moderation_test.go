package main

import (
	"bytes"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/disclosure"
	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/iplog"
	"github.com/joingyd/joingyd/moderate"
	"github.com/joingyd/joingyd/privacy"
)

// What moderation keeps comes back onto another machine, and the daemon there goes on with
// it: a case that waits, one that is held, their evidence, the known images, an audit log
// that verifies, and what is owed: a request for data, a hold with its rows, what an
// authority asked for, and the key of the receipts of visits.
func TestBackupOfModeration(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	identity := filepath.Join(t.TempDir(), "moderator.key")
	if err := os.WriteFile(identity, []byte(key.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	settings := func(dir string) func(*config.Config) {
		return func(c *config.Config) {
			c.DataDir, c.Moderation.Recipients = dir, []string{key.Recipient().String()}
			c.Privacy.Recipients = c.Moderation.Recipients
		}
	}
	source, other, archive := t.TempDir(), filepath.Join(t.TempDir(), "new"), filepath.Join(t.TempDir(), "all.tar")
	d, stop := startDaemonToStop(t, settings(source))
	held := reportedFor(t, d, "minor")
	command(t, d, "reports", "decide", held.ID, "end", "--reason", "No.")
	waiting := reportedChat(t, d)
	list := filepath.Join(t.TempDir(), "hashes.txt")
	if err := os.WriteFile(list, []byte(strings.Repeat("5a", 32)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	command(t, d, "images", "import", list)
	command(t, d, "hold", "--address", "127.0.0.3", "--reference", "26-1402")
	hold := d.holds.List()[0]
	rows, err := d.iplog.Find(iplog.Query{Address: netip.MustParseAddr("127.0.0.3")})
	if err != nil || len(rows) == 0 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	request, err := d.requests.Add(privacy.Request{Kind: privacy.Access, By: privacy.Visitor, Contact: "ann@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	told, err := d.told.Begin(&disclosure.Ask{Session: hold.ID, Authority: "police"}, nil, "root", func(disclosure.Entry) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	visit := ident.NewSession()
	receipt := d.receipts.Receipt(visit)
	gone := moderate.Subject{Pseudonyms: []string{d.bans.Pseudonym(netip.MustParseAddr("203.0.113.9")).String()}}
	ended, err := d.cases.File(moderate.Filing{ID: moderate.NewID(), Reason: "spam", At: time.Now(), Session: "x", Suspects: gone.Pseudonyms, Reporter: "y"})
	if err == nil {
		_, err = d.cases.Decide(ended, moderate.Decision{Do: moderate.Dismiss, By: "ann", Reason: "Nothing."})
	}
	if err != nil {
		t.Fatal(err)
	}
	clusterKey := strings.Repeat("5a", 32) + "\n"
	if err := os.WriteFile(filepath.Join(source, config.ClusterKeyFile), []byte(clusterKey), 0o600); err != nil {
		t.Fatal(err)
	}
	if text := command(t, d, "backup", archive); !strings.Contains(text, "\nwith the cases, 4 files of evidence and 1 file of the audit log, and the known images\nwith 1 request for data, what is on hold, ") {
		t.Errorf("backup: %s", text)
	}
	for path, content := range contents(t, filepath.Dir(archive)) {
		if strings.Contains(content, "heliotrope") {
			t.Errorf("what is sealed is in clear in %s", path)
		}
	}
	if left, err := filepath.Glob(filepath.Join(source, "*.copy-*")); err != nil || len(left) > 0 {
		t.Errorf("left over: %q, %v", left, err)
	}
	later, err := d.requests.Add(privacy.Request{Kind: privacy.Erase, By: privacy.Visitor, Subject: privacy.Subject{Pseudonyms: gone.Pseudonyms}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.service.CarryOut(t.Context(), later.ID, "root", 0); err != nil {
		t.Fatal(err)
	}
	stop()

	// Without the daemon the same is saved, and an empty directory takes it.
	offline := filepath.Join(t.TempDir(), "offline.tar")
	if status, text := output(t, "backup", offline, "--offline", "--data-dir", source); status != exitDone || !strings.Contains(text, "4 files of evidence") {
		t.Errorf("backup --offline: %d, %s", status, text)
	}
	for _, restore := range []struct{ from, want string }{
		{offline, "\nwhat was erased after the backup is back, if"},
		{archive, "\nerased since the backup, and erased again when the daemon starts: " + later.ID + "\n"},
	} {
		if status, text := output(t, "restore", restore.from, "--data-dir", other); status != exitDone || strings.Contains(text, "does not verify") || !strings.Contains(text, restore.want) {
			t.Fatalf("restore: %d, %s", status, text)
		}
		// The key that other nodes have comes back where there is none, and only there.
		path := filepath.Join(other, config.ClusterKeyFile)
		if got, err := os.ReadFile(path); err != nil || string(got) != clusterKey {
			t.Errorf("cluster.key: %q, %v", got, err)
		}
		clusterKey = strings.Repeat("a5", 32) + "\n"
		if err := os.WriteFile(path, []byte(clusterKey), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d = startDaemon(t, settings(other))
	d.erasePending(t.Context())
	if k, err := d.cases.Get(ended); !errors.Is(err, moderate.ErrNotFound) {
		t.Errorf("what was erased after the backup is back: %+v, %v", k, err)
	}
	for _, k := range []admin.Case{held, waiting} {
		if text := command(t, d, "evidence", "open", k.ID, "--identity", identity); !strings.Contains(text, "heliotrope") {
			t.Errorf("evidence of %s:\n%s", k.ID, text)
		}
	}
	if text := command(t, d, "reports", "list", "--held"); !strings.Contains(text, held.ID) || !strings.Contains(text, waiting.ID) {
		t.Errorf("held:\n%s", text)
	}
	if r, err := d.requests.Get(request.ID); err != nil || r.Contact != request.Contact {
		t.Errorf("the request: %+v, %v", r, err)
	}
	if e, err := d.told.Get(told.ID); err != nil || e.Authority != "police" {
		t.Errorf("the disclosure: %+v, %v", e, err)
	}
	if got, err := d.holds.Get(hold.ID); err != nil || got.Incomplete || !slices.Equal(got.Cases, hold.Cases) {
		t.Errorf("the hold: %+v, %v, it was %+v", got, err, hold)
	}
	if again, err := d.iplog.Find(iplog.Query{Address: netip.MustParseAddr("127.0.0.3")}); err != nil || len(again) != len(rows) || again[0].Held == "" {
		t.Errorf("%d rows are on hold, %v, they were %d", len(again), err, len(rows))
	}
	if found, err := filepath.Glob(filepath.Join(other, ipLogDir, "20*")); err != nil || len(found) > 0 {
		t.Errorf("of days of the IP log there are %q, %v", found, err)
	}
	if got, err := d.receipts.Read(receipt); err != nil || got != visit {
		t.Errorf("a receipt of before: %v", err)
	}
	if d.cases.Waiting() != 1 || d.images.Len() != 1 {
		t.Errorf("%d cases wait, %d images are known", d.cases.Waiting(), d.images.Len())
	}
	if status, text := output(t, "audit", "verify", "--data-dir", other); status != exitDone {
		t.Errorf("audit verify: %d, %s", status, text)
	}
	if _, text := output(t, "audit", "list", "--data-dir", source); !strings.Contains(text, "  backup ") {
		t.Errorf("the audit log:\n%s", text)
	}
	// The first restore was put aside by the second, and nothing was lost of it.
	for name, files := range map[string]int{evidenceDir: 4, auditDir: 1} {
		aside, err := filepath.Glob(filepath.Join(other, name+".before-restore-*", "*"))
		if err != nil || len(aside) != files {
			t.Errorf("aside of %s: %q, %v", name, aside, err)
		}
	}
}

// A power cut after any step leaves cases that open, no evidence that the next start would
// delete, and everything in one place or the other.
func TestRestoreOfModerationCutShort(t *testing.T) {
	fill := func(dir, id string) {
		t.Helper()
		makeStore(t, dir, "203.0.113.1")
		if err := os.MkdirAll(filepath.Join(dir, evidenceDir), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, evidenceDir, id+".20261129T120000Z.aaaaaaaaaaaaaaaa.age"), []byte(id), 0o600); err != nil {
			t.Fatal(err)
		}
		cases, err := moderate.Open(filepath.Join(dir, caseFile), moderate.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer cases.Close()
		if _, err := cases.File(moderate.Filing{ID: id, Reason: "spam", Session: id, Reporter: "a"}); err != nil {
			t.Fatal(err)
		}
	}
	source := t.TempDir()
	fill(source, "theirs")
	store := openDir(t, source, config.LoadSecrets)
	var archive bytes.Buffer
	_, err := admin.NewService(store, &admin.Options{Kept: keptOffline(source)}).Backup(t.Context(), admin.BackupRequest{}, &archive)
	store.Close()
	if err != nil {
		t.Fatal(err)
	}
	before, unpacked := t.TempDir(), t.TempDir()
	fill(before, "ours")
	if _, err := admin.Unpack(&archive, unpacked); err != nil {
		t.Fatal(err)
	}
	for cut := 0; ; cut++ {
		dir, draft := t.TempDir(), t.TempDir()
		if err := errors.Join(os.CopyFS(dir, os.DirFS(before)), os.CopyFS(draft, os.DirFS(unpacked))); err != nil {
			t.Fatal(err)
		}
		s := &swap{dir: dir, draft: draft, now: time.Unix(1, 0)}
		steps := s.moderationSteps() // the others are tested with the bans
		if cut > len(steps) {
			return
		}
		for _, step := range steps[:cut] {
			if err := step(); err != nil {
				t.Fatal(err)
			}
		}
		cases, err := moderate.Open(filepath.Join(dir, caseFile), moderate.Options{})
		if err != nil {
			t.Fatalf("after %d of %d steps: %v", cut, len(steps), err)
		}
		sealed, err := filepath.Glob(filepath.Join(dir, evidenceDir, "*.age"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range sealed {
			if id, _, _ := strings.Cut(filepath.Base(path), "."); !cases.Keeps(id) {
				t.Errorf("after %d of %d steps the next start would delete the evidence of %s", cut, len(steps), id)
			}
		}
		if cut == len(steps) && (len(sealed) != 1 || !cases.Keeps("theirs")) {
			t.Errorf("in the end: %q", sealed)
		}
		cases.Close()
		ours := 0
		for _, where := range []string{evidenceDir, evidenceDir + ".before-restore-*"} {
			found, err := filepath.Glob(filepath.Join(dir, where, "ours.*"))
			if err != nil {
				t.Fatal(err)
			}
			ours += len(found)
		}
		if ours != 1 {
			t.Errorf("after %d of %d steps what was there is there %d times", cut, len(steps), ours)
		}
	}
}
