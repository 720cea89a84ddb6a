package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestPackages(t *testing.T) {
	got, err := packages(`{"inputs": {
		"stills.js": {},
		"node_modules/long/src/long.js": {},
		"node_modules/long/index.js": {},
		"node_modules/@noble/curves/ed25519.js": {},
		"node_modules/a/node_modules/@noble/curves/x.js": {},
		"(disabled):node_modules/node-fetch/browser.js": {}
	}}`)
	want := []string{"node_modules/@noble/curves", "node_modules/a/node_modules/@noble/curves", "node_modules/long"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

// Nothing is bundled whose licence is not kept.
func TestLicenceOf(t *testing.T) {
	t.Chdir("../..")
	for _, test := range []struct{ name, id, file, text, want string }{
		{"tfjs-core", "Apache-2.0", "README.md", "# About\n", "Apache License"},
		{"tfjs-layers", "Apache-2.0 AND MIT", "README.md", "# About\n", "François Chollet"},
		{"long", "MIT", "LICENSE.md", "of long", "of long"},
		{"seedrandom", "MIT", "README.md", "What it does\n\nLICENSE (MIT)\n----\nof seedrandom", "LICENSE (MIT)"},
		{"other", "ISC", "README.md", "# About\n", ""},
	} {
		dir := filepath.Join(t.TempDir(), test.name)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, test.file), []byte(test.text), 0o644); err != nil {
			t.Fatal(err)
		}
		got, err := licenceOf(dir, test.id)
		if (err != nil) != (test.want == "") || !strings.Contains(string(got), test.want) {
			t.Errorf("%s: got %.60q, %v; want %q in it", test.name, got, err, test.want)
		}
	}
}
