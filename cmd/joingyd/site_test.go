package main

import (
	"context"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/client"
	"github.com/joingyd/joingyd/config"
)

// A site's own pages are what it serves, and what its visitors accept.
func TestOwnPagesOfADaemon(t *testing.T) {
	dir := t.TempDir()
	page := "---\ntitle: House rules\nversion: house-1\nupdated: 2026-12-24\n---\n\nBe kind.\n"
	if err := os.WriteFile(filepath.Join(dir, "rules.md"), []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	d := startDaemon(t, func(c *config.Config) { c.Site.PagesDir = dir })
	if _, body := get(t, d, "127.0.0.1", "/rules"); !strings.Contains(body, "<p>Be kind.</p>") || !strings.Contains(body, "Version house-1") {
		t.Errorf("/rules is %s", body)
	}
	site := "http://" + d.httpListener.Addr().String()
	policy := visit(t, client.Options{URL: site}).conn.Welcome().Policy
	if !strings.HasPrefix(policy, "house-1/") {
		t.Errorf("policy %q, want one made of the rules' version", policy)
	}
	if _, body := get(t, d, "127.0.0.1", "/"); !strings.Contains(body, `data-policy="`+policy+`"`) {
		t.Errorf("the start page does not ask for %s", policy)
	}
	set := startDaemon(t, func(c *config.Config) { c.Site.PagesDir, c.Site.Policy = dir, "mine" })
	if got := visit(t, client.Options{URL: "http://" + set.httpListener.Addr().String()}).conn.Welcome().Policy; got != "mine" {
		t.Errorf("policy %q, want that of site.policy", got)
	}
}

// contents reads every file below a directory.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		all[path] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// monthOfTraffic is a file that has a month, and a number of bytes.
var monthOfTraffic = regexp.MustCompile(`^\{"\d{4}-\d{2}":\d+\}\s*$`)

// What the privacy policy says: a visit leaves nothing behind. Two strangers call and
// write, and no file in the data directory changes. One reports the other, and there is
// a case; but what they said, and whence they came, is in no file and no line of the log.
func TestVisitLeavesNoTrace(t *testing.T) {
	const here, there = "127.0.0.77", "127.0.0.78"
	var log strings.Builder // slog writes one line after the other
	cfg := config.Default()
	cfg.DataDir = t.TempDir()
	cfg.HTTP.Listen, cfg.TURN.Listen = "127.0.0.1:0", []string{"127.0.0.1:0"}
	d, err := newDaemon(cfg, newLogger(&log, config.Log{Format: "text"}, slog.LevelDebug))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- d.run(ctx) }()
	before := contents(t, cfg.DataDir)

	a, b := newCaller(t, d, here), newCaller(t, d, there)
	meet(t, a, b, "video")
	call(t, a, b)
	a.sendJSON(map[string]any{"type": "text", "pair": a.pair, "id": "1", "body": "the word is heliotrope"})
	if got := b.expect("text").Body; got != "the word is heliotrope" {
		t.Errorf("b reads %q", got)
	}
	if after := contents(t, cfg.DataDir); !maps.Equal(after, before) {
		t.Error("the visit changed the data directory")
	}
	b.sendJSON(map[string]any{"type": "report", "pair": b.pair, "reason": "other", "note": "it was heliotrope"})
	b.expect("reported")
	a.send(`{"type":"leave"}`)
	b.expect("left")
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}

	after := contents(t, cfg.DataDir)
	for path, content := range after {
		if filepath.Base(filepath.Dir(path)) == totalsDir { // two visits, of which is told no more than that they were
			if !strings.Contains(content, `"visits":2,`) || !strings.Contains(content, `"os":{},"browser":{},"device":{},"language":{},"lasted":{}`) {
				t.Errorf("the daily totals are %s", content)
			}
			continue
		}
		if filepath.Base(filepath.Dir(path)) == trafficDir { // what the relay carried in the month
			if !monthOfTraffic.MatchString(content) {
				t.Errorf("the month's traffic is %s", content)
			}
			continue
		}
		if changed := content != before[path]; changed != (filepath.Base(path) == caseFile) {
			t.Errorf("after the report, %s has changed: %v", path, changed)
		}
	}
	if !strings.Contains(log.String(), "report") {
		t.Errorf("the log does not tell of the report, so the search proves nothing:\n%s", log.String())
	}
	for _, n := range []needle{secretPrefix(here + "/32"), secretPrefix(there + "/32"), secretText("text", "heliotrope"), secretText("interest", "testing")} {
		if n.in([]byte(log.String())) {
			t.Errorf("%s is in the log:\n%s", n.name, log.String())
		}
		for path, content := range after {
			if n.in([]byte(content)) {
				t.Errorf("%s is in %s", n.name, path)
			}
		}
	}
}
