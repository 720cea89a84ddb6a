package config_test

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/config"
)

func exampleText(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	if err := config.Example(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// commented is a key that is commented out, and not a sentence.
var commented = regexp.MustCompile(`(?m)^( *)#([a-z_]+: .*)$`)

func TestExampleIsTheInstalledSystem(t *testing.T) {
	text := exampleText(t)
	for name, text := range map[string]string{"as it is": text, "with every key uncommented": commented.ReplaceAllString(text, "$1$2")} {
		got, err := load(t, "--config", writeFile(t, text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if want := config.Installed(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, got, want)
		}
	}
}

func TestExampleHasEveryKeyOnce(t *testing.T) {
	section, found, set := "", map[string]int{}, map[string]bool{}
	line := regexp.MustCompile(`^( *)(#?)([a-z_]+):(.*)$`)
	for text := range strings.Lines(exampleText(t)) {
		switch m := line.FindStringSubmatch(strings.TrimSuffix(text, "\n")); {
		case m == nil:
		case m[1] == "" && m[2] == "" && m[4] == "":
			section = m[3] + "."
		case m[1] == "":
			found[m[3]]++
			set[m[3]] = m[2] == ""
		default:
			found[section+m[3]]++
			set[section+m[3]] = m[2] == ""
		}
		if len(text) > 120 && strings.HasPrefix(strings.TrimSpace(text), "# ") {
			t.Errorf("a long line: %s", text)
		}
	}
	defaults, installed := config.Default(), config.Installed()
	for _, f := range config.Fields() {
		if found[f.Key] != 1 {
			t.Errorf("%s is there %d times, want once", f.Key, found[f.Key])
		}
		if differs := !reflect.DeepEqual(f.Value(defaults), f.Value(installed)); set[f.Key] != differs {
			t.Errorf("%s is set: %v, want %v: set is what an installed system has of its own", f.Key, set[f.Key], differs)
		}
	}
	if len(found) != len(config.Fields()) {
		t.Errorf("%d keys, want %d: %v", len(found), len(config.Fields()), found)
	}
}
