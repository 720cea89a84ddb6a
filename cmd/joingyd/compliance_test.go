package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/compliance"
	"github.com/joingyd/joingyd/config"
)

// Every command, setting, page and file that the pack names exists.
func TestComplianceNamesWhatThereIs(t *testing.T) {
	var keys []string
	for _, f := range config.Fields() {
		keys = append(keys, f.Key)
	}
	names := []string{compliance.Readme, compliance.RiskAssessment}
	for _, law := range compliance.Laws() {
		names = append(names, law+".md")
	}
	root := newRootCommand()
	for _, name := range names {
		text, err := compliance.Text(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, mention := range compliance.Mentions(text) {
			words := strings.Fields(mention)
			switch {
			case words[0] == "joingyd":
				cmd, rest, err := root.Find(words[1:])
				if err != nil || len(rest) > 0 || !cmd.Runnable() {
					t.Errorf("%s: there is no command %q", name, mention)
				}
			case strings.HasPrefix(mention, "/"):
				if _, err := os.Stat(filepath.Join("..", "..", "web", "pages", "en", mention[1:]+".md")); err != nil {
					t.Errorf("%s: there is no page %s: %v", name, mention, err)
				}
			case strings.HasSuffix(mention, ".yaml"), strings.HasSuffix(mention, ".csv"):
			case !slices.Contains(keys, mention):
				t.Errorf("%s: there is no setting %q", name, mention)
			}
		}
	}
}

func TestComplianceExport(t *testing.T) {
	operator, _ := keyFile(t)
	d := startDaemon(t, func(c *config.Config) { c.Privacy.Recipients = []string{operator} })
	out := filepath.Join(t.TempDir(), "pack")
	args := []string{"compliance", "export", "--data-dir", d.cfg.DataDir, "--privacy-recipients", operator, "--moderation-classifier", "http://bob:secret@127.0.0.1:9/x?token=secret", "--out", out}
	if status, text := output(t, args...); status != exitDone || !strings.Contains(text, "wrote 14 files into "+out) {
		t.Fatalf("%d, %s", status, text)
	}
	var manifest struct{ Files []packFile }
	data, err := os.ReadFile(filepath.Join(out, "manifest.json"))
	if err == nil {
		err = json.Unmarshal(data, &manifest)
	}
	if err != nil || len(manifest.Files) != 13 {
		t.Fatalf("%v, %+v", err, manifest)
	}
	text, err := compliance.Text(compliance.Readme)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range manifest.Files {
		data, err := os.ReadFile(filepath.Join(out, file.Name))
		if sum := sha256.Sum256(data); err != nil || hex.EncodeToString(sum[:]) != file.SHA256 {
			t.Errorf("%s: %v, or another digest", file.Name, err)
		}
		if strings.Contains(string(data), "secret@") || strings.Contains(string(data), "token=secret") || strings.Contains(string(data), "AGE-SECRET") {
			t.Errorf("%s has a secret:\n%s", file.Name, data)
		}
		if !strings.Contains(text, file.Name) && file.Name != compliance.Readme {
			t.Errorf("the readme does not name %s", file.Name)
		}
	}
	if data, err := os.ReadFile(filepath.Join(out, "keys.json")); err != nil || !strings.Contains(string(data), operator) {
		t.Errorf("keys: %s, %v", data, err)
	}
	if status, text := output(t, args...); status == exitDone || !strings.Contains(text, "--out: ") {
		t.Errorf("over another pack: %d, %s", status, text)
	}
	if status, text := output(t, append(args, "--lang", "fr")...); status != exitUsage || !strings.Contains(text, "write en") {
		t.Errorf("in French: %d, %s", status, text)
	}
}
