package main

import (
	"strings"
	"testing"
	"time"
)

func TestChangelog(t *testing.T) {
	const markdown = `# Changes

For operators.

## Unreleased

- ` + "`joingyd top` shows [more](docs/x.md): a long line that has to be wrapped, since Debian's lines end at 79 bytes." + `
  It goes on.

## 1.1.0 - 2026-12-01

Fewer faults.

- One.
- Two.
`
	date := time.Date(2026, 12, 24, 18, 0, 0, 0, time.UTC)
	const sign = " -- " + maintainer + "  "
	const old = `joingyd (1.1.0) unstable; urgency=medium

  * Fewer faults.
  * One.
  * Two.

` + sign + "Tue, 01 Dec 2026 00:00:00 +0000\n"
	tests := []struct {
		name, markdown, version, want string
	}{
		{"unreleased", markdown, "1.2.0", `joingyd (1.2.0) unstable; urgency=medium

  * joingyd top shows more: a long line that has to be wrapped, since Debian's
    lines end at 79 bytes. It goes on.

` + sign + "Thu, 24 Dec 2026 18:00:00 +0000\n\n" + old},
		{"released", markdown[strings.Index(markdown, "## 1.1.0"):], "1.1.0", old},
		{"after a release", markdown[strings.Index(markdown, "## 1.1.0"):], "1.1.0+2.g12", "joingyd (1.1.0+2.g12) unstable; urgency=medium\n\n" +
			"  * Built from the sources after 1.1.0.\n\n" + sign + "Thu, 24 Dec 2026 18:00:00 +0000\n\n" + old},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := changelog(tt.markdown, tt.version, date)
			if err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}

func TestChangelogRefuses(t *testing.T) {
	for markdown, remedy := range map[string]string{
		"# Changes\n":                  "write what is new below",
		"## Soon\n- x\n":               "neither",
		"## 1.2.0\n- x\n":              "a version with its day",
		"## 1.2.0 - 2026-13-24\n- x\n": "2026-13-24",
	} {
		if _, err := changelog(markdown, "1.2.0", time.Unix(0, 0)); err == nil || !strings.Contains(err.Error(), remedy) {
			t.Errorf("changelog(%q) = %v, want an error with %q", markdown, err, remedy)
		}
	}
}
