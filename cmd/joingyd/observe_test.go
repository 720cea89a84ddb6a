package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// aMetric finds names of metrics in an expression.
var aMetric = regexp.MustCompile(`\b(?:joingyd|process|go)_[a-z0-9_]+\b`)

// Every metric that an alert or the dashboard asks for is one that a daemon has, with the
// values of labels that it asks for. promtool (make test-prometheus) tests what they say.
func wantObserved(t *testing.T, values map[string]float64) {
	t.Helper()
	families := make(map[string]string) // all series of a metric
	for series := range values {
		name, _, _ := strings.Cut(series, "{")
		families[name] += series + "\n"
	}
	rules, err := os.ReadFile("../../packaging/prometheus/joingyd.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	panels := readDashboard(t)
	asked := map[string]string{"joingyd.rules.yml": string(rules)}
	for _, panel := range panels {
		for _, target := range panel.Targets {
			asked["dashboard: "+panel.Title] += target.Expr + "\n"
		}
	}
	found := 0
	words := regexp.MustCompile(`\b(reason|outcome|level|state|code|route|result|transport|verdict)(=~?|!=)"([^"$]+)"`)
	for where, text := range asked {
		for _, name := range aMetric.FindAllString(text, -1) {
			if found++; families[name] == "" {
				t.Errorf("%s asks for %s, which no daemon has", where, name)
			}
		}
		for _, selected := range regexp.MustCompile(`(joingyd_[a-z_]+)\{([^}]*)\}`).FindAllStringSubmatch(text, -1) {
			for _, label := range words.FindAllStringSubmatch(selected[2], -1) {
				for value := range strings.SplitSeq(label[3], "|") {
					if !strings.Contains(families[selected[1]], label[1]+`="`+value+`"`) {
						t.Errorf("%s asks for %s with %s=%q, which no daemon has", where, selected[1], label[1], value)
					}
				}
			}
		}
	}
	if len(panels) < 30 || found < 100 {
		t.Errorf("%d panels, %d metrics asked for: the search does not find them", len(panels), found)
	}
}

// Every metric of ours is in the table of docs/operations.md, and the other way round.
func wantDocumented(t *testing.T, text string) {
	t.Helper()
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := make(map[string]string)
	for line := range strings.Lines(text) {
		if name, help, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "# HELP "), " "); ok && strings.HasPrefix(line, "# HELP joingyd_") {
			rows[name] = "| `" + name + "` | " + help + " |"
		}
	}
	for name, row := range rows {
		if !strings.Contains(string(page), row+"\n") {
			t.Errorf("docs/operations.md lacks the row of %s:\n%s", name, row)
		}
	}
	for _, row := range regexp.MustCompile("(?m)^\\| `(joingyd_[a-z_]+)` \\|").FindAllStringSubmatch(string(page), -1) {
		if rows[row[1]] == "" {
			t.Errorf("docs/operations.md tells of %s, which no daemon has", row[1])
		}
	}
}

// Every alert leads to a place in docs/operations.md.
func TestAlertsLeadSomewhere(t *testing.T) {
	rules, err := os.ReadFile("../../packaging/prometheus/joingyd.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	alerts := strings.Count(string(rules), "- alert: ")
	links := regexp.MustCompile(`docs/operations\.md#(alert-[a-z-]+)`).FindAllStringSubmatch(string(rules), -1)
	if alerts == 0 || len(links) != alerts || strings.Count(string(rules), "summary: ") != alerts || strings.Count(string(rules), "action: ") != alerts {
		t.Errorf("%d alerts, %d of which say where to read on", alerts, len(links))
	}
	for _, link := range links {
		if !strings.Contains(string(page), `<a id="`+link[1]+`">`) {
			t.Errorf("docs/operations.md has no %s", link[1])
		}
	}
	test, err := os.ReadFile("../../packaging/prometheus/joingyd.test.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, alert := range regexp.MustCompile(`- alert: (\S+)`).FindAllStringSubmatch(string(rules), -1) {
		if !strings.Contains(string(test), `alertname="`+alert[1]+`"`) {
			t.Errorf("joingyd.test.yml does not make %s fire", alert[1])
		}
	}
}

// Messages that docs/operations.md quotes under Troubleshooting are in the program.
func TestTroubleshootingQuotes(t *testing.T) {
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), "## Troubleshooting by symptom\n")
	if !found {
		t.Fatal("docs/operations.md has no such section")
	}
	var program strings.Builder
	err = filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		switch name := entry.Name(); {
		case err != nil:
			return err
		case entry.IsDir() && (name == "node_modules" || name == ".git" || name == "testdata" || name == "bench"):
			return filepath.SkipDir
		case strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go"), name == "en.json":
			text, err := os.ReadFile(path)
			program.Write(text)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	quotes := regexp.MustCompile(`(?m)^\| [^|]*?"([^"]+)"`).FindAllStringSubmatch(section, -1)
	if len(quotes) < 15 {
		t.Errorf("only %d messages are quoted", len(quotes))
	}
	for _, quote := range quotes {
		if !strings.Contains(program.String(), quote[1]) {
			t.Errorf("docs/operations.md quotes %q, which the program does not say", quote[1])
		}
	}
}

// panel is one of the Grafana dashboard, with what it asks.
type panel struct {
	Title   string
	Targets []struct{ Expr string }
}

func readDashboard(t *testing.T) []panel {
	t.Helper()
	text, err := os.ReadFile("../../packaging/grafana/joingyd.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct{ Panels []panel }
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	return dashboard.Panels
}
