package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/joingyd/joingyd/admin"
)

// remembered is the one report that there is.
func remembered(t *testing.T, d *daemon) admin.Report {
	t.Helper()
	var list admin.ReportList
	if err := json.Unmarshal([]byte(command(t, d, "reports", "-o", "json")), &list); err != nil || len(list.Reports) != 1 {
		t.Fatalf("reports: %+v, %v; want one", list, err)
	}
	return list.Reports[0]
}

func TestBanOfAReport(t *testing.T) {
	d := startDaemon(t, nil)
	a, b := newCaller(t, d, "127.0.0.2"), newCaller(t, d, "127.0.0.3")
	meet(t, a, b, "text")
	a.sendJSON(map[string]any{"type": "report", "pair": a.pair, "reason": "spam"})
	a.expect("reported")
	report := remembered(t, d)
	if report.Session != b.welcome.Session || report.Reason != "spam" {
		t.Errorf("report %+v, want spam by session %s", report, b.welcome.Session)
	}
	text := command(t, d, "reports")
	if !strings.HasPrefix(text, "REPORT ") || !strings.Contains(text, report.ID+"  ") || !strings.HasSuffix(text, "  spam    "+b.welcome.Session+"\n") || strings.Contains(text, "127.0.0") {
		t.Errorf("reports:\n%s", text)
	}
	if got := complete(t, "ban", "--socket", d.adminPath, "--report", ""); len(got) != 1 || !strings.HasPrefix(got[0], report.ID+"\tspam, ") || !strings.HasSuffix(got[0], " ago, live") {
		t.Errorf("--report offers %q, want the report", got)
	}
	b.conn.Close(websocket.StatusNormalClosure, "")
	a.expect("left")
	if report := remembered(t, d); report.Session != "" {
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
