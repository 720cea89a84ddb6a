package web

import (
	"path"
	"strings"
	"testing"
)

func TestWithoutComments(t *testing.T) {
	const script = "// @ts-check\n// What it does.\n\nimport a from './a.js';\n\n/**\n * @param {string} b\n */\nexport function c(b) {\n  // why\n  return 'http://' + b; // how\n}\n/** @typedef {number} D */\n"
	const want = "import a from './a.js';\n\nexport function c(b) {\n  return 'http://' + b; // how\n}\n"
	if got := string(withoutComments([]byte(script))); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What starts a line of a script is never the middle of a text.
func TestScriptsHaveNoTextOverLines(t *testing.T) {
	for name := range must(embedded()) {
		if path.Ext(name) != ".js" {
			continue
		}
		for n, line := range strings.Split(string(must(files.ReadFile("static/"+name))), "\n") {
			if code, _, _ := strings.Cut(line, " // "); !strings.HasPrefix(strings.TrimSpace(line), "//") && !strings.HasPrefix(strings.TrimSpace(line), "*") && strings.Count(code, "`")%2 != 0 {
				t.Errorf("%s:%d: a text goes over lines: %s", name, n+1, line)
			}
		}
	}
}
