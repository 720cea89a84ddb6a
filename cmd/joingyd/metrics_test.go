package main

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/match"
	"github.com/joingyd/joingyd/turn"
)

// scrape returns what /metrics says, and the value of each series in it.
func scrape(t *testing.T, d *daemon) (text string, values map[string]float64) {
	t.Helper()
	response, err := http.Get("http://" + d.metricsListener.Addr().String() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v", response.Status, err)
	}
	values = make(map[string]float64)
	for line := range strings.Lines(string(body)) {
		if series, number, ok := strings.Cut(strings.TrimSpace(line), " "); ok && series != "#" {
			if values[series], err = strconv.ParseFloat(number, 64); err != nil {
				t.Errorf("%s: %v", line, err)
			}
		}
	}
	return string(body), values
}

func TestMetricsOfADaemon(t *testing.T) {
	d := startDaemon(t, nil)
	text, values := scrape(t, d)
	wantObserved(t, values)
	wantDocumented(t, text)
	var want []string
	for _, transport := range turn.Transports() {
		want = append(want, `joingyd_turn_allocations{transport="`+transport+`"}`)
	}
	for _, reason := range turn.DropReasons() {
		want = append(want, `joingyd_turn_drops_total{reason="`+string(reason)+`",transport="dtls"}`)
	}
	for _, reason := range match.ReportReasons() {
		want = append(want, `joingyd_match_reports_total{reason="`+reason+`"}`)
	}
	for _, code := range match.ErrorCodes() {
		want = append(want, `joingyd_match_refused_total{code="`+code+`"}`)
	}
	for _, reason := range match.Denials() {
		want = append(want, `joingyd_match_denied_total{reason="`+reason+`"}`)
	}
	for _, outcome := range match.ChallengeOutcomes() {
		want = append(want, `joingyd_match_challenges_total{outcome="`+outcome+`"}`)
	}
	for verdict, reasons := range match.Verdicts() {
		for _, reason := range reasons {
			want = append(want, `joingyd_match_filter_verdicts_total{reason="`+reason+`",verdict="`+verdict+`"}`)
		}
	}
	for _, outcome := range []string{"answered", "busy", "resting", "connection", "timeout", "status", "bad_answer", "image", "cancelled"} {
		want = append(want, `joingyd_classifier_calls_total{outcome="`+outcome+`"}`)
	}
	for _, reason := range []string{"room", "late", "spoilt", "failed"} {
		want = append(want, `joingyd_stills_lost_total{reason="`+reason+`"}`)
	}
	for _, label := range d.stillLabels {
		want = append(want, `joingyd_stills_found_total{label="`+label+`"}`)
	}
	for _, series := range append(want, "joingyd_stills_looked_total", "joingyd_classifier_resting", "joingyd_match_filter_mutes_total", `joingyd_bans_active{scope="video"}`, "joingyd_bans_failures_total", "joingyd_match_sessions", `joingyd_turn_packets_total{transport="udp"}`) {
		if value, ok := values[series]; !ok || value != 0 {
			t.Errorf("%s = %v (there: %v), want 0", series, value, ok)
		}
	}

	a, b := newCaller(t, d, "127.0.0.1"), newCaller(t, d, "127.0.0.1")
	meet(t, a, b, "video")
	call(t, a, b)
	a.send(`{"type":"report","pair":"` + a.pair + `","reason":"spam"}`)
	a.expect("reported")
	a.send(`{"type":"nonsense"}`)
	a.expect("error")
	elsewhere := ban.TargetFor(netip.MustParseAddr("192.0.2.1"))
	if _, err := d.bans.Add(ban.Entry{Target: elsewhere, Scope: ban.ScopeRelay, By: "root"}); err != nil {
		t.Fatal(err)
	}
	text, values = scrape(t, d)
	for series, least := range map[string]float64{
		`joingyd_turn_allocations{transport="udp"}`:            2,
		`joingyd_turn_auth_total{result="ok",transport="udp"}`: 2,
		`joingyd_turn_packets_total{transport="udp"}`:          1,
		`joingyd_turn_bytes_total{transport="udp"}`:            1,
		"joingyd_turn_sessions":                                2,
		"joingyd_turn_pairs":                                   1,
		"joingyd_match_sessions":                               2,
		"joingyd_match_pairs":                                  1,
		"joingyd_match_addresses":                              1,
		`joingyd_bans_active{scope="relay"}`:                   1,
		"joingyd_bans_changes_total":                           1,
		`joingyd_match_reports_total{reason="spam"}`:           1,
		`joingyd_match_refused_total{code="unknown_type"}`:     1,
		"go_goroutines":                                        1,
	} {
		if value, ok := values[series]; !ok || value < least {
			t.Errorf("%s = %v (there: %v), want at least %v", series, value, ok, least)
		}
	}
	for series, value := range values {
		if strings.Contains(series, `"other"`) && value != 0 {
			t.Errorf("%s = %v: a label's value is not in its list", series, value)
		}
	}
	personal := regexp.MustCompile(`127\.0\.0\.|198\.1[89]\.|` + a.welcome.Session + "|" + b.welcome.Session)
	if found := personal.FindString(text); found != "" {
		t.Errorf("metrics say %q", found)
	}
}

func TestMetricsPortIsTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	cfg := config.Default()
	cfg.DataDir = t.TempDir()
	cfg.HTTP.Listen, cfg.TURN.Listen = "127.0.0.1:0", []string{"127.0.0.1:0"}
	cfg.Admin.MetricsListen = taken.Addr().String()
	_, err = newDaemon(cfg, slog.New(slog.DiscardHandler))
	if err == nil || !strings.HasPrefix(err.Error(), "admin.metrics_listen: ") || !strings.Contains(err.Error(), cfg.Admin.MetricsListen) {
		t.Errorf("newDaemon: %v", err)
	}
	cfg.Admin.MetricsListen = ""
	d, err := newDaemon(cfg, slog.New(slog.DiscardHandler)) // what failed has left nothing open
	if err != nil {
		t.Fatal(err)
	}
	if err := d.close(); err != nil {
		t.Error(err)
	}
}
