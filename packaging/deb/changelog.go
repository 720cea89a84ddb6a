package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// unreleased is the heading of what the version being built brings.
const unreleased = "## Unreleased"

var (
	// released is the heading of a version with its day.
	released = regexp.MustCompile(`^## v?([0-9][^ ]*)\W+(\d{4}-\d{2}-\d{2})\)?$`)
	link     = regexp.MustCompile(`\[([^]]*)\]\([^)]*\)`)
)

// changelog turns CHANGELOG.md into Debian's format (Debian Policy 4.4). What is
// unreleased is what this version brings.
func changelog(markdown, version string, date time.Time) (string, error) {
	var b strings.Builder
	entries, latest := 0, ""
	end := func() {}
	item := ""
	flush := func() {
		wrap(&b, item)
		item = ""
	}
	begin := func(v string, at time.Time) {
		flush()
		end()
		if entries > 0 {
			b.WriteByte('\n')
		}
		entries++
		fmt.Fprintf(&b, "joingyd (%s) unstable; urgency=medium\n\n", v)
		end = func() { fmt.Fprintf(&b, "\n -- %s  %s\n", maintainer, at.Format(time.RFC1123Z)) }
	}
	for line := range strings.Lines(markdown) {
		line = strings.TrimRight(line, " \n")
		m := released.FindStringSubmatch(line)
		switch {
		case line == unreleased:
			begin(version, date)
			latest = version
		case m != nil:
			at, err := time.Parse(time.DateOnly, m[2])
			if err != nil {
				return "", fmt.Errorf("%q: %w", line, err)
			}
			if latest == "" && m[1] != version { // built from sources past that version
				begin(version, date)
				item = "Built from the sources after " + m[1] + "."
			}
			latest = version
			begin(m[1], at)
		case strings.HasPrefix(line, "## "):
			return "", fmt.Errorf("%q is neither %q nor a version with its day, such as \"## 1.2.0 - 2026-12-24\"", line, unreleased)
		case entries == 0, line == "": // what the file is, and what parts its items
			flush()
		case strings.HasPrefix(line, "- "):
			flush()
			item = line[2:]
		default:
			item += " " + strings.TrimSpace(line)
		}
		if entries == 0 {
			item = ""
		}
	}
	flush()
	end()
	if entries == 0 {
		return "", errors.New("has no version; write what is new below \"" + unreleased + "\"")
	}
	return b.String(), nil
}

// wrap writes an item in lines of 79 bytes at most, where its words allow.
func wrap(b *strings.Builder, item string) {
	item = strings.ReplaceAll(link.ReplaceAllString(item, "$1"), "`", "")
	line := "  *"
	for word := range strings.FieldsSeq(item) {
		if len(line)+1+len(word) > 79 {
			b.WriteString(line + "\n")
			line = "   "
		}
		line += " " + word
	}
	if len(line) > len("  *") {
		b.WriteString(line + "\n")
	}
}
