package admin_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// docs/control-api.md has an example of each path, which a script of the command
// line types, and its types exist.
func TestDocumentedPaths(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "docs", "control-api.md"))
	if err != nil {
		t.Fatal(err)
	}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, name := range sources {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		code.Write(text)
	}
	routes := regexp.MustCompile(`HandleFunc\("[A-Z]+ (/v1[^"]*)"`).FindAllStringSubmatch(code.String(), -1)
	if len(routes) < 20 {
		t.Fatalf("only %d paths found", len(routes))
	}
	for _, route := range routes {
		if !strings.Contains(string(page), route[1]) {
			t.Errorf("%s is not in docs/control-api.md", route[1])
		}
	}
	for _, name := range regexp.MustCompile(`\b[A-Z][a-z]+[A-Z]\w*(Request|Result|List|Stats)\b|\b[A-Z][a-z]+(Result|List)\b`).FindAllString(string(page), -1) {
		if !strings.Contains(code.String(), "type "+name+" struct") {
			t.Errorf("docs/control-api.md names %s, which there is not", name)
		}
	}
}
