package web

import (
	"encoding/json"
	"io/fs"
	"path"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

// Every module of the client is in a bundle, which is smaller than its modules and
// keeps the site's policy as they do.
func TestBundle(t *testing.T) {
	all := must(bundle())
	inside := map[string]bool{}
	names := append(bundled(), "js/main.js")
	for _, name := range names {
		body := string(all[name])
		if body == "" {
			t.Fatalf("%s is missing", name)
		}
		if path.Ext(name) != ".map" {
			for _, f := range forbidden {
				if strings.Contains(f.in, path.Ext(name)) && f.what != "a cookie" && f.pattern.MatchString(body) {
					t.Errorf("%s contains %s: %q", name, f.what, f.pattern.FindString(body))
				}
			}
			continue
		}
		var sourceMap struct {
			Sources        []string
			SourcesContent []string
		}
		if err := json.Unmarshal([]byte(body), &sourceMap); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		size := 0
		for i, source := range sourceMap.Sources {
			source = strings.TrimPrefix(source, "static:")
			inside["static/"+source] = true
			size += len(sourceMap.SourcesContent[i])
		}
		if bundled := len(all[strings.TrimSuffix(name, ".map")]); bundled >= size {
			t.Errorf("%s: %d bytes of %d", name, bundled, size)
		}
	}
	if len(all) != len(names) {
		t.Errorf("%d files were built, want %d", len(all), len(names))
	}
	for _, name := range must(fs.Glob(files, "static/js/*.js")) {
		if name != "static/js/types.js" && !inside[name] { // it has only types, for comments
			t.Errorf("%s is in no bundle: nothing imports it", name)
		}
	}
}

// What is not embedded is not found, whatever the directory of the process has.
func TestBundleReadsNothingElse(t *testing.T) {
	options := bundling
	options.EntryPoints = []string{"../bundle.go", "js/none.js"}
	options.Plugins = []api.Plugin{{Name: "embedded", Setup: fromEmbedded}}
	if result := api.Build(options); len(result.Errors) != 2 || len(result.OutputFiles) > 0 {
		t.Errorf("errors %v, %d files", result.Errors, len(result.OutputFiles))
	}
}
