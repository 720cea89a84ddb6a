package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A real Prometheus scrapes a daemon, takes the alert rules, and answers every question of
// the dashboard. scripts/test-prometheus says where it is.
func TestPrometheus(t *testing.T) {
	bin := os.Getenv("JOINGYD_TEST_PROMETHEUS")
	if bin == "" {
		t.Skip("make test-prometheus runs this")
	}
	d := startDaemon(t, nil)
	text, _ := scrape(t, d)
	check := exec.Command(filepath.Join(bin, "promtool"), "check", "metrics")
	check.Stdin = strings.NewReader(text)
	if out, err := check.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool check metrics: %v %s", err, out)
	}
	at := startPrometheus(t, bin, d.metricsListener.Addr().String())
	ask := func(path string, into any) error {
		answer, err := http.Get("http://" + at + path)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		var envelope struct {
			Status, Error string
			Data          json.RawMessage
		}
		if err := json.NewDecoder(answer.Body).Decode(&envelope); err != nil {
			return err
		}
		if envelope.Status != "success" {
			return fmt.Errorf("%s: %s", path, envelope.Error)
		}
		return json.Unmarshal(envelope.Data, into)
	}
	type answer struct{ Result []json.RawMessage }
	query := func(expr string) (answer, error) {
		var a answer
		return a, ask("/api/v1/query?query="+url.QueryEscape(expr), &a)
	}
	for deadline := time.Now().Add(patienceOfTests); ; time.Sleep(100 * time.Millisecond) {
		found, err := query(`count_over_time(joingyd_build_info{job="joingyd"}[1m]) >= 3`)
		if err == nil && len(found.Result) == 1 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("Prometheus has not scraped the daemon: %v, %v", found, err)
		}
	}
	asked := 0
	variables := strings.NewReplacer("$job", "joingyd", "$instance", ".*", "$__rate_interval", "1m")
	for _, panel := range readDashboard(t) {
		for _, target := range panel.Targets {
			asked++
			found, err := query(variables.Replace(target.Expr))
			if err != nil || len(found.Result) == 0 && !strings.Contains(target.Expr, "> 0") {
				t.Errorf("dashboard, %s: %s: %v, %d series", panel.Title, target.Expr, err, len(found.Result))
			}
		}
	}
	var rules struct {
		Groups []struct {
			Rules []struct{ Name, Health, LastError, State string }
		}
	}
	for deadline := time.Now().Add(patienceOfTests); ; time.Sleep(100 * time.Millisecond) {
		if err := ask("/api/v1/rules", &rules); err != nil {
			t.Fatal(err)
		}
		unknown := 0
		for _, group := range rules.Groups {
			for _, rule := range group.Rules {
				if rule.Health == "unknown" {
					unknown++
				}
			}
		}
		if unknown == 0 && len(rules.Groups) > 0 || time.Now().After(deadline) {
			break
		}
	}
	alerts := 0
	for _, group := range rules.Groups {
		for _, rule := range group.Rules {
			// The machine's own clock may be unsynchronized, and its disk nearly full.
			if alerts++; rule.Health != "ok" || rule.State == "firing" && rule.Name != "JoingydClockSet" && rule.Name != "JoingydDiskNearlyFull" {
				t.Errorf("%s is %s, %s: %s", rule.Name, rule.Health, rule.State, rule.LastError)
			}
		}
	}
	t.Logf("figure: a real Prometheus answered %d questions of the dashboard and took %d alerts", asked, alerts)
}

// startPrometheus runs one that scrapes every second, until the test ends.
func startPrometheus(t *testing.T, bin, target string) (at string) {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at = free.Addr().String()
	free.Close()
	rules, err := filepath.Abs("../../packaging/prometheus/joingyd.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "prometheus.yml")
	settings := fmt.Sprintf("global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [%s]\nscrape_configs: [{job_name: joingyd, static_configs: [{targets: ['%s']}]}]\n", rules, target)
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(bin, "prometheus"), "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+at)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill() //nolint:errcheck // it may have ended
		cmd.Wait()         //nolint:errcheck // it was killed
	})
	return at
}
