package edit_test

import (
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// checkOthersKept checks that but for site.contact and turn.listen two texts set the
// same, and that no line that is a comment is lost.
func checkOthersKept(t *testing.T, before, after string) {
	t.Helper()
	if was, is := others(t, before), others(t, after); !reflect.DeepEqual(was, is) {
		t.Errorf("%q\nbecomes\n%q\n%v\n%v", before, after, was, is)
	}
	for line := range strings.Lines(before) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "#") && !strings.Contains(after, line) {
			t.Errorf("%q\nbecomes\n%q\nwithout %q", before, after, line)
		}
	}
}

func others(t *testing.T, text string) map[string]any {
	var root map[string]any
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	rest := map[string]any{}
	for key, value := range root {
		section, nested := value.(map[string]any)
		if !nested {
			if lower := strings.ToLower(key); value != nil && lower != "site.contact" && lower != "turn.listen" {
				rest[key] = value
			}
			continue
		}
		for name, value := range section {
			if path := strings.ToLower(key + "." + name); path != "site.contact" && path != "turn.listen" {
				rest[key+"."+name] = value
			}
		}
	}
	return rest
}
