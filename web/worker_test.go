package web

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// The worker keeps files of its own version that exist, and is another one with
// another version.
func TestWorker(t *testing.T) {
	accent, err := ParseAccent("#b3452a")
	if err != nil {
		t.Fatal(err)
	}
	var bodies []string
	for _, o := range []Options{{Policy: "1"}, {Policy: "1", Accent: accent}} {
		site, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		w := get(site, workerPath, "")
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/javascript; charset=utf-8" || w.Header().Get("Cache-Control") != "no-cache" {
			t.Fatalf("status %d, headers %v", w.Code, w.Header())
		}
		bodies = append(bodies, w.Body.String())
		first, rest, _ := strings.Cut(w.Body.String(), ";\n")
		var shell struct {
			Prefix, Offline string
			Files           []string
		}
		if err := json.Unmarshal([]byte(strings.TrimPrefix(first, "self.shell = ")), &shell); err != nil {
			t.Fatalf("%v in %q", err, first)
		}
		if !strings.HasPrefix(rest, "// @ts-check") {
			t.Errorf("the worker goes on with %.40q", rest)
		}
		for _, needed := range []string{"js/page.js", "site.css", "logo.svg"} {
			if !slices.Contains(shell.Files, shell.Prefix+needed) {
				t.Errorf("%s is not kept: %v", needed, shell.Files)
			}
		}
		for _, file := range append(shell.Files, shell.Offline) {
			if w := get(site, file, ""); w.Code != http.StatusOK || file != shell.Offline && !strings.HasPrefix(file, shell.Prefix) {
				t.Errorf("%s: status %d; the prefix is %s", file, w.Code, shell.Prefix)
			}
		}
		if colours := strings.Contains(first, coloursFile); colours != (o.Accent != nil) {
			t.Errorf("the site's own colours are kept: %v", colours)
		}
		if w := get(site, "/static/"+workerFile, ""); w.Code != http.StatusNotFound {
			t.Errorf("the worker without what it keeps: status %d", w.Code)
		}
	}
	if bodies[0] == bodies[1] {
		t.Error("two versions have the same worker")
	}
}

// One module makes the one policy that the content security policy names.
func TestTrustedTypesPolicy(t *testing.T) {
	makers := 0
	for _, name := range must(fs.Glob(files, "static/js/*.js")) {
		if !strings.Contains(string(must(files.ReadFile(name))), "createPolicy") {
			continue
		}
		makers++
		if !strings.HasSuffix(name, "/worker-url.js") {
			t.Errorf("%s makes a Trusted Types policy", name)
		}
	}
	if makers != 1 {
		t.Errorf("%d modules make a Trusted Types policy, want 1", makers)
	}
	if !strings.HasSuffix(contentSecurityPolicy, "require-trusted-types-for 'script'; trusted-types joingyd") {
		t.Errorf("policy %q", contentSecurityPolicy)
	}
}
