package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/config"
)

// onlyCase is the one case that there is.
func onlyCase(t *testing.T, d *daemon) admin.Case {
	t.Helper()
	var list admin.CaseList
	if err := json.Unmarshal([]byte(command(t, d, "reports", "list", "-o", "json")), &list); err != nil || len(list.Cases) != 1 {
		t.Fatalf("cases: %+v, %v; want one", list, err)
	}
	return list.Cases[0]
}

func TestBanOfAReport(t *testing.T) {
	d := startDaemon(t, nil)
	a, b := newCaller(t, d, "127.0.0.2"), newCaller(t, d, "127.0.0.3")
	meet(t, a, b, "text")
	a.sendJSON(map[string]any{"type": "report", "pair": a.pair, "reason": "spam"})
	a.expect("reported")
	report := onlyCase(t, d)
	if report.Session != b.welcome.Session || report.Reports[0].Reason != "spam" {
		t.Errorf("report %+v, want spam by session %s", report, b.welcome.Session)
	}
	text := command(t, d, "reports", "list")
	if !strings.HasPrefix(text, "CASE ") || !strings.Contains(text, report.ID+"  report  slight ") || !strings.Contains(text, "  "+b.welcome.Session+"  open\n1 case\n") || strings.Contains(text, "127.0.0") {
		t.Errorf("reports list:\n%s", text)
	}
	if got := complete(t, "ban", "--socket", d.adminPath, "--report", ""); len(got) != 1 || !strings.HasPrefix(got[0], report.ID+"\tspam, ") || !strings.HasSuffix(got[0], " ago, live") {
		t.Errorf("--report offers %q, want the report", got)
	}
	b.conn.Close(websocket.StatusNormalClosure, "")
	a.expect("left")
	if report := onlyCase(t, d); report.Session != "" {
		t.Errorf("after the end: %+v", report)
	}
	text = command(t, d, "ban", "--report", report.ID, "--reason", "spam", "--permanent")
	if !strings.HasPrefix(text, "banned hidden address (id ") || strings.Contains(text, "127.0.0") {
		t.Errorf("ban: %s", text)
	}
	if _, response, err := dialWS(t.Context(), d, "127.0.0.3"); err == nil || response == nil || response.StatusCode != http.StatusForbidden {
		t.Errorf("the reported visitor came back: %v", err)
	}
	if text := command(t, d, "bans", "list", "--report", report.ID); !strings.HasSuffix(text, "\n1 ban\n") {
		t.Errorf("bans list --report:\n%s", text)
	}
}

// A case goes all the way: two report one, who is warned, reported again, and banned for
// it; after a restart, too.
func TestCaseIsJudged(t *testing.T) {
	dir := t.TempDir()
	d, stop := startDaemonToStop(t, func(c *config.Config) { c.DataDir = dir })
	a, b := newCaller(t, d, "127.0.0.2"), newCaller(t, d, "127.0.0.3")
	meet(t, a, b, "text")
	b.sendJSON(map[string]any{"type": "text", "pair": b.pair, "id": "1", "body": "you fool"})
	a.expect("text")
	a.sendJSON(map[string]any{"type": "report", "pair": a.pair, "reason": "harassment", "note": "rude"})
	if got := a.expect("reported").Lines; got != 1 {
		t.Errorf("%d lines went along, want 1", got)
	}
	k := onlyCase(t, d)
	if k.Gravity != "slight" || k.Reports[0].Lines != 1 || !k.Reports[0].Note {
		t.Errorf("%+v", k)
	}
	if got := complete(t, "reports", "decide", "--socket", d.adminPath, ""); len(got) != 1 || !strings.HasPrefix(got[0], k.ID+"\tslight, harassment, ") {
		t.Errorf("decide offers %q", got)
	}
	if got := complete(t, "reports", "decide", "--socket", d.adminPath, k.ID, "d"); len(got) != 1 || got[0] != "dismiss" {
		t.Errorf("decide offers %q", got)
	}
	command(t, d, "reports", "decide", k.ID, "warn", "--reason", "Be kind.")
	if got := b.expect("action"); got.Do != "warn" || got.Reason != "Be kind." || got.Pair != b.pair {
		t.Errorf("b is told %+v", got)
	}
	if text := command(t, d, "reports", "show", k.ID); !strings.Contains(text, "\ndecision  warn by ") || !strings.Contains(text, ": Be kind.\n") {
		t.Errorf("show:\n%s", text)
	}

	a.send(`{"type":"leave"}`)
	b.expect("left")
	c := newCaller(t, d, "127.0.0.4")
	meet(t, b, c, "text")
	c.sendJSON(map[string]any{"type": "report", "pair": c.pair, "reason": "violence"})
	c.expect("reported")
	again := onlyCase(t, d)
	if again.ID == k.ID || again.Gravity != "grave" {
		t.Errorf("%+v", again)
	}
	stop()

	d = startDaemon(t, func(c *config.Config) { c.DataDir = dir })
	if got := onlyCase(t, d); got.ID != again.ID || got.Session != "" {
		t.Errorf("after a restart: %+v", got)
	}
	if text := command(t, d, "reports", "decide", again.ID, "ban", "--for", "7d", "--reason", "Threats."); !strings.Contains(text, "banned hidden address (id ") || strings.Contains(text, "127.0.0") {
		t.Errorf("decide:\n%s", text)
	}
	if _, response, err := dialWS(t.Context(), d, "127.0.0.3"); err == nil || response == nil || response.StatusCode != http.StatusForbidden {
		t.Errorf("the reported visitor came back: %v", err)
	}
	if text := command(t, d, "reports", "stats"); !strings.HasPrefix(text, "waiting  0 urgent, 0 grave, 0 slight\n") || !strings.Contains(text, "1 harassment, 1 violence; stills: none; decided: 1 ban, 1 warn; expired: 0; appeals: none\n") {
		t.Errorf("stats:\n%s", text)
	}
	if text := command(t, d, "transparency", "-o", "csv"); !strings.HasPrefix(text, "month,subject,figure,value\n") || !strings.Contains(text, ",reports,violence,1\n") || !strings.Contains(text, ",bans,person,1\n") {
		t.Errorf("transparency:\n%s", text)
	}
}
